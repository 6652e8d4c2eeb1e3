-- A small web shop's tables, as `producer import postgres` finds them: `psql … -f examples/online_orders.sql`, then
--
--   export SOURCE_DATABASE_URL=postgres://…
--   producer import postgres --key line_id --mapping examples/online_mapping.toml --query "
--     SELECT l.line_id, o.order_no, o.ordered_at, o.customer_no, o.country, o.city, o.currency, o.paid_with, o.device,
--            l.sku, l.title, l.department, l.quantity, l.price
--     FROM shop.orders AS o JOIN shop.order_lines AS l USING (order_no)"

CREATE SCHEMA IF NOT EXISTS shop;

CREATE TABLE shop.orders (
    order_no    text PRIMARY KEY,
    ordered_at  timestamptz NOT NULL,
    customer_no text,
    country     text NOT NULL,
    city        text,
    currency    text NOT NULL,
    paid_with   text NOT NULL,
    device      text NOT NULL
);

CREATE TABLE shop.order_lines (
    line_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_no   text NOT NULL REFERENCES shop.orders,
    sku        text NOT NULL,
    title      text NOT NULL,
    department text NOT NULL,
    quantity   integer NOT NULL,
    price      numeric(12, 2) NOT NULL
);

-- 200 orders of 1 to 4 lines. Every 25th is a guest's; every 40th order's first line came back.
INSERT INTO shop.orders
SELECT
    'W' || (50000 + n),
    timestamptz '2024-05-01 08:00:00+00' + n * interval '97 minutes',
    CASE WHEN n % 25 <> 0 THEN 'C' || (1 + n * 7 % 60) END,
    (ARRAY['DE', 'AT', 'NL', 'France'])[1 + n % 4],
    (ARRAY['Berlin', 'Wien', 'Utrecht', 'Lyon'])[1 + n % 4],
    'EUR',
    (ARRAY['credit_card', 'paypal', 'invoice'])[1 + n % 3],
    (ARRAY['web', 'web', 'mobile'])[1 + n % 3]
FROM generate_series(1, 200) AS n;

INSERT INTO shop.order_lines (order_no, sku, title, department, quantity, price)
SELECT
    'W' || (50000 + n),
    'SKU-' || (1 + (n * 3 + line) % 17),
    'Article ' || (1 + (n * 3 + line) % 17),
    (ARRAY['Books', 'Garden', 'Kitchen'])[1 + (n * 3 + line) % 17 % 3],
    CASE WHEN n % 40 = 0 AND line = 1 THEN -1 ELSE 1 + (n + line) % 3 END,
    (499 + 150 * ((n * 3 + line) % 17)) / 100.0
FROM generate_series(1, 200) AS n
CROSS JOIN LATERAL generate_series(1, 1 + n % 4) AS line
ORDER BY n, line;

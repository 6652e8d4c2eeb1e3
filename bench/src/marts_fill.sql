-- A year of a shop of the mock producer's size, written into silver as the silver stage would: 50,000 customers, 2,000
-- products, 3 lines an order, and the life of each order with its steps, returns and cancellations.
CREATE SCHEMA bench;

INSERT INTO silver.dim_customers (customer_id, customer_type, country, city)
SELECT 'C' || n, 'returning', 'FR', 'Paris' FROM generate_series(1, 50000) AS n;
INSERT INTO silver.dim_products (product_id, product_name, category)
SELECT 'P' || n, 'Product ' || n, 'Category ' || n % 12 FROM generate_series(1, 2000) AS n;
INSERT INTO silver.dim_categories (category_name) SELECT 'Category ' || n FROM generate_series(0, 11) AS n;
INSERT INTO silver.dim_currencies (currency_code)
SELECT unnest('{EUR,USD,GBP,CHF,SEK,PLN,CAD,AUD,BRL,JPY}'::text[]);
INSERT INTO silver.dim_channels (channel_name) SELECT unnest('{web,mobile,in_store}'::text[]);
INSERT INTO silver.dim_payment_methods (payment_method_name)
SELECT unnest('{credit_card,paypal,invoice,bank_transfer,cash}'::text[]);
INSERT INTO silver.dim_locations (country, city) SELECT 'C' || n % 20, 'City ' || n FROM generate_series(1, 200) AS n;
INSERT INTO ops.topics (topic_name, kafka_topic_id) VALUES ('bench', 'bench');
INSERT INTO ops.partitions (topic_id, kafka_partition) VALUES (1, 0);
INSERT INTO ops.silver_cursors (topic_id, kafka_partition, next_offset) VALUES (1, 0, 0);

-- One silver batch: the orders from first_order to last_order of so many, spread evenly over the days before today's end.
CREATE FUNCTION bench.fill(first_order bigint, last_order bigint, orders bigint, days integer, is_orders_only boolean)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    base bigint := nextval('silver.order_event_keys');
BEGIN
    CREATE TEMP TABLE filled ON COMMIT DROP AS
    WITH placed AS (
        SELECT n, (current_date + 1 - days)::timestamp AT TIME ZONE 'UTC' + (n::float8 / orders) * days * interval '1 day' AS at,
               -- The same customer, place and currency belong together; a few customers buy often, most now and then, and
               -- the year begins with a fifth of them.
               1 + floor(50000 * (0.2 + 0.8 * n / orders) * power(random(), 2))::bigint AS customer_key
        FROM generate_series(first_order, last_order) AS n
    ),
    steps AS (
        SELECT p.n, p.customer_key, s.step, s.step_no, p.at + s.after * interval '1 second' AS at,
               CASE WHEN s.step <> 'placed' THEN (s.after - s.previous)::bigint END AS seconds
        FROM placed AS p
        CROSS JOIN LATERAL (SELECT random() AS fate, -ln(1 - random()) AS a, -ln(1 - random()) AS b, -ln(1 - random()) AS c,
                                   p.n AS per_row) AS r
        CROSS JOIN LATERAL (VALUES
            ('placed', 1, 0::float8, 0::float8, true),
            ('paid', 2, 600 * r.a, 0, r.fate < 0.95),
            ('shipped', 3, 600 * r.a + 14400 + 72000 * r.b, 600 * r.a, r.fate < 0.85),
            ('completed', 4, 600 * r.a + 14400 + 72000 * r.b + 86400 + 129600 * r.c, 600 * r.a + 14400 + 72000 * r.b, r.fate < 0.8),
            ('returned', 5, 1000000 + 432000 * r.a, 600 * r.a + 14400 + 72000 * r.b + 86400, r.fate < 0.06),
            ('cancelled', 6, 600 * r.a + 10800 * r.b, 600 * r.a, r.fate > 0.95)
        ) AS s (step, step_no, after, previous, is_taken)
        WHERE s.is_taken AND (s.step = 'placed' OR NOT is_orders_only)
    )
    SELECT base + row_number() OVER (ORDER BY n, step_no) - 1 AS key, * FROM steps
    WHERE at < (current_date + 1)::timestamp AT TIME ZONE 'UTC';

    INSERT INTO silver.fct_order_events (
        order_event_key, event_id, order_id, customer_key, topic_id, kafka_partition, kafka_offset, location_key, channel_key,
        currency_key, payment_method_key, order_status_key, line_count, units, event_date, event_at, event_type,
        event_version, content_hash, subtotal_amount, tax_amount, shipping_amount, discount_amount, total_amount, cost_amount
    )
    SELECT key, gen_random_uuid(), 'O' || n, customer_key, 1, 0, key, 1 + customer_key % 200, 1 + n % 3,
           CASE WHEN customer_key % 2 = 0 THEN 1 ELSE 1 + customer_key % 10 END, 1 + n % 5, 0,
           CASE WHEN step IN ('placed', 'returned') THEN 3 ELSE 0 END, CASE WHEN step IN ('placed', 'returned') THEN 4 ELSE 0 END,
           (at AT TIME ZONE 'UTC')::date, at, 'order_' || step, '1.0', '\x00000000000000000000000000000000',
           60 + n % 40, 10, 5, 3, 72 + n % 40, 30
    FROM filled;

    -- A cancellation takes back the lines of its order, a return all of them.
    INSERT INTO silver.fct_order_lines (
        order_event_key, product_key, category_key, currency_key, event_date, quantity, line_no, unit_price, gross_amount,
        discount_amount, cost_amount
    )
    SELECT key, product_key, 1 + product_key % 12,
           CASE WHEN customer_key % 2 = 0 THEN 1 ELSE 1 + customer_key % 10 END, (at AT TIME ZONE 'UTC')::date,
           sign, CASE step WHEN 'cancelled' THEN -line_no ELSE line_no END, 20 + n % 13, sign * (20 + n % 13), sign, sign * 10
    FROM filled
    CROSS JOIN generate_series(1, 3) AS line_no
    CROSS JOIN LATERAL (
        SELECT 1 + floor(2000 * power(abs(hashint8(n * 3 + line_no)::bigint) / 2147483648.0, 2))::bigint AS product_key,
               CASE step WHEN 'placed' THEN 1 ELSE -1 END AS sign
    ) AS line
    WHERE step IN ('placed', 'returned', 'cancelled');

    INSERT INTO silver.fct_order_steps (order_event_key, seconds_since_previous, step_date, step_no, orders, step)
    SELECT key, seconds, (at AT TIME ZONE 'UTC')::date, 1, 1, step FROM filled;

    INSERT INTO ops.silver_batches (
        topic_id, kafka_partition, first_offset, last_offset, first_order_event_key, last_order_event_key,
        bronze_batch_count, record_count, accepted_count, duplicate_count, quarantined_count, line_count, oldest_event_at,
        newest_event_at, bronze_committed_at, started_at
    )
    SELECT 1, 0, min(key), max(key), min(key), max(key), 1, count(*), count(*), 0, 0, 3 * count(*) FILTER (WHERE step_no IN (1, 5, 6)),
           min(at), max(at), now(), now()
    FROM filled
    HAVING count(*) > 0;
    DROP TABLE filled;
END
$$;

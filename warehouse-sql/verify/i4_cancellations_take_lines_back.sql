-- Of each cancelled order whose placing is known, the lines of the earliest placing are taken back on the day of the
-- earliest cancellation; of no other order is anything taken back. What was put right adds up to nothing.
WITH placings AS (
    SELECT DISTINCT ON (order_id) order_id, order_event_key
    FROM silver.fct_order_events
    WHERE event_type = 'order_placed'
    ORDER BY order_id, event_at, event_id
),
cancellations AS (
    SELECT order_id, (min(event_at) AT TIME ZONE 'UTC')::date AS day
    FROM silver.fct_order_events
    WHERE event_type = 'order_cancelled'
    GROUP BY order_id
),
expected AS (
    SELECT c.order_id, c.day, l.product_key, l.product_version_key, l.category_key, l.currency_key, l.unit_price,
           count(*) AS n, -sum(l.quantity) AS quantity, -sum(l.gross_amount) AS gross,
           -sum(l.discount_amount) AS discount, -sum(l.cost_amount) AS cost
    FROM cancellations AS c
    JOIN placings AS p USING (order_id)
    JOIN silver.fct_order_lines AS l ON l.order_event_key = p.order_event_key AND l.line_no > 0
    GROUP BY 1, 2, 3, 4, 5, 6, 7
),
taken_back AS (
    SELECT e.order_id, l.event_date AS day, l.product_key, l.product_version_key, l.category_key, l.currency_key,
           l.unit_price, sum(-sign(l.quantity))::bigint AS n, sum(l.quantity) AS quantity, sum(l.gross_amount) AS gross,
           sum(l.discount_amount) AS discount, sum(l.cost_amount) AS cost
    FROM silver.fct_order_lines AS l
    JOIN silver.fct_order_events AS e USING (order_event_key)
    WHERE l.line_no < 0
    GROUP BY 1, 2, 3, 4, 5, 6, 7
    HAVING (sum(-sign(l.quantity)), sum(l.quantity), sum(l.gross_amount), sum(l.discount_amount), sum(l.cost_amount))
           <> (0, 0, 0, 0, 0)
)
SELECT format('order %s, %s, product key %s: should take back %s lines (%s pieces, %s, %s, %s), takes back %s (%s pieces, %s, %s, %s)',
              order_id, day, product_key, coalesce(x.n, 0), x.quantity, x.gross, x.discount, x.cost, coalesce(t.n, 0),
              t.quantity, t.gross, t.discount, t.cost)
FROM expected AS x
FULL JOIN taken_back AS t
    USING (order_id, day, product_key, product_version_key, category_key, currency_key, unit_price)
WHERE (x.n, x.quantity, x.gross, x.discount, x.cost) IS DISTINCT FROM (t.n, t.quantity, t.gross, t.discount, t.cost)

-- The steps of each order, added up, against its events: each kind of event once, at its earliest, with the time since the
-- step before.
WITH reached AS (
    SELECT e.order_id, k.position, k.step, min(e.event_at) AS at
    FROM silver.fct_order_events AS e
    JOIN (VALUES (1, 'order_placed', 'placed'), (2, 'order_paid', 'paid'), (3, 'order_shipped', 'shipped'),
                 (4, 'order_completed', 'completed'), (5, 'order_returned', 'returned'),
                 (6, 'order_cancelled', 'cancelled')) AS k (position, event_type, step) USING (event_type)
    GROUP BY e.order_id, k.position, k.step
),
expected AS (
    SELECT order_id, step, (at AT TIME ZONE 'UTC')::date AS step_date,
           floor(extract(epoch FROM at - lag(at) OVER (PARTITION BY order_id ORDER BY at, position)))::bigint AS seconds,
           1::bigint AS orders
    FROM reached
),
told AS (
    SELECT e.order_id, s.step, s.step_date, s.seconds_since_previous AS seconds, sum(s.orders) AS orders
    FROM silver.fct_order_steps AS s
    LEFT JOIN silver.fct_order_events AS e USING (order_event_key)
    GROUP BY e.order_id, s.step, s.step_date, s.seconds_since_previous
    HAVING sum(s.orders) <> 0
)
SELECT CASE side WHEN 'events' THEN 'step missing' ELSE 'step without events' END,
       format('order %s: %s on %s after %s seconds, %s times', order_id, step, step_date, seconds, orders)
FROM (
    SELECT 'events' AS side, d.* FROM (TABLE expected EXCEPT ALL TABLE told) AS d
    UNION ALL
    SELECT 'steps', d.* FROM (TABLE told EXCEPT ALL TABLE expected) AS d
) AS differences

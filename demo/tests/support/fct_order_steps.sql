-- Under which event a step stands, and whether it was put right on the way, depends on the batches; the sums do not.
SELECT e.order_id, s.step, s.step_date, s.seconds_since_previous, sum(s.orders) AS orders
FROM silver.fct_order_steps AS s
JOIN silver.fct_order_events AS e USING (order_event_key)
GROUP BY e.order_id, s.step, s.step_date, s.seconds_since_previous
HAVING sum(s.orders) <> 0

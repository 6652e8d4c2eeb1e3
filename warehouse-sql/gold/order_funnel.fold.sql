INSERT INTO gold.order_funnel_sums AS m
SELECT * FROM order_funnel ORDER BY step_date, step
ON CONFLICT (step_date, step) DO UPDATE SET
    orders       = m.orders + excluded.orders,
    timed_orders = m.timed_orders + excluded.timed_orders

INSERT INTO gold.order_funnel_hours AS m
SELECT * FROM order_funnel_hours ORDER BY step_date, step, hours
ON CONFLICT (step_date, step, hours) DO UPDATE SET
    orders = m.orders + excluded.orders

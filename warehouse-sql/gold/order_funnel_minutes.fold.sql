INSERT INTO gold.order_funnel_minutes AS m
SELECT * FROM order_funnel_minutes ORDER BY step_date, step, minutes
ON CONFLICT (step_date, step, minutes) DO UPDATE SET
    orders = m.orders + excluded.orders

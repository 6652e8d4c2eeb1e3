-- What the swap changes in figures of closed days; to be run before it.
-- $1 the run
INSERT INTO ops.restatements (run_id, day, mart, measure, cause, cell, old_value, new_value)
SELECT
    $1,
    closed.day,
    CASE changed.mart WHEN 'sales_customer_counts' THEN 'sales_performance'
                      ELSE regexp_replace(changed.mart, '_sums$', '') END,
    changed.figure,
    'rebuild',
    changed.cell - ARRAY['sales_date', 'step_date'],
    coalesce(changed.live_value::numeric, 0),
    coalesce(changed.rebuilt_value::numeric, 0)
FROM ops.rebuild_differences() AS changed
JOIN ops.closed_days AS closed
    ON closed.day = coalesce(changed.cell ->> 'sales_date', changed.cell ->> 'step_date')::date
WHERE changed.mart IN ('sales_performance_sums', 'sales_customer_counts', 'item_category_performance_sums',
                       'product_performance_sums', 'payment_mix_sums', 'geography_sales_sums', 'order_funnel_sums')
ORDER BY closed.day, changed.mart, changed.cell::text, changed.figure

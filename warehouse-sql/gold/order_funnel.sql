-- How many orders took each step?
-- Grain and key: day × step. Additive; a step taken back counts negative.
SELECT
    step_date,
    step,
    sum(orders)                                                        AS orders,
    coalesce(sum(orders) FILTER (WHERE minutes IS NOT NULL), 0)        AS timed_orders
FROM given_step_sums
GROUP BY step_date, step

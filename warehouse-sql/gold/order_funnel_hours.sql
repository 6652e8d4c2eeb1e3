-- The same by whole hours, which leads the search for the median to its hour.
-- Grain and key: day × step × whole hours since the previous step.
SELECT step_date, step, minutes / 60 AS hours, sum(orders) AS orders
FROM given_step_sums
WHERE minutes IS NOT NULL
GROUP BY 1, 2, 3

-- How long did the orders of a day need for a step?
-- Grain and key: day × step × whole minutes since the previous step. Additive: a median is not, but is found in this.
SELECT step_date, step, minutes, orders
FROM given_step_sums
WHERE minutes IS NOT NULL

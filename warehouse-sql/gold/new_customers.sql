-- How many known customers ordered for the first time?
-- Grain and key: day × currency.
SELECT
    (c.first_order_at AT TIME ZONE 'UTC')::date AS sales_date,
    currencies.currency_code AS currency,
    sum(c.side)                                 AS customers
FROM given_customers AS c
JOIN silver.dim_currencies AS currencies USING (currency_key)
GROUP BY 1, 2
HAVING sum(c.side) <> 0

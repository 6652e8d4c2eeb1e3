-- How many known customers ordered for the first time?
-- Grain and key: day × currency.
SELECT
    days.first_order_date AS sales_date,
    currencies.currency_code AS currency,
    days.customers
FROM (
    SELECT first_order_date, currency_key, sum(side) AS customers
    FROM given_customers
    WHERE orders > 0
    GROUP BY first_order_date, currency_key
) AS days
JOIN silver.dim_currencies AS currencies USING (currency_key)
WHERE days.customers <> 0

-- How many known customers ordered for the first time?
-- Grain and key: day × currency.
SELECT first_order_date AS sales_date, currency, sum(side) AS customers
FROM given_customers
WHERE orders > 0
GROUP BY first_order_date, currency
HAVING sum(side) <> 0

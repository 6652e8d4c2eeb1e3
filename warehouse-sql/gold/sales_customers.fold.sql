INSERT INTO gold.sales_customers
SELECT * FROM sales_customers ORDER BY sales_date, currency_key, channel_key, customer_key
ON CONFLICT DO NOTHING
RETURNING sales_date, currency_key, channel_key

INSERT INTO gold.sales_customers AS m
SELECT * FROM mart ORDER BY sales_date, currency, channel, customer_key
ON CONFLICT (sales_date, currency, channel, customer_key) DO UPDATE SET
    orders = m.orders + excluded.orders

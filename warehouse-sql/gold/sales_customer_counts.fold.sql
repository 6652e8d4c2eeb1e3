-- Only who was not there before is counted.
INSERT INTO gold.sales_customer_counts AS m
SELECT members.sales_date, currencies.currency_code, channels.channel_name, count(*)
FROM fold_sales_customers AS members
JOIN silver.dim_currencies AS currencies USING (currency_key)
JOIN silver.dim_channels AS channels USING (channel_key)
GROUP BY members.sales_date, currencies.currency_code, channels.channel_name
ORDER BY members.sales_date, currencies.currency_code, channels.channel_name
ON CONFLICT (sales_date, currency, channel) DO UPDATE SET
    customers = m.customers + excluded.customers

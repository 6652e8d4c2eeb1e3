-- How many customers does a day gain? The counts of those who are not members yet.
SELECT
    members.sales_date,
    currencies.currency_code AS currency,
    channels.channel_name AS channel,
    count(*) AS customers
FROM sales_customers AS members
JOIN silver.dim_currencies AS currencies USING (currency_key)
JOIN silver.dim_channels AS channels USING (channel_key)
WHERE NOT EXISTS (
    SELECT FROM gold.sales_customers AS m
    WHERE m.sales_date = members.sales_date AND m.currency_key = members.currency_key
      AND m.channel_key = members.channel_key AND m.customer_key = members.customer_key
)
GROUP BY 1, 2, 3

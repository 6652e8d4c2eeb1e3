-- How many known customers ordered on a day?
-- Grain and key: day × currency × channel. Not additive: folded by sales_customers.fold.sql, as its members come in.
SELECT
    counts.event_date AS sales_date,
    currencies.currency_code AS currency,
    channels.channel_name AS channel,
    counts.customers
FROM (
    SELECT event_date, currency_key, channel_key, count(DISTINCT customer_key) AS customers
    FROM given_events
    WHERE event_type = 'order_placed' AND customer_key <> 0
    GROUP BY event_date, currency_key, channel_key
) AS counts
JOIN silver.dim_currencies AS currencies USING (currency_key)
JOIN silver.dim_channels AS channels USING (channel_key)

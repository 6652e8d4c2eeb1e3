-- Which known customers ordered on a day? What exact distinct counts are taken from.
-- Grain and key: day × currency × channel × customer. Additive measure: orders.
SELECT
    sums.event_date AS sales_date,
    currencies.currency_code AS currency,
    channels.channel_name AS channel,
    sums.customer_key,
    sums.orders
FROM (
    SELECT event_date, currency_key, channel_key, customer_key, count(*) AS orders
    FROM given_events
    WHERE event_type = 'order_placed' AND customer_key <> 0
    GROUP BY event_date, currency_key, channel_key, customer_key
) AS sums
JOIN silver.dim_currencies AS currencies USING (currency_key)
JOIN silver.dim_channels AS channels USING (channel_key)

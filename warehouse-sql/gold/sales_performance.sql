-- How did sales go?
-- Grain and key: day × currency × channel. Additive measures of the events given, and of the lines that cancellations take back.
SELECT
    sums.event_date AS sales_date,
    currencies.currency_code AS currency,
    channels.channel_name AS channel,
    sums.orders,
    sums.units_sold,
    sums.gross_amount,
    sums.discount_amount,
    sums.tax_amount,
    sums.shipping_amount,
    sums.total_amount,
    sums.returns,
    sums.units_returned,
    sums.returned_amount,
    sums.returned_goods_amount,
    sums.cancellations,
    sums.cancelled_amount,
    sums.cost_amount,
    sums.cancelled_goods_amount
FROM (
    SELECT
        event_date,
        currency_key,
        channel_key,
        sum(orders) AS orders,
        sum(units_sold) AS units_sold,
        sum(gross_amount) AS gross_amount,
        sum(discount_amount) AS discount_amount,
        sum(tax_amount) AS tax_amount,
        sum(shipping_amount) AS shipping_amount,
        sum(total_amount) AS total_amount,
        sum(returns) AS returns,
        sum(units_returned) AS units_returned,
        sum(returned_amount) AS returned_amount,
        sum(returned_goods_amount) AS returned_goods_amount,
        sum(cancellations) AS cancellations,
        sum(cancelled_amount) AS cancelled_amount,
        sum(cost_amount) AS cost_amount,
        sum(cancelled_goods_amount) AS cancelled_goods_amount
    FROM given_sales
    GROUP BY event_date, currency_key, channel_key
) AS sums
JOIN silver.dim_currencies AS currencies USING (currency_key)
JOIN silver.dim_channels AS channels USING (channel_key)

-- How did sales go?
-- Grain and key: day × currency × channel. Additive measures of the events given.
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
    sums.cost_amount
FROM (
    SELECT
        event_date,
        currency_key,
        channel_key,
        count(*) FILTER (WHERE event_type = 'order_placed')                                                 AS orders,
        coalesce(sum(units) FILTER (WHERE event_type = 'order_placed'), 0)                              AS units_sold,
        coalesce(sum(subtotal_amount) FILTER (WHERE event_type = 'order_placed'), 0)                  AS gross_amount,
        coalesce(sum(discount_amount) FILTER (WHERE event_type = 'order_placed'), 0)               AS discount_amount,
        coalesce(sum(tax_amount) FILTER (WHERE event_type = 'order_placed'), 0)                         AS tax_amount,
        coalesce(sum(shipping_amount) FILTER (WHERE event_type = 'order_placed'), 0)               AS shipping_amount,
        coalesce(sum(total_amount) FILTER (WHERE event_type = 'order_placed'), 0)                     AS total_amount,
        count(*) FILTER (WHERE event_type = 'order_returned')                                              AS returns,
        coalesce(sum(units) FILTER (WHERE event_type = 'order_returned'), 0)                        AS units_returned,
        coalesce(sum(total_amount) FILTER (WHERE event_type = 'order_returned'), 0)                AS returned_amount,
        coalesce(sum(subtotal_amount - discount_amount) FILTER (WHERE event_type = 'order_returned'), 0)
                                                                                             AS returned_goods_amount,
        count(*) FILTER (WHERE event_type = 'order_cancelled')                                       AS cancellations,
        coalesce(sum(total_amount) FILTER (WHERE event_type = 'order_cancelled'), 0)              AS cancelled_amount,
        coalesce(sum(CASE event_type WHEN 'order_placed' THEN cost_amount
                                     WHEN 'order_returned' THEN -cost_amount END), 0)                  AS cost_amount
    FROM given_events
    WHERE event_type IN ('order_placed', 'order_returned', 'order_cancelled')
    GROUP BY event_date, currency_key, channel_key
) AS sums
JOIN silver.dim_currencies AS currencies USING (currency_key)
JOIN silver.dim_channels AS channels USING (channel_key)

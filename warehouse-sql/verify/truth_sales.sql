-- The mart in hundredths, to be held against what the producer swears to.
SELECT sales_date, currency, channel, orders, units_sold, (gross_amount * 100)::bigint, (discount_amount * 100)::bigint,
       (tax_amount * 100)::bigint, (shipping_amount * 100)::bigint, (total_amount * 100)::bigint, returns, units_returned,
       (returned_amount * 100)::bigint, (returned_goods_amount * 100)::bigint, cancellations,
       (cancelled_amount * 100)::bigint, (cost_amount * 100)::bigint, (cancelled_goods_amount * 100)::bigint
FROM gold.sales_performance_sums

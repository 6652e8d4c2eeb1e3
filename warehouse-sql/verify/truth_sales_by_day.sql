-- To be held against what the producer swears to: the parts of a key, and what is measured under it, in hundredths.
-- The hours of each day added up.
SELECT
    ARRAY[(sales_hour AT TIME ZONE 'UTC')::date::text, currency, channel] AS keys,
    ARRAY[sum(orders), sum(units_sold), (sum(gross_amount) * 100)::bigint,
          (sum(discount_amount) * 100)::bigint, (sum(tax_amount) * 100)::bigint,
          (sum(shipping_amount) * 100)::bigint, (sum(total_amount) * 100)::bigint, sum(returns),
          sum(units_returned), (sum(returned_amount) * 100)::bigint,
          (sum(returned_goods_amount) * 100)::bigint, sum(cancellations),
          (sum(cancelled_amount) * 100)::bigint, (sum(cost_amount) * 100)::bigint,
          (sum(cancelled_goods_amount) * 100)::bigint, (sum(net_amount) * 100)::bigint,
          (sum(margin_amount) * 100)::bigint]::text[] AS measures
FROM gold.sales_hourly
GROUP BY (sales_hour AT TIME ZONE 'UTC')::date, currency, channel

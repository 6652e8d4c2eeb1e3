-- To be held against what the producer swears to: the parts of a key, and what is measured under it, in hundredths.
SELECT
    ARRAY[sales_date::text, currency, channel] AS keys,
    ARRAY[orders, units_sold, (gross_amount * 100)::bigint, (discount_amount * 100)::bigint,
          (tax_amount * 100)::bigint, (shipping_amount * 100)::bigint, (total_amount * 100)::bigint, returns,
          units_returned, (returned_amount * 100)::bigint, (returned_goods_amount * 100)::bigint,
          cancellations, (cancelled_amount * 100)::bigint, (cost_amount * 100)::bigint,
          (cancelled_goods_amount * 100)::bigint, (net_amount * 100)::bigint, (margin_amount * 100)::bigint,
          (coalesce(average_ticket, 0) * 100)::bigint]::text[] AS measures
FROM gold.sales_performance

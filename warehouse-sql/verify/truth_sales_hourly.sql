-- To be held against what the producer swears to: the parts of a key, and what is measured under it, in hundredths.
-- Without cost and cancelled goods, which truth_sales_by_day holds by day: their hour depends on what was loaded together.
SELECT
    ARRAY[to_char(sales_hour AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:00'), currency, channel] AS keys,
    ARRAY[orders, units_sold, (gross_amount * 100)::bigint, (discount_amount * 100)::bigint,
          (tax_amount * 100)::bigint, (shipping_amount * 100)::bigint, (total_amount * 100)::bigint, returns,
          units_returned, (returned_amount * 100)::bigint, (returned_goods_amount * 100)::bigint,
          cancellations, (cancelled_amount * 100)::bigint]::text[] AS measures
FROM gold.sales_hourly

-- To be held against what the producer swears to: the parts of a key, and what is measured under it, in hundredths.
SELECT
    ARRAY[sales_date::text, currency, country, city] AS keys,
    ARRAY[orders, units_sold, (total_amount * 100)::bigint, (returned_amount * 100)::bigint, (cancelled_amount * 100)::bigint,
          (net_amount * 100)::bigint]::text[] AS measures
FROM gold.geography_sales

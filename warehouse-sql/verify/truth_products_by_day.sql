-- To be held against what the producer swears to: the parts of a key, and what is measured under it, in hundredths.
-- The mart by day, added up over all days.
SELECT
    ARRAY[product_id, currency] AS keys,
    ARRAY[sum(lines), sum(quantity), (sum(gross_amount) * 100)::bigint, (sum(discount_amount) * 100)::bigint,
          (sum(cost_amount) * 100)::bigint, (sum(revenue_amount) * 100)::bigint,
          (sum(margin_amount) * 100)::bigint]::text[] AS measures
FROM gold.product_performance
GROUP BY product_id, currency

-- The mart over all days, in hundredths, to be held against what the producer swears to.
SELECT product_id, currency, sum(lines)::bigint, sum(quantity)::bigint, (sum(gross_amount) * 100)::bigint,
       (sum(discount_amount) * 100)::bigint, (sum(cost_amount) * 100)::bigint
FROM gold.product_performance_sums
GROUP BY product_id, currency

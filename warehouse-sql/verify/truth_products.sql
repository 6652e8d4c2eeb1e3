-- To be held against what the producer swears to: the parts of a key, and what is measured under it, in hundredths.
-- The summary of all time, as people read it.
SELECT
    ARRAY[product_id, currency] AS keys,
    ARRAY[lines, quantity, (gross_amount * 100)::bigint, (discount_amount * 100)::bigint,
          (cost_amount * 100)::bigint, (revenue_amount * 100)::bigint, (margin_amount * 100)::bigint]::text[] AS measures
FROM gold.sales_summary

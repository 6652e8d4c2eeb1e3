-- To be held against what the producer swears to: the parts of a key, and what is measured under it, in hundredths.
-- Shares in ten thousandths.
SELECT
    ARRAY[sales_date::text, currency, payment_method] AS keys,
    ARRAY[orders, (total_amount * 100)::bigint, (coalesce(share_of_orders, 0) * 10000)::bigint,
          (coalesce(share_of_amount, 0) * 10000)::bigint]::text[] AS measures
FROM gold.payment_mix

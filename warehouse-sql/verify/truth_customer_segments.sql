-- To be held against what the producer swears to: the parts of a key, and what is measured under it, in hundredths.
SELECT
    ARRAY[currency, segment] AS keys,
    ARRAY[customers, orders, (net_amount * 100)::bigint]::text[] AS measures
FROM gold.customer_segments

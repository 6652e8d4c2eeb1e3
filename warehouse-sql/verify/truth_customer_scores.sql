-- To be held against what the producer swears to: the parts of a key, and what is measured under it, in hundredths.
SELECT
    ARRAY[currency, last_order_date::text, frequency_score::text, monetary_score::text] AS keys,
    ARRAY[customers, orders, (net_amount * 100)::bigint]::text[] AS measures
FROM gold.customer_segments_sums

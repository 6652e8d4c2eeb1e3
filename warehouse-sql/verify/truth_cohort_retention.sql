-- To be held against what the producer swears to: the parts of a key, and what is measured under it, in hundredths.
SELECT
    ARRAY[currency, cohort_month::text, months_since::text] AS keys,
    ARRAY[customers, orders, (net_amount * 100)::bigint, cohort_customers, (retention * 10000)::bigint]::text[] AS measures
FROM gold.cohort_retention

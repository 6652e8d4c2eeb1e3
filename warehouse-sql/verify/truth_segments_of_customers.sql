-- To be held against what the producer swears to: the parts of a key, and what is measured under it, in hundredths.
-- The segments of customers as people read them, one by one.
SELECT
    ARRAY[currency, segment] AS keys,
    ARRAY[count(*), sum(orders), (sum(net_amount) * 100)::bigint]::text[] AS measures
FROM gold.customer_value
GROUP BY currency, segment

-- To be held against what the producer swears to: the parts of a key, and what is measured under it, in hundredths.
-- Versions of customers by the day on which they begin to hold, and a digest of them.
SELECT
    ARRAY[(h.valid_from AT TIME ZONE 'UTC')::date::text] AS keys,
    ARRAY[
        count(*),
        mod(sum(('x' || encode(substr(sha256(convert_to(concat_ws('|', d.customer_id, (extract(epoch FROM h.valid_from) * 1000000)::bigint,
            v.customer_type, v.country, v.city, v.segment), 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint), 18446744073709551616)
    ]::text[] AS measures
FROM silver.dim_customers_history AS h
JOIN silver.dim_customers AS d USING (customer_key)
JOIN silver.dim_customer_versions AS v USING (customer_version_key)
GROUP BY (h.valid_from AT TIME ZONE 'UTC')::date

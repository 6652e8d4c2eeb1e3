-- To be held against what the producer swears to: the parts of a key, and what is measured under it, in hundredths.
-- Versions of products by the day on which they begin to hold, and a digest of them.
SELECT
    ARRAY[(h.valid_from AT TIME ZONE 'UTC')::date::text] AS keys,
    ARRAY[
        count(*),
        mod(sum(('x' || encode(substr(sha256(convert_to(concat_ws('|', d.product_id, (extract(epoch FROM h.valid_from) * 1000000)::bigint,
            v.product_name, v.category), 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint), 18446744073709551616)
    ]::text[] AS measures
FROM silver.dim_products_history AS h
JOIN silver.dim_products AS d USING (product_key)
JOIN silver.dim_product_versions AS v USING (product_version_key)
GROUP BY (h.valid_from AT TIME ZONE 'UTC')::date

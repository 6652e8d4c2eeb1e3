-- To be held against what the producer swears to: the parts of a key, and what is measured under it, in hundredths.
-- Products by how many versions they have, and a digest of what holds now.
SELECT
    ARRAY[d.versions::text] AS keys,
    ARRAY[
        count(*),
        mod(sum(('x' || encode(substr(sha256(convert_to(concat_ws('|', d.product_id, d.product_name, d.category), 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint), 18446744073709551616)
    ]::text[] AS measures
FROM (
    SELECT p.*, (SELECT count(*) FROM silver.dim_products_history AS h WHERE h.product_key = p.product_key) AS versions
    FROM silver.dim_products AS p
    WHERE p.product_key <> 0
) AS d
GROUP BY d.versions

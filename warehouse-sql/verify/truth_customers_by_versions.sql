-- To be held against what the producer swears to: the parts of a key, and what is measured under it, in hundredths.
-- Customers by how many versions they have, and a digest of what holds now.
SELECT
    ARRAY[d.versions::text] AS keys,
    ARRAY[
        count(*),
        mod(sum(('x' || encode(substr(sha256(convert_to(concat_ws('|', d.customer_id, d.customer_type, d.country, d.city, d.segment), 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint), 18446744073709551616)
    ]::text[] AS measures
FROM (
    SELECT c.*, (SELECT count(*) FROM silver.dim_customers_history AS h WHERE h.customer_key = c.customer_key) AS versions
    FROM silver.dim_customers AS c
    WHERE c.customer_key <> 0
) AS d
GROUP BY d.versions

-- The keys of these distinct versions of products, made where they are missing; `position` tells which is whose. Sorted,
-- so that two loads never wait for each other.
-- Arrays with one element a version: $1 product key, $2 name, $3 category
WITH given AS (
    SELECT *
    FROM unnest($1::bigint[], $2::text[], $3::text[]) WITH ORDINALITY
        AS g (product_key, product_name, category, position)
),
made AS (
    INSERT INTO silver.dim_product_versions (product_key, product_name, category)
    SELECT product_key, product_name, category FROM given
    WHERE NOT EXISTS (
        SELECT FROM silver.dim_product_versions AS d
        WHERE (d.product_key, d.product_name, d.category)
              = (given.product_key, given.product_name, given.category)
    )
    ORDER BY product_key, product_name, category
    ON CONFLICT (product_key, product_name, category) DO NOTHING
    RETURNING *
)
SELECT given.position, d.product_version_key AS key
FROM given
JOIN made AS d USING (product_key, product_name, category)
UNION ALL
SELECT given.position, d.product_version_key
FROM given
JOIN silver.dim_product_versions AS d USING (product_key, product_name, category)

-- The keys of these distinct versions of products, made where they are missing; `position` tells which is whose. Sorted,
-- so that two loads never wait for each other; looked up one by one, however few the planner believes there are.
-- Arrays with one element a version: $1 product key, $2 name, $3 category
WITH given AS MATERIALIZED (
    SELECT g.*, known.key
    FROM unnest($1::bigint[], $2::text[], $3::text[]) WITH ORDINALITY
        AS g (product_key, product_name, category, position)
    LEFT JOIN LATERAL (
        SELECT d.product_version_key AS key
        FROM silver.dim_product_versions AS d
        WHERE (d.product_key, d.product_name, d.category)
              = (g.product_key, g.product_name, g.category)
        OFFSET 0
    ) AS known ON true
),
made AS (
    INSERT INTO silver.dim_product_versions (product_key, product_name, category)
    SELECT product_key, product_name, category FROM given
    WHERE key IS NULL
    ORDER BY product_key, product_name, category
    ON CONFLICT (product_key, product_name, category) DO NOTHING
    RETURNING *
)
SELECT given.position, d.product_version_key AS key
FROM given
JOIN made AS d USING (product_key, product_name, category)
UNION ALL
SELECT position, key FROM given WHERE key IS NOT NULL

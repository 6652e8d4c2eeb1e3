-- The keys of these products, made where they are missing. The attributes are only a beginning: what holds now is
-- settled with the history. Looked up one by one, however few products the planner believes there are.
-- Arrays with one element a product: $1 id, $2 name, $3 category
WITH given AS MATERIALIZED (
    SELECT g.*, known.key
    FROM unnest($1::text[], $2::text[], $3::text[]) AS g (id, product_name, category)
    LEFT JOIN LATERAL (
        SELECT d.product_key AS key FROM silver.dim_products AS d WHERE d.product_id = g.id OFFSET 0
    ) AS known ON true
),
made AS (
    INSERT INTO silver.dim_products (product_id, product_name, category)
    SELECT id, product_name, category FROM given
    WHERE key IS NULL
    ORDER BY id
    ON CONFLICT (product_id) DO NOTHING
    RETURNING product_id AS id, product_key AS key
)
SELECT id, key FROM made
UNION ALL
SELECT id, key FROM given WHERE key IS NOT NULL

-- The keys of these products, made where they are missing. The attributes are only a beginning: what holds now is
-- settled with the history.
-- Arrays with one element a product: $1 id, $2 name, $3 category
WITH given AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS g (id, product_name, category)
),
made AS (
    INSERT INTO silver.dim_products (product_id, product_name, category)
    SELECT id, product_name, category FROM given
    WHERE NOT EXISTS (SELECT FROM silver.dim_products AS d WHERE d.product_id = given.id)
    ORDER BY id
    ON CONFLICT (product_id) DO NOTHING
    RETURNING product_id AS id, product_key AS key
)
SELECT id, key FROM made
UNION ALL
SELECT d.product_id, d.product_key FROM silver.dim_products AS d JOIN given ON given.id = d.product_id

-- The keys of these products, made where they are missing.
-- Arrays with one element a product: $1 id, $2 name, $3 category, $4 event time, $5 partition, $6 offset
WITH given AS (
    SELECT *
    FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::integer[], $6::bigint[])
        AS g (id, product_name, category, at, kafka_partition, kafka_offset)
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

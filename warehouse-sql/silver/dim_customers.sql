-- The keys of these customers, made where they are missing. The attributes are only a beginning: what holds now is
-- settled with the history.
-- Arrays with one element a customer: $1 id, $2 type, $3 country, $4 city, $5 segment
WITH given AS (
    SELECT *
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
        AS g (id, customer_type, country, city, segment)
),
made AS (
    INSERT INTO silver.dim_customers (customer_id, customer_type, country, city, segment)
    SELECT id, customer_type, country, city, segment FROM given
    WHERE NOT EXISTS (SELECT FROM silver.dim_customers AS d WHERE d.customer_id = given.id)
    ORDER BY id
    ON CONFLICT (customer_id) DO NOTHING
    RETURNING customer_id AS id, customer_key AS key
)
SELECT id, key FROM made
UNION ALL
SELECT d.customer_id, d.customer_key FROM silver.dim_customers AS d JOIN given ON given.id = d.customer_id

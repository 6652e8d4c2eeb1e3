-- The keys of these distinct versions of customers, made where they are missing; `position` tells which is whose. Sorted,
-- so that two loads never wait for each other.
-- Arrays with one element a version: $1 customer key, $2 type, $3 country, $4 city, $5 segment
WITH given AS (
    SELECT *
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY
        AS g (customer_key, customer_type, country, city, segment, position)
),
made AS (
    INSERT INTO silver.dim_customer_versions (customer_key, customer_type, country, city, segment)
    SELECT customer_key, customer_type, country, city, segment FROM given
    WHERE NOT EXISTS (
        SELECT FROM silver.dim_customer_versions AS d
        WHERE (d.customer_key, d.customer_type, d.country, d.city, d.segment)
              = (given.customer_key, given.customer_type, given.country, given.city, given.segment)
    )
    ORDER BY customer_key, customer_type, country, city, segment
    ON CONFLICT (customer_key, customer_type, country, city, segment) DO NOTHING
    RETURNING *
)
SELECT given.position, d.customer_version_key AS key
FROM given
JOIN made AS d USING (customer_key, customer_type, country, city, segment)
UNION ALL
SELECT given.position, d.customer_version_key
FROM given
JOIN silver.dim_customer_versions AS d USING (customer_key, customer_type, country, city, segment)

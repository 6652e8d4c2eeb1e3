-- The keys of these distinct versions of customers, made where they are missing; `position` tells which is whose. Sorted,
-- so that two loads never wait for each other; looked up one by one, however few the planner believes there are.
-- Arrays with one element a version: $1 customer key, $2 type, $3 country, $4 city, $5 segment
WITH given AS MATERIALIZED (
    SELECT g.*, known.key
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY
        AS g (customer_key, customer_type, country, city, segment, position)
    LEFT JOIN LATERAL (
        SELECT d.customer_version_key AS key
        FROM silver.dim_customer_versions AS d
        WHERE (d.customer_key, d.customer_type, d.country, d.city, d.segment)
              = (g.customer_key, g.customer_type, g.country, g.city, g.segment)
        OFFSET 0
    ) AS known ON true
),
made AS (
    INSERT INTO silver.dim_customer_versions (customer_key, customer_type, country, city, segment)
    SELECT customer_key, customer_type, country, city, segment FROM given
    WHERE key IS NULL
    ORDER BY customer_key, customer_type, country, city, segment
    ON CONFLICT (customer_key, customer_type, country, city, segment) DO NOTHING
    RETURNING *
)
SELECT given.position, d.customer_version_key AS key
FROM given
JOIN made AS d USING (customer_key, customer_type, country, city, segment)
UNION ALL
SELECT position, key FROM given WHERE key IS NOT NULL

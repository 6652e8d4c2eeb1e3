-- The keys of these members, made where they are missing. Sorted, so that two loads never wait for each other.
-- $1 countries, $2 cities
WITH given AS (
    SELECT DISTINCT country, city FROM unnest($1::text[], $2::text[]) AS g (country, city)
),
made AS (
    INSERT INTO silver.dim_locations (country, city)
    SELECT country, city FROM given
    WHERE NOT EXISTS (
        SELECT FROM silver.dim_locations AS d WHERE d.country = given.country AND d.city = given.city
    )
    ORDER BY country, city
    ON CONFLICT (country, city) DO NOTHING
    RETURNING country, city, location_key AS key
)
SELECT country, city, key FROM made
UNION ALL
SELECT d.country, d.city, d.location_key
FROM silver.dim_locations AS d
JOIN given ON given.country = d.country AND given.city = d.city

-- The keys of these members, made where they are missing. Sorted, so that two loads never wait for each other.
-- $1 names
WITH given AS (
    SELECT DISTINCT name FROM unnest($1::text[]) AS g (name)
),
made AS (
    INSERT INTO silver.dim_categories (category_name)
    SELECT name FROM given
    WHERE NOT EXISTS (SELECT FROM silver.dim_categories AS d WHERE d.category_name = given.name)
    ORDER BY name
    ON CONFLICT (category_name) DO NOTHING
    RETURNING category_name AS name, category_key AS key
)
SELECT name, key FROM made
UNION ALL
SELECT d.category_name, d.category_key FROM silver.dim_categories AS d JOIN given ON given.name = d.category_name

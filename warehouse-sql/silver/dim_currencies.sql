-- The keys of these members, made where they are missing. Sorted, so that two loads never wait for each other.
-- $1 names
WITH given AS (
    SELECT DISTINCT name FROM unnest($1::text[]) AS g (name)
),
made AS (
    INSERT INTO silver.dim_currencies (currency_code)
    SELECT name FROM given
    WHERE NOT EXISTS (SELECT FROM silver.dim_currencies AS d WHERE d.currency_code = given.name)
    ORDER BY name
    ON CONFLICT (currency_code) DO NOTHING
    RETURNING currency_code AS name, currency_key AS key
)
SELECT name, key FROM made
UNION ALL
SELECT d.currency_code, d.currency_key FROM silver.dim_currencies AS d JOIN given ON given.name = d.currency_code

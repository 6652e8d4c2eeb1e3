-- The keys of these members, made where they are missing. Sorted, so that two loads never wait for each other.
-- $1 names
WITH given AS (
    SELECT DISTINCT name FROM unnest($1::text[]) AS g (name)
),
made AS (
    INSERT INTO silver.dim_payment_methods (payment_method_name)
    SELECT name FROM given
    WHERE NOT EXISTS (SELECT FROM silver.dim_payment_methods AS d WHERE d.payment_method_name = given.name)
    ORDER BY name
    ON CONFLICT (payment_method_name) DO NOTHING
    RETURNING payment_method_name AS name, payment_method_key AS key
)
SELECT name, key FROM made
UNION ALL
SELECT d.payment_method_name, d.payment_method_key FROM silver.dim_payment_methods AS d JOIN given ON given.name = d.payment_method_name

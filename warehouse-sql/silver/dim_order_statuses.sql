-- The keys of these members, made where they are missing. Sorted, so that two loads never wait for each other.
-- $1 names
WITH given AS (
    SELECT DISTINCT name FROM unnest($1::text[]) AS g (name)
),
made AS (
    INSERT INTO silver.dim_order_statuses (order_status_name)
    SELECT name FROM given
    WHERE NOT EXISTS (SELECT FROM silver.dim_order_statuses AS d WHERE d.order_status_name = given.name)
    ORDER BY name
    ON CONFLICT (order_status_name) DO NOTHING
    RETURNING order_status_name AS name, order_status_key AS key
)
SELECT name, key FROM made
UNION ALL
SELECT d.order_status_name, d.order_status_key FROM silver.dim_order_statuses AS d JOIN given ON given.name = d.order_status_name

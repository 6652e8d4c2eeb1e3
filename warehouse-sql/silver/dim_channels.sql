-- The keys of these members, made where they are missing. Sorted, so that two loads never wait for each other.
-- $1 names
WITH given AS (
    SELECT DISTINCT name FROM unnest($1::text[]) AS g (name)
),
made AS (
    INSERT INTO silver.dim_channels (channel_name)
    SELECT name FROM given
    WHERE NOT EXISTS (SELECT FROM silver.dim_channels AS d WHERE d.channel_name = given.name)
    ORDER BY name
    ON CONFLICT (channel_name) DO NOTHING
    RETURNING channel_name AS name, channel_key AS key
)
SELECT name, key FROM made
UNION ALL
SELECT d.channel_name, d.channel_key FROM silver.dim_channels AS d JOIN given ON given.name = d.channel_name

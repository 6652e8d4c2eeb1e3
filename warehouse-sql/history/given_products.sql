-- The sightings of the given products, all of which gold has made.
-- $1 product keys
statements AS (
    SELECT s.product_key, s.product_version_key, s.first_seen_at, v.product_name, v.category
    FROM silver.product_sightings AS s
    JOIN silver.dim_product_versions AS v USING (product_version_key)
    WHERE s.product_key = ANY ($1)
),

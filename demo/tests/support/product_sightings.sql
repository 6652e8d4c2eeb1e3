SELECT p.product_id, v.product_name, v.category, s.seen_on, s.first_seen_at
FROM silver.product_sightings AS s
JOIN silver.dim_products AS p USING (product_key)
JOIN silver.dim_product_versions AS v USING (product_version_key)

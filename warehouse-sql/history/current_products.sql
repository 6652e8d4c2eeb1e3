-- Brings the given products to the attributes of the last stretch of their histories.
-- $1 product keys
UPDATE silver.dim_products AS d
SET product_name = v.product_name, category = v.category
FROM silver.dim_products_history AS h
JOIN silver.dim_product_versions AS v USING (product_version_key)
WHERE d.product_key = ANY ($1) AND h.product_key = d.product_key AND h.valid_to = 'infinity'
  AND (d.product_name, d.category) <> (v.product_name, v.category)

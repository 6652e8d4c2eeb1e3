SELECT p.product_id, v.product_name, v.category, h.valid_from, h.valid_to
FROM silver.dim_products_history AS h
JOIN silver.dim_products AS p USING (product_key)
JOIN silver.dim_product_versions AS v USING (product_version_key)

-- $1 product keys
DELETE FROM silver.dim_products_history WHERE product_key = ANY ($1)

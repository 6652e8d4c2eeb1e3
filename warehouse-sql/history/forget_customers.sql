-- $1 customer keys
DELETE FROM silver.dim_customers_history WHERE customer_key = ANY ($1)

SELECT c.customer_id, v.customer_type, v.country, v.city, v.segment, h.valid_from, h.valid_to
FROM silver.dim_customers_history AS h
JOIN silver.dim_customers AS c USING (customer_key)
JOIN silver.dim_customer_versions AS v USING (customer_version_key)

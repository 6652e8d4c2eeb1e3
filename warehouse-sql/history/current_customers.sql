-- Brings the given customers to the attributes of the last stretch of their histories.
-- $1 customer keys
UPDATE silver.dim_customers AS d
SET customer_type = v.customer_type, country = v.country, city = v.city, segment = v.segment
FROM silver.dim_customers_history AS h
JOIN silver.dim_customer_versions AS v USING (customer_version_key)
WHERE d.customer_key = ANY ($1) AND h.customer_key = d.customer_key AND h.valid_to = 'infinity'
  AND (d.customer_type, d.country, d.city, d.segment) <> (v.customer_type, v.country, v.city, v.segment)

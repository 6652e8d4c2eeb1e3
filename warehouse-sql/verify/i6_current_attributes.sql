-- What a customer or product is now is what the last stretch of the history says. Those without a history have facts only
-- that wait for gold, or none.
WITH now_valid AS (
    SELECT h.customer_key, v.customer_type, v.country, v.city, v.segment
    FROM silver.dim_customers_history AS h
    LEFT JOIN silver.dim_customer_versions AS v
        ON v.customer_version_key = h.customer_version_key AND v.customer_key = h.customer_key
    WHERE h.valid_to = 'infinity'
),
products_now AS (
    SELECT h.product_key, v.product_name, v.category
    FROM silver.dim_products_history AS h
    LEFT JOIN silver.dim_product_versions AS v
        ON v.product_version_key = h.product_version_key AND v.product_key = h.product_key
    WHERE h.valid_to = 'infinity'
)
SELECT format('customer key %s: is %s, by the history %s', n.customer_key,
              concat_ws(', ', d.customer_type, d.country, d.city, d.segment),
              concat_ws(', ', n.customer_type, n.country, n.city, n.segment))
FROM now_valid AS n
LEFT JOIN silver.dim_customers AS d USING (customer_key)
WHERE (d.customer_type, d.country, d.city, d.segment)
      IS DISTINCT FROM (n.customer_type, n.country, n.city, n.segment)
UNION ALL
SELECT format('product key %s: is %s, by the history %s', n.product_key, concat_ws(', ', d.product_name, d.category),
              concat_ws(', ', n.product_name, n.category))
FROM products_now AS n
LEFT JOIN silver.dim_products AS d USING (product_key)
WHERE (d.product_name, d.category) IS DISTINCT FROM (n.product_name, n.category)

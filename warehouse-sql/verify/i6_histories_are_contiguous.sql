-- Per customer and product, the stretches in order: each begins where the one before ended, with another version, and the
-- last one lasts.
WITH stretches AS (
    SELECT 'customer' AS what, customer_key AS key, customer_version_key AS version_key, valid_from, valid_to
    FROM silver.dim_customers_history
    UNION ALL
    SELECT 'product', product_key, product_version_key, valid_from, valid_to
    FROM silver.dim_products_history
),
steps AS (
    SELECT *,
           lag(valid_to) OVER w AS ended,
           lag(version_key) OVER w AS version_before,
           lead(valid_from) OVER w AS next_from
    FROM stretches
    WINDOW w AS (PARTITION BY what, key ORDER BY valid_from)
)
SELECT format('%s key %s: the stretch from %s to %s of version %s follows on one of version %s to %s, and %s follows',
              what, key, valid_from, valid_to, version_key, version_before, ended,
              coalesce('one from ' || next_from, 'none'))
FROM steps
WHERE valid_from >= valid_to OR ended <> valid_from OR version_before = version_key
   OR (next_from IS NULL AND valid_to <> 'infinity')

-- Every key of a fact has its dimension row; there are no foreign keys to see to it.
SELECT format('%s of fct_order_events: key %s is missing in the dimension', k.name, k.key)
FROM (
    SELECT DISTINCT customer_key, location_key, channel_key, currency_key, payment_method_key, order_status_key, event_date
    FROM silver.fct_order_events
) AS e
CROSS JOIN LATERAL (VALUES
    ('customer_key', e.customer_key::text, EXISTS (SELECT FROM silver.dim_customers AS d WHERE d.customer_key = e.customer_key)),
    ('location_key', e.location_key::text, EXISTS (SELECT FROM silver.dim_locations AS d WHERE d.location_key = e.location_key)),
    ('channel_key', e.channel_key::text, EXISTS (SELECT FROM silver.dim_channels AS d WHERE d.channel_key = e.channel_key)),
    ('currency_key', e.currency_key::text, EXISTS (SELECT FROM silver.dim_currencies AS d WHERE d.currency_key = e.currency_key)),
    ('payment_method_key', e.payment_method_key::text,
        EXISTS (SELECT FROM silver.dim_payment_methods AS d WHERE d.payment_method_key = e.payment_method_key)),
    ('order_status_key', e.order_status_key::text,
        EXISTS (SELECT FROM silver.dim_order_statuses AS d WHERE d.order_status_key = e.order_status_key)),
    ('event_date', e.event_date::text, EXISTS (SELECT FROM silver.dim_dates AS d WHERE d.date_day = e.event_date))
) AS k (name, key, is_there)
WHERE NOT k.is_there
UNION ALL
SELECT format('customer_version_key of fct_order_events: key %s is no version of customer key %s', e.customer_version_key,
              e.customer_key)
FROM (SELECT DISTINCT customer_key, customer_version_key FROM silver.fct_order_events) AS e
WHERE NOT EXISTS (
    SELECT FROM silver.dim_customer_versions AS d
    WHERE d.customer_version_key = e.customer_version_key AND d.customer_key = e.customer_key
)
UNION ALL
SELECT format('%s of fct_order_lines: key %s is missing in the dimension', k.name, k.key)
FROM (
    SELECT DISTINCT product_key, category_key, currency_key FROM silver.fct_order_lines
) AS l
CROSS JOIN LATERAL (VALUES
    ('product_key', l.product_key::text, EXISTS (SELECT FROM silver.dim_products AS d WHERE d.product_key = l.product_key)),
    ('category_key', l.category_key::text, EXISTS (SELECT FROM silver.dim_categories AS d WHERE d.category_key = l.category_key)),
    ('currency_key', l.currency_key::text, EXISTS (SELECT FROM silver.dim_currencies AS d WHERE d.currency_key = l.currency_key))
) AS k (name, key, is_there)
WHERE NOT k.is_there
UNION ALL
SELECT format('event_date of fct_order_lines: %s is missing in the dimension', l.event_date)
FROM (SELECT DISTINCT event_date FROM silver.fct_order_lines) AS l
WHERE NOT EXISTS (SELECT FROM silver.dim_dates AS d WHERE d.date_day = l.event_date)
UNION ALL
SELECT format('product_version_key of fct_order_lines: key %s is no version of product key %s', l.product_version_key,
              l.product_key)
FROM (SELECT DISTINCT product_key, product_version_key FROM silver.fct_order_lines) AS l
WHERE NOT EXISTS (
    SELECT FROM silver.dim_product_versions AS d
    WHERE d.product_version_key = l.product_version_key AND d.product_key = l.product_key
)
UNION ALL
SELECT format('%s versions with key %s have no %s', v.what, v.key, v.what)
FROM (
    SELECT 'customer' AS what, customer_key AS key FROM silver.dim_customer_versions AS v
    WHERE NOT EXISTS (SELECT FROM silver.dim_customers AS d WHERE d.customer_key = v.customer_key)
    UNION ALL
    SELECT 'product', product_key FROM silver.dim_product_versions AS v
    WHERE NOT EXISTS (SELECT FROM silver.dim_products AS d WHERE d.product_key = v.product_key)
) AS v

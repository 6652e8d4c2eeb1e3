-- Whatever an event that gold has taken states of its customer holds at the event's time, unless another event of the same
-- time with a greater id states something else; and a stretch begins with such a statement. Not by deriving histories:
-- by asking them. Likewise for the sightings of products, by name and category.
WITH said AS (
    SELECT 'customer' AS what, e.customer_key AS key, e.customer_version_key AS version_key, e.event_at AS at,
           row_number() OVER (PARTITION BY e.customer_key, e.event_at ORDER BY e.event_id DESC) = 1 AS has_last_word
    FROM silver.fct_order_events AS e
    WHERE e.customer_version_key <> 0
      AND NOT EXISTS (
          SELECT FROM ops.silver_batches AS b
          WHERE b.gold_batch_id IS NULL
            AND e.order_event_key BETWEEN b.first_order_event_key AND b.last_order_event_key
      )
    UNION ALL
    SELECT 'product', s.product_key, s.product_version_key, s.first_seen_at,
           row_number() OVER (PARTITION BY s.product_key, s.first_seen_at
                              ORDER BY v.product_name DESC, v.category DESC) = 1
    FROM silver.product_sightings AS s
    LEFT JOIN silver.dim_product_versions AS v USING (product_version_key)
),
told AS (
    SELECT 'customer' AS what, customer_key AS key, customer_version_key AS version_key, valid_from, valid_to
    FROM silver.dim_customers_history
    UNION ALL
    SELECT 'product', product_key, product_version_key, valid_from, valid_to
    FROM silver.dim_products_history
)
SELECT format('%s key %s: version %s was stated at %s, the history tells something else', what, key, version_key, at)
FROM said
WHERE has_last_word
  AND NOT EXISTS (
      SELECT FROM told AS t
      WHERE t.what = said.what AND t.key = said.key AND t.version_key = said.version_key
        AND t.valid_from <= said.at AND said.at < t.valid_to
  )
UNION ALL
SELECT format('%s key %s: the history has version %s from %s, when nobody stated it', what, key, version_key, valid_from)
FROM told AS t
WHERE NOT EXISTS (
    SELECT FROM said AS s
    WHERE s.has_last_word AND s.what = t.what AND s.key = t.key AND s.version_key = t.version_key AND s.at = t.valid_from
)

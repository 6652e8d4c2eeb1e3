-- A version of a product is sighted at the first event of each day that states it, among the facts that gold has taken.
WITH expected AS (
    SELECT l.product_key, l.product_version_key, l.event_date AS seen_on, min(e.event_at) AS first_seen_at
    FROM silver.fct_order_lines AS l
    JOIN silver.fct_order_events AS e USING (order_event_key)
    WHERE l.line_no > 0 AND l.product_version_key <> 0
      AND NOT EXISTS (
          SELECT FROM ops.silver_batches AS b
          WHERE b.gold_batch_id IS NULL
            AND l.order_event_key BETWEEN b.first_order_event_key AND b.last_order_event_key
      )
    GROUP BY l.product_key, l.product_version_key, l.event_date
)
SELECT format('product key %s, version %s on %s: stated first at %s, sighted at %s', product_key, product_version_key,
              seen_on, x.first_seen_at, s.first_seen_at)
FROM expected AS x
FULL JOIN silver.product_sightings AS s USING (product_key, product_version_key, seen_on)
WHERE x.first_seen_at IS DISTINCT FROM s.first_seen_at

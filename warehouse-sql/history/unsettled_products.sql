-- Sights the products of the given lines, and answers those whose history that may change: because it does not tell the
-- version at the time of a sighting, or because a sighting has moved that another version may have followed.
-- The laterals keep to the given batches and to what they sight, however much there is of others.
given_sightings AS (
    SELECT own.product_key, own.product_version_key, own.seen_on, min(own.first_seen_at) AS first_seen_at
    FROM given_batches AS b
    CROSS JOIN LATERAL (
        SELECT l.product_key, l.product_version_key, l.event_date AS seen_on, min(e.event_at) AS first_seen_at
        FROM silver.fct_order_lines AS l
        JOIN silver.fct_order_events AS e USING (order_event_key)
        WHERE l.order_event_key BETWEEN b.first_order_event_key AND b.last_order_event_key
          AND e.order_event_key BETWEEN b.first_order_event_key AND b.last_order_event_key
          AND l.line_no > 0 AND l.product_version_key <> 0
        GROUP BY l.product_key, l.product_version_key, l.event_date
    ) AS own
    GROUP BY own.product_key, own.product_version_key, own.seen_on
),
news AS MATERIALIZED (
    SELECT g.*, s.first_seen_at AS so_far
    FROM given_sightings AS g
    LEFT JOIN silver.product_sightings AS s USING (product_key, product_version_key, seen_on)
    WHERE s.product_key IS NULL OR g.first_seen_at < s.first_seen_at
),
sighted AS (
    INSERT INTO silver.product_sightings (product_key, product_version_key, seen_on, first_seen_at)
    SELECT product_key, product_version_key, seen_on, first_seen_at
    FROM news
    ORDER BY product_key, product_version_key, seen_on
    ON CONFLICT (product_key, product_version_key, seen_on) DO UPDATE SET first_seen_at = excluded.first_seen_at
)
SELECT DISTINCT n.product_key
FROM news AS n
LEFT JOIN LATERAL (
    SELECT h.product_version_key
    FROM silver.dim_products_history AS h
    WHERE h.product_key = n.product_key AND h.valid_from <= n.first_seen_at
    ORDER BY h.valid_from DESC
    LIMIT 1
) AS told ON true
WHERE told.product_version_key IS DISTINCT FROM n.product_version_key
   OR n.so_far IS NOT NULL AND EXISTS (
          SELECT FROM silver.dim_product_versions AS other
          WHERE other.product_key = n.product_key AND other.product_version_key <> n.product_version_key
      )
ORDER BY n.product_key

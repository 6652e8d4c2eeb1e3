-- Customers of whom a given event states something that the history does not tell of its time.
given_statements AS (
    SELECT e.customer_key, e.customer_version_key, e.event_at
    FROM given_batches AS b
    JOIN silver.fct_order_events AS e ON e.order_event_key BETWEEN b.first_order_event_key AND b.last_order_event_key
    WHERE e.customer_key <> 0 AND e.customer_version_key <> 0
)
SELECT DISTINCT g.customer_key
FROM given_statements AS g
WHERE NOT EXISTS (
    SELECT FROM silver.dim_customers_history AS h
    WHERE h.customer_key = g.customer_key AND h.customer_version_key = g.customer_version_key
      AND h.valid_from <= g.event_at AND g.event_at < h.valid_to
)
ORDER BY g.customer_key

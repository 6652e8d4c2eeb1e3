-- Customers of whom a given event states something that the history does not tell of its time. The lateral finds the
-- stretch through its key, however many other customers there are.
SELECT DISTINCT e.customer_key
FROM given_batches AS b
JOIN silver.fct_order_events AS e ON e.order_event_key BETWEEN b.first_order_event_key AND b.last_order_event_key
LEFT JOIN LATERAL (
    SELECT h.customer_version_key
    FROM silver.dim_customers_history AS h
    WHERE h.customer_key = e.customer_key AND h.valid_from <= e.event_at
    ORDER BY h.valid_from DESC
    LIMIT 1
) AS told ON true
WHERE e.customer_key <> 0 AND e.customer_version_key <> 0
  AND told.customer_version_key IS DISTINCT FROM e.customer_version_key
ORDER BY e.customer_key

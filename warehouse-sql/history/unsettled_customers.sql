-- Customers of whom a given event states something that the history does not tell of its time. The laterals keep to the
-- given batches and find the stretch through its key, however much there is of others.
SELECT DISTINCT e.customer_key
FROM given_batches AS b
CROSS JOIN LATERAL (
    SELECT *
    FROM silver.fct_order_events AS f
    WHERE f.order_event_key BETWEEN b.first_order_event_key AND b.last_order_event_key
    OFFSET 0
) AS e
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

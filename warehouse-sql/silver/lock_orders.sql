-- The snapshots of these orders as they stand, ours until the transaction ends. Locked in order of the id, so that two
-- loads with orders in common do not lock each other out.
-- $1 order ids
SELECT order_id, customer_key, channel_key, currency_key, order_status_key, event_count, line_count, status_event_id,
       status_at, placed_at, paid_at, shipped_at, completed_at, returned_at, cancelled_at, placed_event_id,
       placed_event_key, (total_amount * 100)::bigint AS total_cents
FROM silver.fct_orders
WHERE order_id = ANY ($1)
ORDER BY order_id
FOR NO KEY UPDATE

COPY silver.fct_orders (
    order_id, customer_key, channel_key, currency_key, order_status_key, event_count, line_count, status_event_id,
    status_at, placed_at, paid_at, shipped_at, completed_at, returned_at, cancelled_at, placed_event_id,
    placed_event_key, total_amount
) FROM STDIN (FORMAT binary)

COPY silver.fct_orders (
    order_id, customer_key, channel_key, currency_key, order_status_key, event_count, line_count, status_partition,
    status_offset, status_at, placed_at, paid_at, shipped_at, completed_at, returned_at, cancelled_at, total_amount
) FROM STDIN (FORMAT binary)

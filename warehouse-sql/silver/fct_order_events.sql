COPY silver.fct_order_events (
    order_event_key, event_id, order_id, customer_key, customer_version_key, topic_id, kafka_partition, kafka_offset,
    location_key, channel_key, currency_key, payment_method_key, order_status_key, line_count, units, event_date,
    event_at, event_type, event_version, coupon_code, content_hash, subtotal_amount, tax_amount, shipping_amount,
    discount_amount, total_amount, cost_amount
) FROM STDIN (FORMAT binary)

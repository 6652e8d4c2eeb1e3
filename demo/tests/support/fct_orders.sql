SELECT o.order_id, c.customer_id, h.channel_name, u.currency_code, s.order_status_name, o.event_count, o.line_count,
       o.status_event_id, o.status_at, o.placed_at, o.paid_at, o.shipped_at, o.completed_at, o.returned_at,
       o.cancelled_at, o.placed_event_id, o.total_amount
FROM silver.fct_orders AS o
JOIN silver.dim_customers AS c USING (customer_key)
JOIN silver.dim_channels AS h USING (channel_key)
JOIN silver.dim_currencies AS u USING (currency_key)
JOIN silver.dim_order_statuses AS s USING (order_status_key)

SELECT e.event_id, e.order_id, c.customer_id, v.customer_type, v.city AS customer_city, v.segment, e.coupon_code,
       e.kafka_partition, e.kafka_offset, l.country, l.city, h.channel_name,
       u.currency_code, p.payment_method_name, s.order_status_name, e.line_count, e.units, e.event_date, e.event_at,
       e.event_type, e.event_version, e.content_hash, e.subtotal_amount, e.tax_amount, e.shipping_amount,
       e.discount_amount, e.total_amount, e.cost_amount
FROM silver.fct_order_events AS e
JOIN silver.dim_customers AS c USING (customer_key)
JOIN silver.dim_customer_versions AS v USING (customer_version_key)
JOIN silver.dim_locations AS l USING (location_key)
JOIN silver.dim_channels AS h USING (channel_key)
JOIN silver.dim_currencies AS u USING (currency_key)
JOIN silver.dim_payment_methods AS p USING (payment_method_key)
JOIN silver.dim_order_statuses AS s USING (order_status_key)

-- Turns what a case gives into facts: the events of each hundred of keys are one silver batch. Dimension keys follow the
-- names in alphabetical order, from 1.
-- $1 1 to hand out the batches in order of their keys, -1 in the opposite order
CREATE FUNCTION given.load(direction integer) RETURNS void LANGUAGE sql AS $$
INSERT INTO silver.dim_customers (customer_id, customer_type, country, city)
SELECT DISTINCT customer, 'new', 'FR', 'Paris' FROM given.events WHERE customer <> 'Unknown' ORDER BY 1 ON CONFLICT DO NOTHING;
INSERT INTO silver.dim_products (product_id, product_name, category)
SELECT product, 'Name of ' || product, min(category) FROM given.lines GROUP BY product ORDER BY 1 ON CONFLICT DO NOTHING;
INSERT INTO silver.dim_categories (category_name) SELECT DISTINCT category FROM given.lines ORDER BY 1 ON CONFLICT DO NOTHING;
INSERT INTO silver.dim_currencies (currency_code) SELECT DISTINCT currency FROM given.events ORDER BY 1 ON CONFLICT DO NOTHING;
INSERT INTO silver.dim_channels (channel_name) SELECT DISTINCT channel FROM given.events ORDER BY 1 ON CONFLICT DO NOTHING;
INSERT INTO silver.dim_payment_methods (payment_method_name) SELECT DISTINCT payment_method FROM given.events ORDER BY 1 ON CONFLICT DO NOTHING;
INSERT INTO silver.dim_locations (country, city) SELECT DISTINCT country, city FROM given.events ORDER BY 1, 2 ON CONFLICT DO NOTHING;

INSERT INTO silver.fct_order_events (
    order_event_key, event_id, order_id, customer_key, topic_id, kafka_partition, kafka_offset, location_key,
    channel_key, currency_key, payment_method_key, order_status_key, line_count, units, event_date, event_at, event_type,
    event_version, content_hash, subtotal_amount, tax_amount, shipping_amount, discount_amount, total_amount, cost_amount
)
SELECT event_key, gen_random_uuid(), order_id, c.customer_key, 1, 0, event_key, location_key, channel_key, currency_key,
       payment_method_key, 0, (SELECT count(*) FROM given.lines AS l WHERE l.event_key = g.event_key AND line_no > 0), units,
       (event_at AT TIME ZONE 'UTC')::date, event_at, event_type, '1.0', '\x00', subtotal, tax, shipping, discount,
       subtotal + tax + shipping - discount, cost
FROM given.events AS g
JOIN silver.dim_customers AS c ON c.customer_id = customer
JOIN silver.dim_locations AS l ON (l.country, l.city) = (g.country, g.city)
JOIN silver.dim_channels ON channel_name = channel
JOIN silver.dim_currencies ON currency_code = currency
JOIN silver.dim_payment_methods ON payment_method_name = g.payment_method;

INSERT INTO silver.fct_order_lines (
    order_event_key, product_key, category_key, currency_key, event_date, quantity, line_no, unit_price, gross_amount,
    discount_amount, cost_amount
)
SELECT event_key, product_key, category_key, e.currency_key, coalesce(g.event_date, e.event_date), quantity, line_no, 0, gross,
       discount, cost
FROM given.lines AS g
JOIN silver.fct_order_events AS e ON e.order_event_key = event_key
JOIN silver.dim_products ON product_id = product
JOIN silver.dim_categories ON category_name = g.category;

INSERT INTO silver.fct_order_steps (order_event_key, seconds_since_previous, step_date, step_no, orders, step)
SELECT event_key, seconds, step_date, step_no, orders, step FROM given.steps;

INSERT INTO ops.topics (topic_name, kafka_topic_id) VALUES ('given', 'given') ON CONFLICT DO NOTHING;
INSERT INTO ops.partitions (topic_id, kafka_partition) VALUES (1, 0) ON CONFLICT DO NOTHING;
INSERT INTO ops.silver_cursors (topic_id, kafka_partition, next_offset) VALUES (1, 0, 0) ON CONFLICT DO NOTHING;
INSERT INTO ops.silver_batches (
    topic_id, kafka_partition, first_offset, last_offset, first_order_event_key, last_order_event_key, bronze_batch_count,
    record_count, accepted_count, duplicate_count, quarantined_count, line_count, oldest_event_at, newest_event_at,
    bronze_committed_at, started_at
)
SELECT 1, 0, min(event_key), max(event_key), min(event_key), max(event_key), 1, count(*), count(*), 0, 0, 0, min(event_at),
       max(event_at), now(), now()
FROM given.events
GROUP BY event_key / 100
ORDER BY direction * (event_key / 100);

TRUNCATE given.events, given.lines, given.steps;
$$;

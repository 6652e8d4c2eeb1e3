-- What is not derived from bronze goes along: what people decided about quarantined records, …
UPDATE silver_next.quarantined_events AS r
SET state = l.state, resolved_at = l.resolved_at, resolution_note = l.resolution_note
FROM silver.quarantined_events AS l
WHERE l.state = 'discarded'
  AND (r.topic_id, r.kafka_partition, r.kafka_offset) = (l.topic_id, l.kafka_partition, l.kafka_offset);

INSERT INTO silver_next.quarantined_events
SELECT l.*
FROM silver.quarantined_events AS l
WHERE l.state = 'released'
  AND NOT EXISTS (
      SELECT FROM silver_next.quarantined_events AS r
      WHERE (r.topic_id, r.kafka_partition, r.kafka_offset) = (l.topic_id, l.kafka_partition, l.kafka_offset)
  );

-- … and the current attributes of the members, whose keys both sides share, follow the rebuilt histories.
UPDATE silver.dim_customers AS d
SET customer_type = v.customer_type, country = v.country, city = v.city, segment = v.segment
FROM silver_next.dim_customers_history AS h
JOIN silver.dim_customer_versions AS v USING (customer_version_key)
WHERE h.customer_key = d.customer_key AND h.valid_to = 'infinity'
  AND (d.customer_type, d.country, d.city, d.segment) <> (v.customer_type, v.country, v.city, v.segment);

UPDATE silver.dim_products AS d
SET product_name = v.product_name, category = v.category
FROM silver_next.dim_products_history AS h
JOIN silver.dim_product_versions AS v USING (product_version_key)
WHERE h.product_key = d.product_key AND h.valid_to = 'infinity'
  AND (d.product_name, d.category) <> (v.product_name, v.category)

-- Which of these events were accepted before, and from which record.
-- $1 event ids
SELECT event_id, content_hash, topic_id, kafka_partition, kafka_offset
FROM silver.fct_order_events
WHERE event_id = ANY ($1)

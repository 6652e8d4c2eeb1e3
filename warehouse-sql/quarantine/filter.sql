-- Which records are meant; a null is no condition.
-- $1 reason, $2 quarantined from and $3 up to, $4 event id, $5 topic name, $6 partition, $7 offset, $8 state
FROM silver.quarantined_events AS q
JOIN ops.topics AS t USING (topic_id)
WHERE ($1::text IS NULL OR q.reason = $1)
  AND ($2::timestamptz IS NULL OR q.quarantined_at >= $2)
  AND ($3::timestamptz IS NULL OR q.quarantined_at < $3)
  AND ($4::uuid IS NULL OR q.event_id = $4)
  AND ($5::text IS NULL OR t.topic_name = $5)
  AND ($6::integer IS NULL OR q.kafka_partition = $6)
  AND ($7::bigint IS NULL OR q.kafka_offset = $7)
  AND ($8::text IS NULL OR q.state = $8)

ORDER BY q.quarantined_at DESC, q.topic_id, q.kafka_partition, q.kafka_offset
LIMIT $9

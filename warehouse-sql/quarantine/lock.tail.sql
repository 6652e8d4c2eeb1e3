  AND (q.topic_id, q.kafka_partition, q.kafka_offset) > ($9::integer, $10::integer, $11::bigint)
ORDER BY q.topic_id, q.kafka_partition, q.kafka_offset
LIMIT $12
FOR UPDATE OF q

-- Before anything is loaded, as the silver stage does, so that the two never wait for each other in a circle.
-- Arrays with one element a Kafka partition: $1 topic, $2 partition
SELECT c.topic_id, c.kafka_partition
FROM ops.silver_cursors AS c
JOIN unnest($1::integer[], $2::integer[]) AS w (topic_id, kafka_partition) USING (topic_id, kafka_partition)
ORDER BY c.topic_id, c.kafka_partition
FOR NO KEY UPDATE OF c

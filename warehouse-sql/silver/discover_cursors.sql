-- A cursor for each Kafka partition that bronze knows and silver does not.
INSERT INTO ops.silver_cursors (topic_id, kafka_partition, next_offset)
SELECT topic_id, kafka_partition, start_offset
FROM ops.partitions AS p
WHERE p.record_count > 0
  AND NOT EXISTS (
      SELECT FROM ops.silver_cursors AS c
      WHERE c.topic_id = p.topic_id AND c.kafka_partition = p.kafka_partition
  )
ORDER BY topic_id, kafka_partition
ON CONFLICT DO NOTHING

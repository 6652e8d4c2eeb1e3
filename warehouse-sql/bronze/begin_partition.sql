-- Begins an untouched partition where Kafka's log begins, instead of at offset 0.
-- $1 topic, $2 partition, $3 fence, $4 offset
UPDATE ops.partitions
SET start_offset = $4, next_offset = $4
WHERE topic_id = $1 AND kafka_partition = $2 AND fence = $3 AND record_count = 0 AND gap_count = 0

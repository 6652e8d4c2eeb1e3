-- The records of one range of offsets. The range of ingested_at only tells which partitions of the table to look in.
-- $1 topic, $2 partition, $3 first offset, $4 last offset, $5 oldest and $6 newest ingested_at
SELECT kafka_offset, ingested_at, payload
FROM bronze.events
WHERE topic_id = $1 AND kafka_partition = $2 AND kafka_offset BETWEEN $3 AND $4 AND ingested_at BETWEEN $5 AND $6
ORDER BY kafka_offset

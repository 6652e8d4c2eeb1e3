-- Where partitions stand, without claiming them.
-- $1 topic, $2 partitions
SELECT kafka_partition, fence, next_offset
FROM ops.partitions
WHERE topic_id = $1 AND kafka_partition = ANY ($2)
ORDER BY kafka_partition

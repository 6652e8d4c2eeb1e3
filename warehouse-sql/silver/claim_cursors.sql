-- Claims up to $1 partitions with something to do, the longest backlog first. The row lock is the claim: it lasts until
-- the transaction ends, and what others hold is passed over.
SELECT c.topic_id, c.kafka_partition, c.next_offset
FROM ops.silver_cursors AS c
JOIN ops.partitions AS p USING (topic_id, kafka_partition)
WHERE p.record_count > c.record_count
ORDER BY p.record_count - c.record_count DESC, c.topic_id, c.kafka_partition
LIMIT $1
FOR NO KEY UPDATE OF c SKIP LOCKED

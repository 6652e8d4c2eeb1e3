-- Makes the caller the only writer of these partitions: every older claim is refused from now on.
-- $1 topic, $2 partitions
INSERT INTO ops.partitions AS p (topic_id, kafka_partition, fence, claimed_at)
SELECT $1, wanted.kafka_partition, 1, now()
FROM unnest($2::integer[]) AS wanted (kafka_partition)
ORDER BY wanted.kafka_partition
ON CONFLICT (topic_id, kafka_partition) DO UPDATE
    SET fence = p.fence + 1, claimed_at = now()
RETURNING kafka_partition, fence, start_offset, next_offset, record_count, gap_count, last_record_hash

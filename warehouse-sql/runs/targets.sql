-- How far bronze has come in each partition: not its next offset, which may lie behind a gap that silver has nothing to
-- judge in.
SELECT p.topic_id, p.kafka_partition, newest.last_offset + 1 AS next_offset,
       p.record_count - coalesce(c.record_count, 0) AS pending
FROM ops.partitions AS p
CROSS JOIN LATERAL (
    SELECT b.last_offset
    FROM ops.bronze_batches AS b
    WHERE b.topic_id = p.topic_id AND b.kafka_partition = p.kafka_partition
    ORDER BY b.first_offset DESC
    LIMIT 1
) AS newest
LEFT JOIN ops.silver_cursors AS c ON c.topic_id = p.topic_id AND c.kafka_partition = p.kafka_partition

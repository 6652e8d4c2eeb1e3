-- Partitions that silver has not taken as far as wanted. $1 topics, $2 partitions, $3 offsets, side by side.
SELECT count(*) AS partitions
FROM unnest($1::integer[], $2::integer[], $3::bigint[]) AS wanted (topic_id, kafka_partition, next_offset)
LEFT JOIN ops.silver_cursors AS c USING (topic_id, kafka_partition)
WHERE coalesce(c.next_offset, 0) < wanted.next_offset

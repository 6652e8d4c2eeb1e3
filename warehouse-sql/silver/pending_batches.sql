-- The next whole bronze batches of each claimed partition, in order of their offsets, at most $4 each.
-- Arrays with one element a partition: $1 topic, $2 partition, $3 next offset
SELECT b.topic_id, b.kafka_partition, b.first_offset, b.last_offset, b.row_count, b.byte_count, b.ingested_at,
       b.committed_at
FROM unnest($1::integer[], $2::integer[], $3::bigint[]) AS c (topic_id, kafka_partition, next_offset)
CROSS JOIN LATERAL (
    SELECT *
    FROM ops.bronze_batches AS own
    WHERE own.topic_id = c.topic_id AND own.kafka_partition = c.kafka_partition AND own.first_offset >= c.next_offset
    ORDER BY own.first_offset
    LIMIT $4
) AS b
ORDER BY b.topic_id, b.kafka_partition, b.first_offset

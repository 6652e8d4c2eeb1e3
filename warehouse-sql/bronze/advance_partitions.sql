-- Moves each partition forward, if it still is where the batch begins and still is ours. The guard of exactly once:
-- a partition that does not match is left out, and the caller must then commit nothing.
-- $1 topic, then arrays with one element a partition: $2 partition, $3 fence, $4 from offset, $5 next offset, $6 rows,
-- $7 bytes, $8 gap offsets, $9 hash of the last record (null: no record), $10 high watermark (null: not known)
WITH moved AS (
    SELECT *
    FROM unnest($2::integer[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
                $9::bytea[], $10::bigint[])
        AS m (kafka_partition, fence, from_offset, next_offset, row_count, byte_count, gap_count, record_hash,
              high_watermark)
),
ours AS MATERIALIZED (
    -- Locked in one order by everybody, so that no two writers wait for each other.
    SELECT p.topic_id, p.kafka_partition
    FROM ops.partitions AS p
    JOIN moved AS m
        ON m.kafka_partition = p.kafka_partition AND m.fence = p.fence AND m.from_offset = p.next_offset
    WHERE p.topic_id = $1
    ORDER BY p.kafka_partition
    FOR NO KEY UPDATE OF p
)
UPDATE ops.partitions AS p
SET next_offset      = m.next_offset,
    record_count     = p.record_count + m.row_count,
    byte_count       = p.byte_count + m.byte_count,
    gap_count        = p.gap_count + m.gap_count,
    last_record_hash = coalesce(m.record_hash, p.last_record_hash),
    -- What was read is there: one that another consumer left behind may be older than what this one has read since.
    high_watermark   = CASE WHEN coalesce(m.high_watermark, p.high_watermark) < m.next_offset THEN m.next_offset
                            ELSE coalesce(m.high_watermark, p.high_watermark) END,
    updated_at       = clock_timestamp()
FROM moved AS m
JOIN ours USING (kafka_partition)
WHERE p.topic_id = ours.topic_id AND p.kafka_partition = m.kafka_partition
  AND p.fence = m.fence AND p.next_offset = m.from_offset

-- How long the oldest batch that is not in gold yet has been in bronze. Per partition the first bronze batch behind silver's
-- cursor, by the primary key, and what gold has not taken of silver, by its partial index: nothing here grows with history.
WITH not_in_silver AS (
    SELECT b.committed_at
    FROM ops.partitions AS p
    LEFT JOIN ops.silver_cursors AS c USING (topic_id, kafka_partition)
    CROSS JOIN LATERAL (
        SELECT b.committed_at
        FROM ops.bronze_batches AS b
        WHERE b.topic_id = p.topic_id
          AND b.kafka_partition = p.kafka_partition
          AND b.first_offset >= coalesce(c.next_offset, p.start_offset)
        ORDER BY b.first_offset
        LIMIT 1
    ) AS b
), not_in_gold AS (
    SELECT bronze_committed_at AS committed_at
    FROM ops.silver_batches
    WHERE gold_batch_id IS NULL AND accepted_count > 0
)
SELECT coalesce(greatest(extract(epoch FROM clock_timestamp() - min(committed_at)), 0), 0)::float8 AS waiting_seconds
FROM (SELECT committed_at FROM not_in_silver UNION ALL SELECT committed_at FROM not_in_gold) AS waiting

-- Per partition, batches and gaps in order of their offsets: the first begins at start_offset, each begins where the one
-- before ended, the last ends at next_offset.
WITH ranges AS (
    SELECT topic_id, kafka_partition, first_offset, last_offset FROM ops.bronze_batches
    UNION ALL
    SELECT topic_id, kafka_partition, first_offset, last_offset FROM ops.offset_gaps AS g
    WHERE NOT EXISTS ( -- a gap inside a batch's range is the batch's own
        SELECT FROM ops.bronze_batches AS b
        WHERE b.topic_id = g.topic_id AND b.kafka_partition = g.kafka_partition
          AND g.first_offset BETWEEN b.first_offset AND b.last_offset
    )
),
steps AS (
    SELECT
        r.topic_id, r.kafka_partition, r.first_offset,
        lag(r.last_offset + 1, 1, p.start_offset) OVER w AS expected_offset
    FROM ranges AS r
    JOIN ops.partitions AS p USING (topic_id, kafka_partition)
    WINDOW w AS (PARTITION BY r.topic_id, r.kafka_partition ORDER BY r.first_offset)
),
ends AS (
    SELECT p.topic_id, p.kafka_partition, p.next_offset, coalesce(max(r.last_offset) + 1, p.start_offset) AS covered
    FROM ops.partitions AS p
    LEFT JOIN ranges AS r USING (topic_id, kafka_partition)
    GROUP BY p.topic_id, p.kafka_partition
)
SELECT format('topic %s partition %s: expected a range from offset %s, found one from %s',
              topic_id, kafka_partition, expected_offset, first_offset)
FROM steps
WHERE first_offset <> expected_offset
UNION ALL
SELECT format('topic %s partition %s: ranges end before offset %s, but the partition stands at %s',
              topic_id, kafka_partition, covered, next_offset)
FROM ends
WHERE covered <> next_offset

-- Per partition, three counts of the same thing: the running ones, the batches' and the rows themselves.
WITH accepted AS (
    SELECT topic_id, kafka_partition, count(*) AS n FROM silver.fct_order_events GROUP BY topic_id, kafka_partition
),
duplicate AS (
    SELECT topic_id, kafka_partition, count(*) AS n FROM silver.duplicate_events GROUP BY topic_id, kafka_partition
),
quarantined AS (
    -- A released record is accepted or a duplicate by now.
    SELECT topic_id, kafka_partition, count(*) AS n
    FROM silver.quarantined_events
    WHERE state <> 'released'
    GROUP BY topic_id, kafka_partition
),
batches AS (
    SELECT topic_id, kafka_partition, sum(accepted_count) AS accepted, sum(duplicate_count) AS duplicate,
           sum(quarantined_count) AS quarantined
    FROM ops.silver_batches
    GROUP BY topic_id, kafka_partition
),
bronze_below_cursor AS (
    SELECT b.topic_id, b.kafka_partition, sum(b.row_count) AS n
    FROM ops.bronze_batches AS b
    JOIN ops.silver_cursors AS c USING (topic_id, kafka_partition)
    WHERE b.last_offset < c.next_offset
    GROUP BY b.topic_id, b.kafka_partition
)
SELECT format('topic %s partition %s: bronze below the cursor %s; accepted %s, duplicate %s, quarantined %s by cursor; %s, %s, %s by batches; %s, %s, %s by rows',
              c.topic_id, c.kafka_partition, coalesce(b.n, 0), c.accepted_count, c.duplicate_count, c.quarantined_count,
              coalesce(s.accepted, 0), coalesce(s.duplicate, 0), coalesce(s.quarantined, 0),
              coalesce(a.n, 0), coalesce(d.n, 0), coalesce(q.n, 0))
FROM ops.silver_cursors AS c
LEFT JOIN batches AS s USING (topic_id, kafka_partition)
LEFT JOIN accepted AS a USING (topic_id, kafka_partition)
LEFT JOIN duplicate AS d USING (topic_id, kafka_partition)
LEFT JOIN quarantined AS q USING (topic_id, kafka_partition)
LEFT JOIN bronze_below_cursor AS b USING (topic_id, kafka_partition)
WHERE (c.accepted_count, c.duplicate_count, c.quarantined_count)
          IS DISTINCT FROM (coalesce(s.accepted, 0), coalesce(s.duplicate, 0), coalesce(s.quarantined, 0))
   OR (c.accepted_count, c.duplicate_count, c.quarantined_count)
          IS DISTINCT FROM (coalesce(a.n, 0), coalesce(d.n, 0), coalesce(q.n, 0))
   OR c.accepted_count + c.duplicate_count + c.quarantined_count IS DISTINCT FROM coalesce(b.n, 0)

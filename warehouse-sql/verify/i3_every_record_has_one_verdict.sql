-- Every record below silver's cursor is accepted, duplicate or quarantined: exactly one, and no verdict without a record.
-- A record that was released from quarantine counts by its new verdict. Of records that retention has dropped there are
-- only the verdicts left: those must be as many as were dropped, and within the offsets that were.
WITH verdicts AS (
    SELECT topic_id, kafka_partition, kafka_offset FROM silver.fct_order_events
    UNION ALL
    SELECT topic_id, kafka_partition, kafka_offset FROM silver.duplicate_events
    UNION ALL
    SELECT topic_id, kafka_partition, kafka_offset FROM silver.quarantined_events WHERE state <> 'released'
),
counted AS (
    SELECT topic_id, kafka_partition, kafka_offset, count(*) AS n
    FROM verdicts
    GROUP BY topic_id, kafka_partition, kafka_offset
),
judged AS (
    SELECT e.topic_id, e.kafka_partition, e.kafka_offset
    FROM bronze.events AS e
    JOIN ops.silver_cursors AS c USING (topic_id, kafka_partition)
    WHERE e.kafka_offset < c.next_offset
),
batches AS (
    SELECT b.topic_id, b.kafka_partition, b.first_offset, b.last_offset, b.row_count, r.retired_day IS NOT NULL AS is_retired,
           row_number() OVER (PARTITION BY b.topic_id, b.kafka_partition ORDER BY b.first_offset)
           - row_number() OVER (PARTITION BY b.topic_id, b.kafka_partition, r.retired_day IS NOT NULL ORDER BY b.first_offset)
               AS run
    FROM ops.bronze_batches AS b
    LEFT JOIN ops.retired_bronze AS r
        ON r.topic_id = b.topic_id AND r.kafka_partition = b.kafka_partition
        AND r.retired_day = (b.ingested_at AT TIME ZONE 'UTC')::date
),
-- Batches that follow each other and were dropped, as one range: few, however many batches there were.
retired AS MATERIALIZED (
    SELECT topic_id, kafka_partition, min(first_offset) AS first_offset, max(last_offset) AS last_offset,
           sum(row_count) AS records
    FROM batches
    WHERE is_retired
    GROUP BY topic_id, kafka_partition, run
),
matched AS (
    SELECT topic_id, kafka_partition, kafka_offset, v.n, j.kafka_offset IS NOT NULL AS has_record
    FROM judged AS j
    FULL JOIN counted AS v USING (topic_id, kafka_partition, kafka_offset)
    WHERE v.n IS DISTINCT FROM 1 OR j.kafka_offset IS NULL OR EXISTS (SELECT FROM retired)
),
placed AS (
    SELECT m.*, r.first_offset, r.records
    FROM matched AS m
    LEFT JOIN retired AS r
        ON r.topic_id = m.topic_id AND r.kafka_partition = m.kafka_partition
        AND m.kafka_offset BETWEEN r.first_offset AND r.last_offset
)
SELECT format('topic %s partition %s offset %s: %s',
              topic_id, kafka_partition, kafka_offset,
              CASE WHEN n IS NULL THEN 'no verdict'
                   WHEN NOT has_record AND first_offset IS NULL THEN 'a verdict, but no record below the cursor'
                   WHEN has_record AND first_offset IS NOT NULL THEN 'a record that retention should have dropped'
                   ELSE n || ' verdicts' END)
FROM placed
WHERE n IS DISTINCT FROM 1 OR has_record = (first_offset IS NOT NULL)
UNION ALL
SELECT format('topic %s partition %s, retired offsets %s to %s: %s records were dropped, %s of them have a verdict',
              r.topic_id, r.kafka_partition, r.first_offset, r.last_offset, r.records, count(p.kafka_offset))
FROM retired AS r
LEFT JOIN placed AS p
    ON p.topic_id = r.topic_id AND p.kafka_partition = r.kafka_partition AND p.first_offset = r.first_offset
GROUP BY r.topic_id, r.kafka_partition, r.first_offset, r.last_offset, r.records
HAVING count(p.kafka_offset) <> r.records

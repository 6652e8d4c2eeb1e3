-- Every record below silver's cursor is accepted, duplicate or quarantined: exactly one, and no verdict without a record.
WITH verdicts AS (
    SELECT topic_id, kafka_partition, kafka_offset FROM silver.fct_order_events
    UNION ALL
    SELECT topic_id, kafka_partition, kafka_offset FROM silver.duplicate_events
    UNION ALL
    SELECT topic_id, kafka_partition, kafka_offset FROM silver.quarantined_events
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
)
SELECT format('topic %s partition %s offset %s: %s',
              topic_id, kafka_partition, kafka_offset,
              CASE WHEN v.n IS NULL THEN 'no verdict'
                   WHEN j.kafka_offset IS NULL THEN 'a verdict, but no record below the cursor'
                   ELSE v.n || ' verdicts' END)
FROM judged AS j
FULL JOIN counted AS v USING (topic_id, kafka_partition, kafka_offset)
WHERE v.n IS DISTINCT FROM 1 OR j.kafka_offset IS NULL

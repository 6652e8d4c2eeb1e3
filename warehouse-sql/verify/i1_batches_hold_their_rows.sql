-- The rows of bronze, grouped as they were written, against the ledger: as many, within the range, none twice.
WITH held AS (
    SELECT topic_id, kafka_partition, ingested_at, count(*) AS rows, count(DISTINCT kafka_offset) AS offsets,
           min(kafka_offset) AS first_offset, max(kafka_offset) AS last_offset
    FROM bronze.events
    GROUP BY topic_id, kafka_partition, ingested_at
),
promised AS (
    SELECT topic_id, kafka_partition, ingested_at, sum(row_count) AS rows, min(first_offset) AS first_offset,
           max(last_offset) AS last_offset
    FROM ops.bronze_batches
    GROUP BY topic_id, kafka_partition, ingested_at
)
SELECT format('topic %s partition %s, batch of %s: the ledger says %s rows (offsets %s to %s), bronze holds %s rows with %s offsets (%s to %s)',
              topic_id, kafka_partition, ingested_at, p.rows, p.first_offset, p.last_offset, h.rows, h.offsets,
              h.first_offset, h.last_offset)
FROM promised AS p
FULL JOIN held AS h USING (topic_id, kafka_partition, ingested_at)
WHERE (p.rows, p.rows, p.first_offset, p.last_offset)
      IS DISTINCT FROM (h.rows::numeric, h.offsets::numeric, h.first_offset, h.last_offset)

-- The rows of bronze, grouped as they were written, against the ledger: as many, within the range, none twice. What the
-- ledger has merged is compared by hour; what retention has dropped, by day and as it was counted then.
WITH merged_hours AS MATERIALIZED (
    SELECT DISTINCT topic_id, kafka_partition, date_trunc('hour', ingested_at, 'UTC') AS hour_at
    FROM ops.bronze_batches
    WHERE batch_count > 1
),
held AS (
    SELECT e.topic_id, e.kafka_partition, coalesce(m.hour_at, e.ingested_at) AS written_at, count(*) AS rows,
           count(DISTINCT e.kafka_offset) AS offsets, min(e.kafka_offset) AS first_offset,
           max(e.kafka_offset) AS last_offset
    FROM bronze.events AS e
    LEFT JOIN merged_hours AS m
        ON m.topic_id = e.topic_id AND m.kafka_partition = e.kafka_partition
        AND m.hour_at = date_trunc('hour', e.ingested_at, 'UTC')
    GROUP BY e.topic_id, e.kafka_partition, coalesce(m.hour_at, e.ingested_at)
),
batches AS (
    SELECT b.*, (b.ingested_at AT TIME ZONE 'UTC')::date AS ingested_on, r.retired_day
    FROM ops.bronze_batches AS b
    LEFT JOIN ops.retired_bronze AS r
        ON r.topic_id = b.topic_id AND r.kafka_partition = b.kafka_partition
        AND r.retired_day = (b.ingested_at AT TIME ZONE 'UTC')::date
),
promised AS (
    SELECT b.topic_id, b.kafka_partition, coalesce(m.hour_at, b.ingested_at) AS written_at, sum(b.row_count) AS rows,
           min(b.first_offset) AS first_offset, max(b.last_offset) AS last_offset
    FROM batches AS b
    LEFT JOIN merged_hours AS m
        ON m.topic_id = b.topic_id AND m.kafka_partition = b.kafka_partition
        AND m.hour_at = date_trunc('hour', b.ingested_at, 'UTC')
    WHERE b.retired_day IS NULL
    GROUP BY b.topic_id, b.kafka_partition, coalesce(m.hour_at, b.ingested_at)
),
promised_of_retired AS (
    SELECT topic_id, kafka_partition, retired_day, sum(row_count) AS rows, sum(byte_count) AS bytes,
           min(first_offset) AS first_offset, max(last_offset) AS last_offset
    FROM batches
    WHERE retired_day IS NOT NULL
    GROUP BY topic_id, kafka_partition, retired_day
)
SELECT format('topic %s partition %s, batch of %s: the ledger says %s rows (offsets %s to %s), bronze holds %s rows with %s offsets (%s to %s)',
              topic_id, kafka_partition, written_at, p.rows, p.first_offset, p.last_offset, h.rows, h.offsets,
              h.first_offset, h.last_offset)
FROM promised AS p
FULL JOIN held AS h USING (topic_id, kafka_partition, written_at)
WHERE (p.rows, p.rows, p.first_offset, p.last_offset)
      IS DISTINCT FROM (h.rows::numeric, h.offsets::numeric, h.first_offset, h.last_offset)
UNION ALL
SELECT format('topic %s partition %s, retired day %s: the ledger says %s rows of %s bytes (offsets %s to %s), dropped were %s rows of %s bytes (%s to %s)',
              topic_id, kafka_partition, retired_day, p.rows, p.bytes, p.first_offset, p.last_offset, r.record_count,
              r.byte_count, r.first_offset, r.last_offset)
FROM promised_of_retired AS p
FULL JOIN ops.retired_bronze AS r USING (topic_id, kafka_partition, retired_day)
WHERE (p.rows, p.bytes, p.first_offset, p.last_offset)
      IS DISTINCT FROM (r.record_count::numeric, r.byte_count::numeric, r.first_offset, r.last_offset)

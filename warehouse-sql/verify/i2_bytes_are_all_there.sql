-- Bytes of keys, headers and payloads in bronze, and of what retention has dropped, against what the consumer counted as
-- it took them from Kafka.
WITH held AS (
    SELECT topic_id, kafka_partition, count(*) AS records,
           sum(coalesce(octet_length(key), 0) + coalesce(octet_length(payload), 0)
               + CASE WHEN headers IS NULL THEN 0
                      ELSE (SELECT coalesce(sum(octet_length(h)), 0) FROM unnest(headers) AS u (h)) END) AS bytes
    FROM bronze.events
    GROUP BY topic_id, kafka_partition
),
retired AS (
    SELECT topic_id, kafka_partition, sum(record_count) AS records, sum(byte_count) AS bytes
    FROM ops.retired_bronze
    GROUP BY topic_id, kafka_partition
)
SELECT format('topic %s partition %s: the consumer took %s records of %s bytes, bronze holds %s records of %s bytes, retired are %s of %s',
              topic_id, kafka_partition, p.record_count, p.byte_count, coalesce(h.records, 0), coalesce(h.bytes, 0),
              coalesce(r.records, 0), coalesce(r.bytes, 0))
FROM ops.partitions AS p
FULL JOIN held AS h USING (topic_id, kafka_partition)
FULL JOIN retired AS r USING (topic_id, kafka_partition)
WHERE (p.record_count::numeric, p.byte_count::numeric)
      IS DISTINCT FROM (coalesce(h.records, 0) + coalesce(r.records, 0), coalesce(h.bytes, 0) + coalesce(r.bytes, 0))

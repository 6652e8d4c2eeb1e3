-- The values of these records, in the order given.
-- Arrays with one element a record: $1 topic, $2 partition, $3 offset, $4 ingested_at
SELECT w.position, e.payload
FROM unnest($1::integer[], $2::integer[], $3::bigint[], $4::timestamptz[]) WITH ORDINALITY
    AS w (topic_id, kafka_partition, kafka_offset, ingested_at, position)
JOIN bronze.events AS e
    ON e.topic_id = w.topic_id AND e.kafka_partition = w.kafka_partition AND e.kafka_offset = w.kafka_offset
    AND e.ingested_at = w.ingested_at
ORDER BY w.position

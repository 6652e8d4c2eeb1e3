-- One record with what bronze has of it; the value is cut at 1 MiB for a person's eyes.
-- $1 topic, $2 partition, $3 offset, $4 ingested_at
SELECT e.key, e.headers, octet_length(e.payload) AS byte_count, substring(e.payload FOR 1048576) AS payload,
       bronze.payload_as_json(substring(e.payload FOR 1048576)) AS decoded
FROM bronze.events AS e
WHERE e.topic_id = $1 AND e.kafka_partition = $2 AND e.kafka_offset = $3 AND e.ingested_at = $4

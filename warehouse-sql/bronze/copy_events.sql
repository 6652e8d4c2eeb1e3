COPY bronze.events (topic_id, kafka_partition, kafka_offset, kafka_timestamp, ingested_at, key, headers, payload)
FROM STDIN (FORMAT binary)

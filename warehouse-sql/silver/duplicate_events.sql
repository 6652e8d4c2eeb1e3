COPY silver.duplicate_events (
    topic_id, kafka_partition, kafka_offset, event_id, kept_topic_id, kept_kafka_partition, kept_kafka_offset
) FROM STDIN (FORMAT binary)

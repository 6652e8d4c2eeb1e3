COPY silver.quarantined_events (
    topic_id, kafka_partition, kafka_offset, event_id, rule_version, reason, detail, ingested_at
) FROM STDIN (FORMAT binary)

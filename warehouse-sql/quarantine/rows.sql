SELECT t.topic_name, q.topic_id, q.kafka_partition, q.kafka_offset, q.event_id, q.rule_version, q.reason, q.detail, q.state,
       q.ingested_at, q.quarantined_at, q.rejudged_at, q.resolved_at, q.resolution_note

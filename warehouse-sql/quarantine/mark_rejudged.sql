-- Arrays with one element a record: $1 topic, $2 partition, $3 offset, $4 event id, $5 reason, $6 detail; $7 rule version
UPDATE silver.quarantined_events AS q
SET event_id = w.event_id, reason = w.reason, detail = w.detail, rule_version = $7, rejudged_at = now()
FROM unnest($1::integer[], $2::integer[], $3::bigint[], $4::uuid[], $5::text[], $6::text[])
    AS w (topic_id, kafka_partition, kafka_offset, event_id, reason, detail)
WHERE q.topic_id = w.topic_id AND q.kafka_partition = w.kafka_partition AND q.kafka_offset = w.kafka_offset
  AND q.state = 'open'

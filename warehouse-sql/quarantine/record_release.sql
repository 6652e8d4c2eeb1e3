-- A release adds no records: what it accepts, or finds to be a duplicate, is taken off what was quarantined.
-- Arrays with one element a Kafka partition: $1 topic, $2 partition, $3 first and $4 last offset, $5 first and $6 last key,
-- $7 accepted, $8 duplicate, $9 lines, $10 oldest and $11 newest event, $12 when bronze took the last record;
-- $13 when the release began
INSERT INTO ops.silver_batches (
    topic_id, kafka_partition, first_offset, last_offset, first_order_event_key, last_order_event_key,
    bronze_batch_count, record_count, accepted_count, duplicate_count, quarantined_count, line_count, oldest_event_at,
    newest_event_at, bronze_committed_at, started_at
)
SELECT r.topic_id, r.kafka_partition, r.first_offset, r.last_offset, r.first_key, r.last_key, 0, 0, r.accepted, r.duplicate,
       -(r.accepted + r.duplicate), r.lines, r.oldest_event_at, r.newest_event_at, r.ingested_at, $13
FROM unnest($1::integer[], $2::integer[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::integer[],
            $8::integer[], $9::integer[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[])
    AS r (topic_id, kafka_partition, first_offset, last_offset, first_key, last_key, accepted, duplicate, lines,
          oldest_event_at, newest_event_at, ingested_at)

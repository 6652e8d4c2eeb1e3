-- Arrays with one element a partition: $1 topic, $2 partition, $3 first and $4 last offset, $5 first and $6 last key,
-- $7 bronze batches, $8 records, $9 accepted, $10 duplicate, $11 quarantined, $12 lines, $13 oldest and $14 newest event,
-- $15 when the last of the bronze batches was written; $16 when this load began
INSERT INTO ops.silver_batches (
    topic_id, kafka_partition, first_offset, last_offset, first_order_event_key, last_order_event_key,
    bronze_batch_count, record_count, accepted_count, duplicate_count, quarantined_count, line_count, oldest_event_at,
    newest_event_at, bronze_committed_at, started_at
)
SELECT b.*, $16
FROM unnest($1::integer[], $2::integer[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::integer[],
            $8::integer[], $9::integer[], $10::integer[], $11::integer[], $12::integer[], $13::timestamptz[],
            $14::timestamptz[], $15::timestamptz[]) AS b

-- $1 topic, then arrays with one element a gap: $2 partition, $3 first offset, $4 last offset, $5 reason
INSERT INTO ops.offset_gaps (topic_id, kafka_partition, first_offset, last_offset, reason)
SELECT $1, g.kafka_partition, g.first_offset, g.last_offset, g.reason
FROM unnest($2::integer[], $3::bigint[], $4::bigint[], $5::text[])
    AS g (kafka_partition, first_offset, last_offset, reason)

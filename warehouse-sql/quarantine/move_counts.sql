-- Arrays with one element a Kafka partition: $1 topic, $2 partition, $3 accepted, $4 duplicate
UPDATE ops.silver_cursors AS c
SET accepted_count    = c.accepted_count + r.accepted,
    duplicate_count   = c.duplicate_count + r.duplicate,
    quarantined_count = c.quarantined_count - r.accepted - r.duplicate,
    updated_at        = clock_timestamp()
FROM unnest($1::integer[], $2::integer[], $3::integer[], $4::integer[])
    AS r (topic_id, kafka_partition, accepted, duplicate)
WHERE c.topic_id = r.topic_id AND c.kafka_partition = r.kafka_partition

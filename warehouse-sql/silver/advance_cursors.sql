-- Arrays with one element a claimed partition: $1 topic, $2 partition, $3 from offset, $4 next offset, $5 records,
-- $6 accepted, $7 duplicate, $8 quarantined
UPDATE ops.silver_cursors AS c
SET next_offset       = m.next_offset,
    record_count      = c.record_count + m.record_count,
    accepted_count    = c.accepted_count + m.accepted_count,
    duplicate_count   = c.duplicate_count + m.duplicate_count,
    quarantined_count = c.quarantined_count + m.quarantined_count,
    updated_at        = clock_timestamp()
FROM unnest($1::integer[], $2::integer[], $3::bigint[], $4::bigint[], $5::integer[], $6::integer[], $7::integer[],
            $8::integer[])
    AS m (topic_id, kafka_partition, from_offset, next_offset, record_count, accepted_count, duplicate_count,
          quarantined_count)
WHERE c.topic_id = m.topic_id AND c.kafka_partition = m.kafka_partition AND c.next_offset = m.from_offset

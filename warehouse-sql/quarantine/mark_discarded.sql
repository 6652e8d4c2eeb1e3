-- Arrays with one element a record: $1 topic, $2 partition, $3 offset; $4 note
UPDATE silver.quarantined_events AS q
SET state = 'discarded', resolved_at = now(), resolution_note = $4
FROM unnest($1::integer[], $2::integer[], $3::bigint[]) AS w (topic_id, kafka_partition, kafka_offset)
WHERE q.topic_id = w.topic_id AND q.kafka_partition = w.kafka_partition AND q.kafka_offset = w.kafka_offset
  AND q.state = 'open'

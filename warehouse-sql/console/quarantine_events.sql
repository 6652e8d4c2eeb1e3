-- Newest first. $1 reason, $2 state; the last row of the page before: $3 time, $4 topic, $5 partition, $6 offset; $7 rows.
SELECT topic_name, topic_id, kafka_partition, kafka_offset, event_id::text AS event_id, reason, detail, rule_version, state,
       ingested_at, quarantined_at
FROM ops.quarantine
WHERE ($1::text IS NULL OR reason = $1)
  AND ($2::text IS NULL OR state = $2)
  AND (quarantined_at, topic_id, kafka_partition, kafka_offset)
      < (coalesce($3::timestamptz, 'infinity'), coalesce($4::integer, 0), coalesce($5::integer, 0), coalesce($6::bigint, 0))
ORDER BY quarantined_at DESC, topic_id DESC, kafka_partition DESC, kafka_offset DESC
LIMIT $7::bigint

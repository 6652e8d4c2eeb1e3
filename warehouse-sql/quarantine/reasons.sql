SELECT q.reason, q.state, count(*) AS records, min(q.quarantined_at) AS first_at, max(q.quarantined_at) AS last_at,
       (array_agg(format('%s/%s/%s', t.topic_name, q.kafka_partition, q.kafka_offset) ORDER BY q.quarantined_at DESC))[1] AS example,
       (array_agg(q.detail ORDER BY q.quarantined_at DESC))[1] AS example_detail

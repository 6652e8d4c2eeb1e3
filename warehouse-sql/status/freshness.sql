SELECT p50_seconds::float8, p95_seconds::float8, p99_seconds::float8 FROM ops.freshness WHERE stage = 'event_to_gold'

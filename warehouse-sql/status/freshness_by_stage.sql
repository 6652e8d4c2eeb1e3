SELECT stage, p50_seconds::float8 AS p50_seconds, p95_seconds::float8 AS p95_seconds, p99_seconds::float8 AS p99_seconds
FROM ops.freshness

-- Without a row where no batch of the last minute had an accepted event.
SELECT p50_seconds::float8, p95_seconds::float8, p99_seconds::float8
FROM ops.freshness
WHERE stage = 'event_to_gold' AND p50_seconds IS NOT NULL

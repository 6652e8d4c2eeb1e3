-- The oldest run that waits, or whose process has fallen silent. $1 seconds of silence that are death.
UPDATE ops.pipeline_runs
SET status = 'running', started_at = coalesce(started_at, clock_timestamp()), heartbeat_at = clock_timestamp(),
    attempts = attempts + 1
WHERE run_id = (
    SELECT run_id
    FROM ops.pipeline_runs
    WHERE status = 'requested'
       OR (status = 'running' AND kind <> 'rebuild' AND heartbeat_at < clock_timestamp() - make_interval(secs => $1::float8))
    ORDER BY run_id
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING run_id, kind, attempts

-- The next attempt at a run. $1 run, $2 attempt that failed, $3 why.
UPDATE ops.pipeline_runs
SET attempts = attempts + 1, heartbeat_at = clock_timestamp(), outcome = $3
WHERE run_id = $1 AND attempts = $2 AND status = 'running'

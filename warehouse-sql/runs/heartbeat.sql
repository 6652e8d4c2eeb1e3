-- $1 run, $2 attempt.
UPDATE ops.pipeline_runs SET heartbeat_at = clock_timestamp() WHERE run_id = $1 AND attempts = $2 AND status = 'running'

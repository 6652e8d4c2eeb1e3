-- $1 run, $2 attempt, $3 succeeded or failed, $4 bronze records, $5 what came of it.
UPDATE ops.pipeline_runs
SET status = $3, ended_at = clock_timestamp(), row_count = $4, outcome = $5
WHERE run_id = $1 AND attempts = $2 AND status = 'running'

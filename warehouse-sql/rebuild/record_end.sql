-- $1 run, $2 status, $3 records, $4 outcome
UPDATE ops.pipeline_runs
SET status = $2, ended_at = clock_timestamp(), row_count = $3, outcome = $4
WHERE run_id = $1

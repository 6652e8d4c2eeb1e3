-- $1 run.
SELECT run_id, kind, status, requested_at, requested_by, started_at, ended_at, attempts, row_count, outcome
FROM ops.runs
WHERE run_id = $1

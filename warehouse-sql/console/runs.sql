-- Newest first. $1 the last run of the page before, $2 rows.
SELECT run_id, kind, status, requested_at, requested_by, started_at, ended_at, attempts, row_count, outcome
FROM ops.runs
WHERE $1::bigint IS NULL OR run_id < $1
ORDER BY run_id DESC
LIMIT $2::bigint

-- $1 the run that was asked for and begins with this, or null where nobody asked.
-- A run of an earlier rebuild that still says that it is running was killed: only one can be.
WITH killed AS (
    UPDATE ops.pipeline_runs
    SET status = 'failed', ended_at = clock_timestamp(), outcome = 'its process ended without a word'
    WHERE kind = 'rebuild' AND status = 'running' AND run_id IS DISTINCT FROM $1::bigint
),
unasked AS (
    INSERT INTO ops.pipeline_runs (kind)
    SELECT 'rebuild' WHERE $1::bigint IS NULL
    RETURNING run_id
)
SELECT coalesce($1::bigint, (SELECT run_id FROM unasked)) AS run_id

-- A run of an earlier rebuild that still says that it is running was killed: only one can be.
WITH killed AS (
    UPDATE ops.pipeline_runs
    SET status = 'failed', ended_at = clock_timestamp(), outcome = 'its process ended without a word'
    WHERE kind = 'rebuild' AND status = 'running'
)
INSERT INTO ops.pipeline_runs (kind) VALUES ('rebuild') RETURNING run_id

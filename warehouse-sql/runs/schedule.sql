-- Nothing where that time has its run already, or where one is under way. $1 the time of the schedule.
INSERT INTO ops.pipeline_runs (kind, status, started_at, requested_by, scheduled_for)
VALUES ('scheduled', 'requested', NULL, 'schedule', $1)
ON CONFLICT DO NOTHING
RETURNING run_id

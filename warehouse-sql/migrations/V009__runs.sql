-- Runs that are asked for: by the console, by a schedule.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'console') THEN
        -- LOGIN without a password: nobody gets in before `transformer migrate` sets one.
        CREATE ROLE console LOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL; -- another database of the same cluster is being migrated at this moment
END
$$;

-- ── runs ────────────────────────────────────────────────────────────────────────────────────────────────────────────

ALTER TABLE ops.pipeline_runs
    DROP CONSTRAINT pipeline_runs_status_check,
    DROP CONSTRAINT pipeline_runs_check,
    ALTER COLUMN started_at DROP NOT NULL,
    ADD COLUMN requested_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD COLUMN requested_by  text        NOT NULL DEFAULT 'command line' CHECK (length(requested_by) <= 100),
    ADD COLUMN attempts      integer     NOT NULL DEFAULT 0,
    ADD COLUMN heartbeat_at  timestamptz,
    ADD COLUMN scheduled_for timestamptz UNIQUE,
    ADD CONSTRAINT pipeline_runs_status_check CHECK (status IN ('requested', 'running', 'succeeded', 'failed')),
    ADD CONSTRAINT pipeline_runs_requested_are_not_begun CHECK ((status = 'requested') = (started_at IS NULL)),
    ADD CONSTRAINT pipeline_runs_ended_are_over CHECK ((status IN ('requested', 'running')) = (ended_at IS NULL));
COMMENT ON COLUMN ops.pipeline_runs.kind IS 'manual or scheduled, which take everything that bronze holds to gold; or rebuild.';
COMMENT ON COLUMN ops.pipeline_runs.status IS 'requested, running, succeeded or failed. A run whose process was killed stays running until another process takes it up, or, for a rebuild, until the next one begins.';
COMMENT ON COLUMN ops.pipeline_runs.started_at IS 'When it began (UTC); null while nobody has taken it up.';
COMMENT ON COLUMN ops.pipeline_runs.requested_at IS 'When it was asked for (UTC).';
COMMENT ON COLUMN ops.pipeline_runs.requested_by IS 'Who asked for it: console, schedule or command line.';
COMMENT ON COLUMN ops.pipeline_runs.attempts IS 'How often it was begun: a failed attempt is repeated three times.';
COMMENT ON COLUMN ops.pipeline_runs.heartbeat_at IS 'When the process that runs it last said so (UTC); one that has been silent for a minute is taken for dead. Null for a rebuild.';
COMMENT ON COLUMN ops.pipeline_runs.scheduled_for IS 'The time of the schedule that it is for (UTC), so that several transformers with one schedule make one run; null for others.';

-- One at a time: who asks while one waits or runs is given that one.
CREATE UNIQUE INDEX pipeline_runs_one_drain ON ops.pipeline_runs ((true))
    WHERE kind <> 'rebuild' AND status IN ('requested', 'running');
-- Rebuilds that run are kept apart by a lock of their own.
CREATE UNIQUE INDEX pipeline_runs_one_requested_rebuild ON ops.pipeline_runs ((true))
    WHERE kind = 'rebuild' AND status = 'requested';

CREATE FUNCTION ops.request_run(wanted_kind text, asked_by text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found_id bigint;
BEGIN
    IF wanted_kind IS NULL OR wanted_kind NOT IN ('manual', 'rebuild') THEN
        RAISE EXCEPTION 'a run is manual or rebuild, not %', wanted_kind USING ERRCODE = 'invalid_parameter_value';
    END IF;
    LOOP
        SELECT r.run_id INTO found_id
        FROM ops.pipeline_runs AS r
        WHERE r.status IN ('requested', 'running') AND (r.kind = 'rebuild') = (wanted_kind = 'rebuild')
        ORDER BY r.run_id
        LIMIT 1;
        IF found_id IS NOT NULL THEN
            RETURN found_id;
        END IF;
        INSERT INTO ops.pipeline_runs (kind, status, started_at, requested_by)
        VALUES (wanted_kind, 'requested', NULL, left(coalesce(asked_by, 'unknown'), 100))
        ON CONFLICT DO NOTHING
        RETURNING run_id INTO found_id;
        IF found_id IS NOT NULL THEN
            PERFORM pg_notify('assay_runs', found_id::text);
            RETURN found_id;
        END IF;
        -- Somebody else was first: their run is there now, or has ended already.
    END LOOP;
END
$$;
COMMENT ON FUNCTION ops.request_run IS 'Asks for a run, manual or rebuild, and answers its id; while one of its kind waits or runs, that one''s.';
REVOKE ALL ON FUNCTION ops.request_run FROM PUBLIC;

CREATE VIEW ops.runs AS
SELECT run_id, kind, status, requested_at, requested_by, started_at, ended_at, attempts, row_count, outcome
FROM ops.pipeline_runs;
COMMENT ON VIEW ops.runs IS 'One row per run that someone asked for: by hand, by schedule, or a rebuild.';
COMMENT ON COLUMN ops.runs.run_id IS 'Surrogate key.';
COMMENT ON COLUMN ops.runs.kind IS 'manual, scheduled or rebuild.';
COMMENT ON COLUMN ops.runs.status IS 'requested, running, succeeded or failed.';
COMMENT ON COLUMN ops.runs.requested_at IS 'When it was asked for (UTC).';
COMMENT ON COLUMN ops.runs.requested_by IS 'Who asked for it: console, schedule or command line.';
COMMENT ON COLUMN ops.runs.started_at IS 'When it began (UTC); null while nobody has taken it up.';
COMMENT ON COLUMN ops.runs.ended_at IS 'When it ended (UTC).';
COMMENT ON COLUMN ops.runs.attempts IS 'How often it was begun.';
COMMENT ON COLUMN ops.runs.row_count IS 'Bronze records that it worked off.';
COMMENT ON COLUMN ops.runs.outcome IS 'What came of it, or the error, for a person.';

-- ── rights ──────────────────────────────────────────────────────────────────────────────────────────────────────────

-- Takes runs up and says how they end; schedules make them.
GRANT SELECT, INSERT, UPDATE ON ops.pipeline_runs TO transformer;
GRANT SELECT ON ops.runs TO transformer, dashboard_reader;
-- All that the console's own role may do is to ask for a run; it reads as dashboard_reader.
GRANT USAGE ON SCHEMA ops TO console;
GRANT EXECUTE ON FUNCTION ops.request_run TO console;

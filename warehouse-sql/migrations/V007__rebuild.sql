-- Rebuild: silver and gold derived anew from bronze beside the live ones, compared, and swapped in one transaction.
--
-- The rebuilt tables stand in schemas of their own, `silver_next`, `gold_next` and `ops_next`, under the names of the live
-- ones, and the stages run on them with every schema name changed. What is not derived, the keys of dimension members
-- and the ledger of bronze, is seen there through views. These functions are for the owner alone.

CREATE TABLE ops.pipeline_runs (
    run_id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text        NOT NULL CHECK (kind IN ('manual', 'scheduled', 'rebuild')),
    status      text        NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'succeeded', 'failed')),
    started_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at    timestamptz,
    row_count   bigint,
    outcome     text,
    CHECK ((status = 'running') = (ended_at IS NULL))
);
COMMENT ON TABLE ops.pipeline_runs IS 'One row per run that someone asked for: by hand, by schedule, or a rebuild.';
COMMENT ON COLUMN ops.pipeline_runs.run_id IS 'Surrogate key.';
COMMENT ON COLUMN ops.pipeline_runs.kind IS 'manual, scheduled or rebuild.';
COMMENT ON COLUMN ops.pipeline_runs.status IS 'running, succeeded or failed; a run whose process was killed stays running until the next one of its kind begins.';
COMMENT ON COLUMN ops.pipeline_runs.started_at IS 'When it began (UTC).';
COMMENT ON COLUMN ops.pipeline_runs.ended_at IS 'When it ended (UTC).';
COMMENT ON COLUMN ops.pipeline_runs.row_count IS 'Bronze records that it worked off.';
COMMENT ON COLUMN ops.pipeline_runs.outcome IS 'What came of it, or the error, for a person.';

-- ── which tables are derived ────────────────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION ops.derived_tables() RETURNS TABLE (schema_name text, table_name text, is_swapped boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT n.nspname::text, c.relname::text, c.relname NOT IN ('closed_days', 'restatements')
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r'
      AND (
          (n.nspname = 'silver' AND (c.relname NOT LIKE 'dim\_%' OR c.relname LIKE '%\_history'))
          OR (n.nspname = 'gold' AND c.relname NOT LIKE 'rfm\_%') -- those are settings of the marts
          OR (n.nspname = 'ops' AND c.relname IN ('silver_cursors', 'silver_batches', 'gold_batches', 'closed_days', 'restatements'))
      )
$$;
COMMENT ON FUNCTION ops.derived_tables IS 'The tables that a rebuild derives anew, and whether they replace the live ones at the swap.';

-- ── the schemas beside ──────────────────────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION ops.clone_table(from_schema text, from_table text, to_schema text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    original  regclass := format('%I.%I', from_schema, from_table)::regclass;
    place     text     := format('%I.%I', to_schema, from_table);
    part      record;
    own_index text;
BEGIN
    -- Indexes and constraints are made one by one below, since LIKE would give them other names.
    EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL EXCLUDING INDEXES)', place, original);
    FOR part IN
        SELECT conname, pg_get_constraintdef(oid) AS definition
        FROM pg_constraint
        WHERE conrelid = original AND contype IN ('p', 'u', 'x')
        ORDER BY contype, conname
    LOOP
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s', place, part.conname, part.definition);
    END LOOP;
    FOR own_index IN
        SELECT pg_get_indexdef(i.indexrelid)
        FROM pg_index AS i
        WHERE i.indrelid = original AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
    LOOP
        EXECUTE replace(own_index, format(' ON %s ', original), format(' ON %s ', place));
    END LOOP;
    FOR part IN SELECT unnest(reloptions) AS option FROM pg_class WHERE oid = original LOOP
        EXECUTE format('ALTER TABLE %s SET (%s)', place, part.option);
    END LOOP;
    FOR part IN
        SELECT a.privilege_type, a.grantee::regrole AS grantee
        FROM pg_class AS c, aclexplode(c.relacl) AS a
        WHERE c.oid = original AND a.grantee NOT IN (0, c.relowner)
    LOOP
        EXECUTE format('GRANT %s ON %s TO %s', part.privilege_type, place, part.grantee);
    END LOOP;
    FOR part IN
        SELECT format('%I.%I', to_schema, c.relname) AS sequence, a.grantee::regrole AS grantee
        FROM pg_depend AS d
        JOIN pg_class AS c ON c.oid = d.objid AND c.relkind = 'S'
        CROSS JOIN aclexplode(c.relacl) AS a
        WHERE d.refobjid = original AND d.deptype = 'i' AND a.grantee NOT IN (0, c.relowner) AND a.privilege_type = 'USAGE'
    LOOP
        EXECUTE format('GRANT USAGE ON SEQUENCE %s TO %s', part.sequence, part.grantee);
    END LOOP;
    EXECUTE format('COMMENT ON TABLE %s IS %L', place, obj_description(original, 'pg_class'));
END
$$;
COMMENT ON FUNCTION ops.clone_table IS 'Makes an empty table like another one, with the names of its constraints and indexes, its storage settings, rights and comments; without foreign keys.';

CREATE FUNCTION ops.prepare_rebuild() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    live record;
BEGIN
    DROP SCHEMA IF EXISTS silver_next, gold_next, ops_next CASCADE;
    CREATE SCHEMA silver_next;
    CREATE SCHEMA gold_next;
    CREATE SCHEMA ops_next;
    FOR live IN SELECT * FROM ops.derived_tables() LOOP
        PERFORM ops.clone_table(live.schema_name, live.table_name, live.schema_name || '_next');
    END LOOP;
    -- How far the sums of all time reach is decided by the live side.
    INSERT INTO gold_next.sales_summary_days TABLE gold.sales_summary_days;
    CREATE SEQUENCE silver_next.order_event_keys INCREMENT BY 65536 START WITH 65536;
    GRANT USAGE ON SEQUENCE silver_next.order_event_keys TO transformer;
    -- Members keep the keys that they have, so that what others remember of them stays true. Settings are the same.
    FOR live IN
        SELECT n.nspname, c.relname
        FROM pg_class AS c
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND n.nspname IN ('silver', 'gold', 'ops')
          AND (n.nspname, c.relname) NOT IN (SELECT schema_name, table_name FROM ops.derived_tables())
          AND (n.nspname, c.relname) NOT IN (('ops', 'partitions'), ('ops', 'bronze_batches'))
    LOOP
        EXECUTE format('CREATE VIEW %I.%I AS SELECT * FROM %I.%I',
                       live.nspname || '_next', live.relname, live.nspname, live.relname);
    END LOOP;
    -- Of bronze just what live silver has judged: so the rebuilt tables never run ahead of the live ones, and where they
    -- have caught up the two stand at the same offsets.
    CREATE VIEW ops_next.partitions AS
    SELECT p.topic_id, p.kafka_partition, p.start_offset, c.next_offset, c.record_count
    FROM ops.partitions AS p
    JOIN ops.silver_cursors AS c USING (topic_id, kafka_partition);
    CREATE VIEW ops_next.bronze_batches AS
    SELECT b.*
    FROM ops.bronze_batches AS b
    JOIN ops.silver_cursors AS c USING (topic_id, kafka_partition)
    WHERE b.last_offset < c.next_offset;
END
$$;
COMMENT ON FUNCTION ops.prepare_rebuild IS 'Makes the schemas beside, empty; what an earlier rebuild left there is dropped.';

-- ── the comparison ──────────────────────────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION ops.rebuild_differences()
RETURNS TABLE (mart text, cell jsonb, figure text, live_value text, rebuilt_value text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    live record;
    keys text[];
BEGIN
    FOR live IN
        SELECT d.table_name FROM ops.derived_tables() AS d WHERE d.schema_name = 'gold' ORDER BY d.table_name
    LOOP
        SELECT array_agg(a.attname::text ORDER BY a.attnum) INTO STRICT keys
        FROM pg_index AS i
        JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
        WHERE i.indrelid = format('gold.%I', live.table_name)::regclass AND i.indisprimary;
        -- Only rows that are not the same on both sides are taken apart into figures.
        RETURN QUERY EXECUTE format($query$
            WITH live AS (
                SELECT to_jsonb(d) AS whole FROM (TABLE gold.%1$I EXCEPT ALL TABLE gold_next.%1$I) AS d
            ),
            rebuilt AS (
                SELECT to_jsonb(d) AS whole FROM (TABLE gold_next.%1$I EXCEPT ALL TABLE gold.%1$I) AS d
            ),
            cells AS (
                SELECT coalesce(l.cell, r.cell) AS cell, l.figures AS live, r.figures AS rebuilt
                FROM (
                    SELECT whole - $1 AS figures, whole - array(SELECT jsonb_object_keys(whole - $1)) AS cell FROM live
                ) AS l
                FULL JOIN (
                    SELECT whole - $1 AS figures, whole - array(SELECT jsonb_object_keys(whole - $1)) AS cell FROM rebuilt
                ) AS r USING (cell)
            )
            SELECT %1$L::text, cells.cell, f.figure, cells.live ->> f.figure, cells.rebuilt ->> f.figure
            FROM cells
            CROSS JOIN LATERAL jsonb_object_keys(coalesce(cells.live, cells.rebuilt)) AS f (figure)
            WHERE cells.live -> f.figure IS DISTINCT FROM cells.rebuilt -> f.figure
              -- A cell that has become empty stays as a row of zeros, which is no other figure than no row.
              AND NOT (cells.live IS NULL AND cells.rebuilt -> f.figure IN ('0', '0.00'))
              AND NOT (cells.rebuilt IS NULL AND cells.live -> f.figure IN ('0', '0.00'))
            UNION ALL
            -- A table of nothing but its key has no figures: a row is there or not.
            SELECT %1$L::text, cells.cell, 'is_there', (cells.live IS NOT NULL)::text, (cells.rebuilt IS NOT NULL)::text
            FROM cells
            WHERE coalesce(cells.live, cells.rebuilt) = '{}'
        $query$, live.table_name) USING keys;
    END LOOP;
END
$$;
COMMENT ON FUNCTION ops.rebuild_differences IS 'Every figure of a gold table that the rebuilt tables have otherwise than the live ones. A value is null where the row is missing on that side; a table of nothing but its key has the figure is_there.';

-- ── the swap ────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION ops.swap_rebuild() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    live      record;
    view      record;
    reference record;
BEGIN
    -- Views and foreign keys hold on to tables, not to names: their definitions are taken down first, by name …
    CREATE TEMP TABLE swapped_views ON COMMIT DROP AS
    SELECT c.oid::regclass::text AS name, pg_get_viewdef(c.oid) AS definition,
           CASE WHEN c.reloptions IS NULL THEN '' ELSE format('WITH (%s)', array_to_string(c.reloptions, ', ')) END AS options
    FROM pg_class AS c
    WHERE c.relkind = 'v' AND c.relnamespace IN ('silver'::regnamespace, 'gold'::regnamespace, 'ops'::regnamespace);
    CREATE TEMP TABLE swapped_references ON COMMIT DROP AS
    SELECT k.conrelid::regclass::text AS owner, k.conname AS name, pg_get_constraintdef(k.oid) AS definition
    FROM pg_constraint AS k
    JOIN pg_class AS c ON c.oid = k.conrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN ops.derived_tables() AS d ON d.schema_name = n.nspname AND d.table_name = c.relname AND d.is_swapped
    WHERE k.contype = 'f';

    DROP SCHEMA IF EXISTS silver_old, gold_old, ops_old CASCADE;
    CREATE SCHEMA silver_old;
    CREATE SCHEMA gold_old;
    CREATE SCHEMA ops_old;
    FOR live IN SELECT * FROM ops.derived_tables() WHERE is_swapped LOOP
        EXECUTE format('ALTER TABLE %I.%I SET SCHEMA %I', live.schema_name, live.table_name, live.schema_name || '_old');
        EXECUTE format('ALTER TABLE %I.%I SET SCHEMA %I', live.schema_name || '_next', live.table_name, live.schema_name);
    END LOOP;
    ALTER SEQUENCE silver.order_event_keys SET SCHEMA silver_old;
    ALTER SEQUENCE silver_next.order_event_keys SET SCHEMA silver;

    -- … and said again, so that they find the new tables.
    FOR view IN SELECT * FROM swapped_views LOOP
        EXECUTE format('CREATE OR REPLACE VIEW %s %s AS %s', view.name, view.options, view.definition);
    END LOOP;
    FOR reference IN SELECT * FROM swapped_references LOOP
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s', reference.owner, reference.name, reference.definition);
    END LOOP;
    DROP SCHEMA silver_next, gold_next, ops_next CASCADE;
END
$$;
COMMENT ON FUNCTION ops.swap_rebuild IS 'Puts the rebuilt tables in the place of the live ones, which stay in silver_old, gold_old and ops_old until they are dropped. To be called while nothing writes to silver or gold.';

-- ── what the swap restates ──────────────────────────────────────────────────────────────────────────────────────────

ALTER TABLE ops.restatements
    ADD COLUMN run_id bigint REFERENCES ops.pipeline_runs,
    ALTER COLUMN gold_batch_id DROP NOT NULL,
    ADD CONSTRAINT restatements_say_through_what CHECK ((gold_batch_id IS NULL) = (run_id IS NOT NULL));
COMMENT ON COLUMN ops.restatements.run_id IS 'ops.pipeline_runs: the rebuild that changed it; null where a gold batch did.';

REVOKE ALL ON FUNCTION ops.derived_tables, ops.clone_table, ops.prepare_rebuild, ops.rebuild_differences, ops.swap_rebuild
    FROM PUBLIC;
GRANT SELECT ON ops.pipeline_runs TO dashboard_reader;

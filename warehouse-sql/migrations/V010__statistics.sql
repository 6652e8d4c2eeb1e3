-- Statistics of tables that are new. Until a table is analysed once, the planner takes it for nearly empty, and autovacuum
-- comes by only once a minute: the folds of the first minute, and those of a rebuild, took several times as long.

CREATE FUNCTION ops.analyze_new_tables() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    unknown  record;
    analysed integer := 0;
BEGIN
    FOR unknown IN
        SELECT n.nspname, c.relname
        FROM pg_class AS c
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('silver', 'gold', 'silver_next', 'gold_next') AND c.relkind = 'r'
          AND c.reltuples < 0
          -- The planner takes any table for as large as this that it knows nothing of.
          AND pg_relation_size(c.oid) > 10 * current_setting('block_size')::integer
    LOOP
        EXECUTE format('ANALYZE (SKIP_LOCKED) %I.%I', unknown.nspname, unknown.relname);
        analysed := analysed + 1;
    END LOOP;
    RETURN analysed;
END
$$;
COMMENT ON FUNCTION ops.analyze_new_tables IS 'Analyses the tables of silver and gold that have rows and no statistics yet; answers how many.';
REVOKE ALL ON FUNCTION ops.analyze_new_tables FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.analyze_new_tables TO transformer;

-- May this session rebuild, and is there everything to rebuild from?
-- $1 the lock of rebuilds and $2 that of maintenance, which drops bronze and merges ledger rows: both held as long as the
-- session lives
SELECT
    pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = 'ops.partitions'::regclass), 'USAGE') AS is_owner,
    pg_try_advisory_lock($1)                                                                                   AS is_alone,
    pg_try_advisory_lock($2)                                                                                   AS is_unmaintained,
    (SELECT coalesce(sum(record_count), 0)::bigint FROM ops.retired_bronze)                                    AS missing_records

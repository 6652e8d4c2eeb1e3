SELECT
    (SELECT coalesce(sum(record_count), 0)::bigint FROM ops.silver_cursors)      AS live_records,
    (SELECT coalesce(sum(record_count), 0)::bigint FROM ops_next.silver_cursors) AS rebuilt_records

SELECT calls, round((total_exec_time / 1000)::numeric, 2) AS seconds, round((mean_exec_time)::numeric, 2) AS mean_ms,
       rows, round(wal_bytes / 1e6, 1) AS wal_mb, left(regexp_replace(query, '\s+', ' ', 'g'), 100) AS statement
FROM pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY total_exec_time DESC
LIMIT 25

-- Every column of every table and view that people may meet, with the comments of its schema, its table and itself.
-- Partitions are left out: they are as their parent.
SELECT
    n.nspname::text                                                                     AS schema_name,
    coalesce(obj_description(n.oid, 'pg_namespace'), '')                                AS schema_meaning,
    c.relname::text                                                                     AS table_name,
    CASE WHEN c.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END                      AS kind,
    coalesce(obj_description(c.oid, 'pg_class'), '')                                    AS table_meaning,
    a.attname::text                                                                     AS column_name,
    format_type(a.atttypid, a.atttypmod)                                                AS type_name,
    c.relkind NOT IN ('v', 'm') AND NOT a.attnotnull                                    AS may_be_null,
    coalesce(array_position(k.conkey, a.attnum), 0) > 0                                 AS is_key,
    coalesce(col_description(c.oid, a.attnum), '')                                      AS column_meaning
FROM pg_namespace AS n
JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_constraint AS k ON k.conrelid = c.oid AND k.contype = 'p'
WHERE n.nspname IN ('bronze', 'silver', 'gold', 'ops')
ORDER BY array_position('{bronze,silver,gold,ops}'::name[], n.nspname), c.relname COLLATE "C", a.attnum

-- Every function of the warehouse, with its comment.
SELECT
    n.nspname::text                                                                     AS schema_name,
    p.proname::text                                                                     AS function_name,
    pg_get_function_arguments(p.oid)                                                    AS arguments,
    pg_get_function_result(p.oid)                                                       AS result,
    coalesce(obj_description(p.oid, 'pg_proc'), '')                                     AS meaning
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname IN ('bronze', 'silver', 'gold', 'ops')
ORDER BY array_position('{bronze,silver,gold,ops}'::name[], n.nspname), p.proname COLLATE "C", 3

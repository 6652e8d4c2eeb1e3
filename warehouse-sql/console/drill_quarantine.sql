-- $1 topic, $2 partition, $3 offset.
SELECT to_jsonb(d)::text AS fact FROM gold.drill_quarantine($1::text, $2::integer, $3::bigint) AS d

-- The cell's key as in gold.drill_step; then the rows at most.
SELECT to_jsonb(d)::text AS fact FROM gold.drill_step($1::date, $2::text, $3::integer) AS d

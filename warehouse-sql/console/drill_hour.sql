-- The cell's key as in gold.drill_hour; then the rows at most.
SELECT to_jsonb(d)::text AS fact FROM gold.drill_hour($1::timestamptz, $2::text, $3::text, $4::integer) AS d

-- The cell's key as in gold.drill_customer; then the rows at most.
SELECT to_jsonb(d)::text AS fact FROM gold.drill_customer($1::text, $2::text, $3::integer) AS d

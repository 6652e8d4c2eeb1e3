-- The cell's key as in gold.drill_sales; then the rows at most.
SELECT to_jsonb(d)::text AS fact FROM gold.drill_sales($1::date, $2::text, $3::text, $4::integer) AS d

-- The cell's key as in gold.drill_location; then the rows at most.
SELECT to_jsonb(d)::text AS fact FROM gold.drill_location($1::date, $2::text, $3::text, $4::text, $5::integer) AS d

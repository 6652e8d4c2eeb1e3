-- The cell's key as in gold.drill_payment; then the rows at most.
SELECT to_jsonb(d)::text AS fact FROM gold.drill_payment($1::date, $2::text, $3::text, $4::integer) AS d

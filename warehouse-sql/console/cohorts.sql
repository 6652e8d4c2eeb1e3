-- $1 first and $2 last month of the first order, $3 currency; the last row of the page before: $4 currency, $5 cohort,
-- $6 months since; $7 rows.
SELECT currency, cohort_month, months_since, cohort_customers, customers, orders, net_amount::text AS net_amount,
       retention::text AS retention
FROM gold.cohort_retention
WHERE cohort_month BETWEEN coalesce($1::date, '-infinity') AND coalesce($2::date, 'infinity')
  AND ($3::text IS NULL OR currency = $3)
  AND (currency, cohort_month, months_since) > (coalesce($4::text, ''), coalesce($5::date, '-infinity'), coalesce($6::integer, -1))
ORDER BY currency, cohort_month, months_since
LIMIT $7::bigint

-- Weekday × hour (UTC). $1 from, $2 to, $3 channel, $4 currency.
SELECT
    extract(isodow FROM sales_hour AT TIME ZONE 'UTC')::integer                                AS weekday,
    extract(hour FROM sales_hour AT TIME ZONE 'UTC')::integer                                  AS hour,
    currency,
    sum(orders)::bigint                                                                        AS orders,
    sum(total_amount)::text                                                                    AS total_amount,
    sum(total_amount - returned_amount - cancelled_amount)::text                               AS net_amount
FROM gold.sales_hourly_sums
WHERE sales_hour >= coalesce($1::date::timestamp AT TIME ZONE 'UTC', '-infinity')
  AND sales_hour < coalesce(($2::date + 1)::timestamp AT TIME ZONE 'UTC', 'infinity')
  AND ($3::text IS NULL OR channel = $3)
  AND ($4::text IS NULL OR currency = $4)
GROUP BY 1, 2, 3
ORDER BY 3, 1, 2

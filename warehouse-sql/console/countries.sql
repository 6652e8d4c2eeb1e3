-- $1 from, $2 to, $3 currency.
SELECT
    country,
    currency,
    sum(orders)::bigint                                              AS orders,
    sum(units_sold)::bigint                                          AS units_sold,
    sum(total_amount)::text                                          AS total_amount,
    sum(total_amount - returned_amount - cancelled_amount)::text     AS net_amount
FROM gold.geography_sales_sums
WHERE sales_date BETWEEN coalesce($1::date, '-infinity') AND coalesce($2::date, 'infinity')
  AND ($3::text IS NULL OR currency = $3)
GROUP BY country, currency
ORDER BY currency, sum(total_amount - returned_amount - cancelled_amount) DESC, country
LIMIT 10000

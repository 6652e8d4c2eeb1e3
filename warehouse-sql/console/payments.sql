-- $1 from, $2 to, $3 currency.
SELECT payment_method, currency, sum(orders)::bigint AS orders, sum(total_amount)::text AS total_amount
FROM gold.payment_mix_sums
WHERE sales_date BETWEEN coalesce($1::date, '-infinity') AND coalesce($2::date, 'infinity')
  AND ($3::text IS NULL OR currency = $3)
GROUP BY payment_method, currency
ORDER BY currency, sum(total_amount) DESC, payment_method
LIMIT 10000

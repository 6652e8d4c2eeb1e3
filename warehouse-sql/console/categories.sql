-- $1 from, $2 to, $3 category, $4 currency.
SELECT
    category,
    currency,
    sum(lines)::bigint                                          AS lines,
    sum(quantity)::bigint                                       AS quantity,
    sum(gross_amount)::text                                     AS gross_amount,
    sum(discount_amount)::text                                  AS discount_amount,
    sum(gross_amount - discount_amount)::text                   AS revenue_amount,
    sum(cost_amount)::text                                      AS cost_amount,
    sum(gross_amount - discount_amount - cost_amount)::text     AS margin_amount
FROM gold.item_category_performance_sums
WHERE sales_date BETWEEN coalesce($1::date, '-infinity') AND coalesce($2::date, 'infinity')
  AND ($3::text IS NULL OR category = $3)
  AND ($4::text IS NULL OR currency = $4)
GROUP BY category, currency
ORDER BY currency, sum(gross_amount - discount_amount) DESC, category
LIMIT 10000

-- $1 from, $2 to, $3 channel, $4 currency; the last row of the page before: $5 day, $6 currency, $7 channel; $8 rows.
SELECT
    sales_date, currency, channel, orders, units_sold, gross_amount::text AS gross_amount,
    discount_amount::text AS discount_amount, tax_amount::text AS tax_amount, shipping_amount::text AS shipping_amount,
    total_amount::text AS total_amount, returns, returned_amount::text AS returned_amount, cancellations,
    cancelled_amount::text AS cancelled_amount, net_amount::text AS net_amount, cost_amount::text AS cost_amount,
    margin_amount::text AS margin_amount, customers, average_ticket::text AS average_ticket
FROM gold.sales_performance
WHERE sales_date BETWEEN coalesce($1::date, '-infinity') AND coalesce($2::date, 'infinity')
  AND ($3::text IS NULL OR channel = $3)
  AND ($4::text IS NULL OR currency = $4)
  AND (sales_date, currency, channel) > (coalesce($5::date, '-infinity'), coalesce($6::text, ''), coalesce($7::text, ''))
ORDER BY sales_date, currency, channel
LIMIT $8::bigint

-- Products over all time. $1 category, $2 currency, $3 revenue, quantity or product; the last row of the page before:
-- $4 its sort value, $5 currency, $6 product; $7 rows.
SELECT product_id, product_name, category, currency, lines, quantity, gross_amount::text AS gross_amount,
       discount_amount::text AS discount_amount, revenue_amount::text AS revenue_amount,
       cost_amount::text AS cost_amount, margin_amount::text AS margin_amount, sort_value::text AS sort_value
FROM (
    SELECT s.*, CASE $3::text WHEN 'revenue' THEN s.revenue_amount WHEN 'quantity' THEN s.quantity ELSE 0 END AS sort_value
    FROM gold.sales_summary AS s
    WHERE ($1::text IS NULL OR s.category = $1) AND ($2::text IS NULL OR s.currency = $2)
) AS sorted
WHERE $4::text IS NULL
   OR sort_value < $4::text::numeric
   OR (sort_value = $4::text::numeric AND (product_id, currency) > ($6::text, $5::text))
ORDER BY sorted.sort_value DESC, product_id, currency
LIMIT $7::bigint

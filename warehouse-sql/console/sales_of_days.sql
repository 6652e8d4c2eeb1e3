-- Products over a stretch of days. $1 from, $2 to, both included, $3 category, $4 currency, $5 revenue, quantity or
-- product; the last row of the page before: $6 its sort value, $7 currency, $8 product; $9 rows.
WITH sold AS (
    SELECT
        product_id,
        currency,
        sum(lines)::bigint    AS lines,
        sum(quantity)::bigint AS quantity,
        sum(gross_amount)     AS gross_amount,
        sum(discount_amount)  AS discount_amount,
        sum(cost_amount)      AS cost_amount
    FROM gold.product_performance_sums
    WHERE sales_date BETWEEN coalesce($1::date, '-infinity') AND coalesce($2::date, 'infinity')
      AND ($4::text IS NULL OR currency = $4)
    GROUP BY product_id, currency
),
sorted AS (
    SELECT
        sold.*,
        CASE $5::text WHEN 'revenue' THEN sold.gross_amount - sold.discount_amount WHEN 'quantity' THEN sold.quantity ELSE 0 END
            AS sort_value
    FROM sold
),
-- The name and category stand in the view of all time, where every product of a day is too.
named AS (
    SELECT sorted.*, p.product_name, p.category
    FROM sorted
    JOIN gold.sales_summary AS p USING (currency, product_id)
    WHERE $3::text IS NULL OR p.category = $3
)
SELECT product_id, product_name, category, currency, lines, quantity, gross_amount::text AS gross_amount,
       discount_amount::text AS discount_amount, (gross_amount - discount_amount)::text AS revenue_amount,
       cost_amount::text AS cost_amount, (gross_amount - discount_amount - cost_amount)::text AS margin_amount,
       sort_value::text AS sort_value
FROM named
WHERE $6::text IS NULL
   OR sort_value < $6::text::numeric
   OR (sort_value = $6::text::numeric AND (product_id, currency) > ($8::text, $7::text))
ORDER BY named.sort_value DESC, product_id, currency
LIMIT $9::bigint

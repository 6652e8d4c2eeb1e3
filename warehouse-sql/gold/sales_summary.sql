-- How did the products sell in all time?
-- Grain and key: product × currency. Additive measures of the lines given; returned and cancelled lines are negative there.
-- Only of the days that are summed up: the view adds the others from the mart by day, so that a fold of today's facts
-- need not touch every product twice.
SELECT
    products.product_id,
    currencies.currency_code AS currency,
    sums.lines,
    sums.quantity,
    sums.gross_amount,
    sums.discount_amount,
    sums.cost_amount
FROM (
    SELECT
        product_key,
        currency_key,
        sum(lines) AS lines,
        sum(quantity) AS quantity,
        sum(gross_amount) AS gross_amount,
        sum(discount_amount) AS discount_amount,
        sum(cost_amount) AS cost_amount
    FROM given_line_sums
    WHERE product_key IS NOT NULL AND event_date <= (SELECT summed_until FROM gold.sales_summary_days)
    GROUP BY product_key, currency_key
) AS sums
CROSS JOIN LATERAL (
    SELECT p.product_id FROM silver.dim_products AS p WHERE p.product_key = sums.product_key OFFSET 0
) AS products
JOIN silver.dim_currencies AS currencies USING (currency_key)

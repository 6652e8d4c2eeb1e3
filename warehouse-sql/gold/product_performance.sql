-- How did the products sell?
-- Grain and key: day × product × currency. Additive measures of the lines given; returned and cancelled
-- lines are negative there.
SELECT
    sums.event_date AS sales_date,
    products.product_id,
    currencies.currency_code AS currency,
    sums.lines,
    sums.quantity,
    sums.gross_amount,
    sums.discount_amount,
    sums.cost_amount
FROM given_line_sums AS sums
CROSS JOIN LATERAL (
    SELECT p.product_id FROM silver.dim_products AS p WHERE p.product_key = sums.product_key OFFSET 0
) AS products
JOIN silver.dim_currencies AS currencies USING (currency_key)

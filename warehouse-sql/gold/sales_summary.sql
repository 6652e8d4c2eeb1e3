-- How did the products sell in all time?
-- Grain and key: product × currency. Additive measures of the lines given; returned and cancelled lines are negative there.
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
    GROUP BY product_key, currency_key
) AS sums
JOIN silver.dim_products AS products USING (product_key)
JOIN silver.dim_currencies AS currencies USING (currency_key)

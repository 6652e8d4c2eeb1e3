-- How did the categories sell?
-- Grain and key: day × category × currency. Additive measures of the lines given; returned and cancelled
-- lines are negative there.
SELECT
    sums.event_date AS sales_date,
    categories.category_name AS category,
    currencies.currency_code AS currency,
    sums.lines,
    sums.quantity,
    sums.gross_amount,
    sums.discount_amount,
    sums.cost_amount
FROM given_line_sums AS sums
JOIN silver.dim_categories AS categories USING (category_key)
JOIN silver.dim_currencies AS currencies USING (currency_key)

INSERT INTO gold.item_category_performance_sums AS m
SELECT * FROM item_category_performance ORDER BY sales_date, category, currency
ON CONFLICT (sales_date, category, currency) DO UPDATE SET
    lines           = m.lines + excluded.lines,
    quantity        = m.quantity + excluded.quantity,
    gross_amount    = m.gross_amount + excluded.gross_amount,
    discount_amount = m.discount_amount + excluded.discount_amount,
    cost_amount     = m.cost_amount + excluded.cost_amount

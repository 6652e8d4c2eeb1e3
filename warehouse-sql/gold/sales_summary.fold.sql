INSERT INTO gold.sales_summary_sums AS m
SELECT * FROM sales_summary ORDER BY currency, product_id
ON CONFLICT (currency, product_id) DO UPDATE SET
    lines           = m.lines + excluded.lines,
    quantity        = m.quantity + excluded.quantity,
    gross_amount    = m.gross_amount + excluded.gross_amount,
    discount_amount = m.discount_amount + excluded.discount_amount,
    cost_amount     = m.cost_amount + excluded.cost_amount

-- The sums of all time reach as far on both sides; to be run while live gold is held.
WITH days AS (
    SELECT rebuilt.summed_until AS before, live.summed_until AS until
    FROM gold.sales_summary_days AS live
    CROSS JOIN gold_next.sales_summary_days AS rebuilt
    WHERE live.summed_until > rebuilt.summed_until
),
summed AS (
    INSERT INTO gold_next.sales_summary_sums AS m
    SELECT p.product_id, p.currency, sum(p.lines), sum(p.quantity), sum(p.gross_amount), sum(p.discount_amount),
           sum(p.cost_amount)
    FROM days
    JOIN gold_next.product_performance_sums AS p ON p.sales_date > days.before AND p.sales_date <= days.until
    GROUP BY p.product_id, p.currency
    ON CONFLICT (currency, product_id) DO UPDATE SET
        lines           = m.lines + excluded.lines,
        quantity        = m.quantity + excluded.quantity,
        gross_amount    = m.gross_amount + excluded.gross_amount,
        discount_amount = m.discount_amount + excluded.discount_amount,
        cost_amount     = m.cost_amount + excluded.cost_amount
)
UPDATE gold_next.sales_summary_days AS rebuilt
SET summed_until = days.until
FROM days

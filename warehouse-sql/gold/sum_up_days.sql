-- Takes days that are over, the oldest first, from the mart by day into the sums of all time. Answers the day reached
-- where there may be more to do.
-- $1 at most so many days
WITH days AS (
    SELECT
        state.summed_until AS before,
        least(
            greatest(state.summed_until, (SELECT min(sales_date) FROM gold.product_performance_sums) - 1) + $1::integer,
            (now() AT TIME ZONE 'UTC')::date - 1
        ) AS until
    FROM gold.sales_summary_days AS state
),
given_days AS (
    SELECT before, until FROM days WHERE until > before
),
summed AS (
    INSERT INTO gold.sales_summary_sums AS m
    SELECT p.product_id, p.currency, sum(p.lines), sum(p.quantity), sum(p.gross_amount), sum(p.discount_amount),
           sum(p.cost_amount)
    FROM given_days
    JOIN gold.product_performance_sums AS p ON p.sales_date > given_days.before AND p.sales_date <= given_days.until
    GROUP BY p.product_id, p.currency
    ON CONFLICT (currency, product_id) DO UPDATE SET
        lines           = m.lines + excluded.lines,
        quantity        = m.quantity + excluded.quantity,
        gross_amount    = m.gross_amount + excluded.gross_amount,
        discount_amount = m.discount_amount + excluded.discount_amount,
        cost_amount     = m.cost_amount + excluded.cost_amount
)
UPDATE gold.sales_summary_days AS state
SET summed_until = given_days.until
FROM given_days
RETURNING state.summed_until

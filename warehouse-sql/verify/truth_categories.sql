-- The mart in hundredths, to be held against what the producer swears to.
SELECT sales_date, category, currency, lines, quantity, (gross_amount * 100)::bigint, (discount_amount * 100)::bigint,
       (cost_amount * 100)::bigint
FROM gold.item_category_performance_sums

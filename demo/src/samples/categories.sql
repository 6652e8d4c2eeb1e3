SELECT category, currency, sum(quantity) AS pieces, sum(revenue_amount) AS revenue, sum(margin_amount) AS margin,
       round(100 * sum(margin_amount) / nullif(sum(revenue_amount), 0), 1) AS margin_pct
FROM gold.item_category_performance
WHERE currency = 'EUR'
GROUP BY category, currency
ORDER BY revenue DESC
LIMIT 5

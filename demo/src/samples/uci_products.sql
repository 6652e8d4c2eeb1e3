SELECT product_id, max(product_name) AS product_name, currency, sum(quantity) AS pieces, sum(revenue_amount) AS revenue
FROM gold.product_performance
WHERE category <> 'Charges & fees'
GROUP BY product_id, currency
ORDER BY revenue DESC, product_id
LIMIT 10

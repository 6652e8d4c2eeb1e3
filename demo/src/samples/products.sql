SELECT product_id, product_name, currency, sum(quantity) AS pieces, sum(revenue_amount) AS revenue
FROM gold.product_performance
WHERE currency = 'EUR'
GROUP BY product_id, product_name, currency
ORDER BY pieces DESC
LIMIT 5

SELECT country, currency, sum(orders) AS orders, sum(total_amount) AS revenue, sum(returned_amount) AS returned
FROM gold.geography_sales
GROUP BY country, currency
ORDER BY revenue DESC, country
LIMIT 10

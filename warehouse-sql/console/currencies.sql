SELECT currency, sum(orders)::bigint AS orders, min(sales_date) AS first_date, max(sales_date) AS last_date
FROM gold.sales_performance_sums
GROUP BY currency
ORDER BY sum(orders) DESC, currency

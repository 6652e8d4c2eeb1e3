SELECT to_char(date_trunc('month', sales_date), 'YYYY-MM') AS month, currency, sum(orders) AS orders,
       sum(total_amount) AS revenue, sum(returns) AS returns, sum(returned_amount) AS returned, sum(net_amount) AS net
FROM gold.sales_performance
GROUP BY month, currency
ORDER BY month, currency

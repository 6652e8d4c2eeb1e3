SELECT sales_date, channel, currency, orders, total_amount, net_amount, margin_amount, average_ticket, customers
FROM gold.sales_performance
WHERE currency = 'EUR'
ORDER BY sales_date DESC, channel
LIMIT 6

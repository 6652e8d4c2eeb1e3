INSERT INTO gold.customer_segments_sums AS m
SELECT * FROM customer_segments ORDER BY currency, last_order_date, frequency_score, monetary_score
ON CONFLICT (currency, last_order_date, frequency_score, monetary_score) DO UPDATE SET
    customers  = m.customers + excluded.customers,
    orders     = m.orders + excluded.orders,
    net_amount = m.net_amount + excluded.net_amount

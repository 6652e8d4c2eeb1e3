INSERT INTO gold.payment_mix_sums AS m
SELECT * FROM payment_mix ORDER BY sales_date, currency, payment_method
ON CONFLICT (sales_date, currency, payment_method) DO UPDATE SET
    orders       = m.orders + excluded.orders,
    total_amount = m.total_amount + excluded.total_amount

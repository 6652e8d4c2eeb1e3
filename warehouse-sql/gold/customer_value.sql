-- What is each known customer worth?
-- Grain and key: customer × currency. Sums of all time, written anew for the customers touched.
SELECT customer_id, currency, orders, placed_amount, returned_amount, cancelled_amount, net_amount, first_order_at,
       last_order_at, frequency_score, monetary_score
FROM given_customers
WHERE side = 1

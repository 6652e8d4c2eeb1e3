INSERT INTO gold.customer_months AS m
SELECT * FROM customer_months ORDER BY customer_key, currency_key, month
ON CONFLICT (customer_key, currency_key, month) DO UPDATE SET
    orders           = m.orders + excluded.orders,
    placed_amount    = m.placed_amount + excluded.placed_amount,
    returned_amount  = m.returned_amount + excluded.returned_amount,
    cancelled_amount = m.cancelled_amount + excluded.cancelled_amount,
    first_order_at   = least(m.first_order_at, excluded.first_order_at),
    last_order_at    = greatest(m.last_order_at, excluded.last_order_at)
RETURNING m.*

INSERT INTO gold.customer_value_sums AS m
SELECT * FROM customer_value ORDER BY customer_id, currency
ON CONFLICT (customer_id, currency) DO UPDATE SET
    orders           = excluded.orders,
    placed_amount    = excluded.placed_amount,
    returned_amount  = excluded.returned_amount,
    cancelled_amount = excluded.cancelled_amount,
    net_amount       = excluded.net_amount,
    first_order_at   = excluded.first_order_at,
    last_order_at    = excluded.last_order_at,
    frequency_score  = excluded.frequency_score,
    monetary_score   = excluded.monetary_score

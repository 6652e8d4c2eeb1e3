-- Only orders placed count, by their own totals; shares are those of the day and currency.
INSERT INTO given.events (event_key, event_type, event_at, order_id, currency, payment_method, subtotal, tax) VALUES
    (101, 'order_placed',    '2026-03-01 10:00Z', 'o1', 'EUR', 'card',   50, 10),
    (102, 'order_placed',    '2026-03-01 11:00Z', 'o2', 'EUR', 'paypal', 20,  0),
    (103, 'order_placed',    '2026-03-01 11:00Z', 'o3', 'USD', 'card',    7,  0),
    (201, 'order_placed',    '2026-03-01 12:00Z', 'o4', 'EUR', 'card',   40,  0),
    (202, 'order_paid',      '2026-03-01 12:00Z', 'o4', 'EUR', 'card',    0,  0),
    (203, 'order_cancelled', '2026-03-01 13:00Z', 'o4', 'EUR', 'card',   40,  0);

-- The same product twice in one order counts twice; a return and a cancellation count negative on their own days.
INSERT INTO given.events (event_key, event_type, event_at, order_id, currency) VALUES
    (101, 'order_placed',    '2026-03-01 10:00Z', 'o1', 'EUR'),
    (102, 'order_placed',    '2026-03-01 11:00Z', 'o2', 'USD'),
    (201, 'order_returned',  '2026-03-02 10:00Z', 'o1', 'EUR'),
    (301, 'order_cancelled', '2026-03-03 10:00Z', 'o2', 'USD');
INSERT INTO given.lines (event_key, line_no, product, category, quantity, gross, discount, cost) VALUES
    (101,  1, 'p1', 'toys',   2,  20,  2,  8),
    (101,  2, 'p1', 'toys',   1,  10,  0,  4),
    (101,  3, 'p2', 'toys',   4,   4,  1,  2),
    (101,  4, 'p3', 'books',  1,  15,  0,  9),
    (102,  1, 'p1', 'toys',   1,  12,  0,  4),
    (201,  1, 'p1', 'toys',  -1, -10, -1, -4),
    (301, -1, 'p1', 'toys',  -1, -12,  0, -4);

-- c1 orders in January and February, returns in February, cancels in March; an order of December comes last and moves
-- c1's first month. c2 orders once; c3 returns what it never ordered; guests do not count; USD is apart from EUR.
INSERT INTO given.events (event_key, event_type, event_at, order_id, customer, currency, subtotal) VALUES
    (101, 'order_placed',    '2026-01-10 10:00Z', 'o1', 'c1',      'EUR', 100),
    (102, 'order_placed',    '2026-01-20 10:00Z', 'o2', 'c2',      'EUR', 400),
    (103, 'order_placed',    '2026-01-20 10:00Z', 'o3', 'Unknown', 'EUR', 900),
    (201, 'order_placed',    '2026-02-05 10:00Z', 'o4', 'c1',      'EUR',  50),
    (202, 'order_returned',  '2026-02-06 10:00Z', 'o1', 'c1',      'EUR',  30),
    (203, 'order_placed',    '2026-02-06 10:00Z', 'o5', 'c1',      'USD',  20),
    (301, 'order_cancelled', '2026-03-01 10:00Z', 'o4', 'c1',      'EUR',  50),
    (302, 'order_returned',  '2026-03-01 10:00Z', 'o9', 'c3',      'EUR',  10),
    (401, 'order_placed',    '2025-12-24 10:00Z', 'o6', 'c1',      'EUR',  70);
-- c4 returns something before its first known order: its cohort is known only then, and the return lies before it.
INSERT INTO given.events (event_key, event_type, event_at, order_id, customer, currency, subtotal) VALUES
    (303, 'order_returned',  '2026-02-01 10:00Z', 'o7', 'c4',      'EUR',  10),
    (402, 'order_placed',    '2026-03-05 10:00Z', 'o8', 'c4',      'EUR',  60);

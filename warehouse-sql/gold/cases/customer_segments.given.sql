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
-- At each cut of recency: 7, 8, 30, 31, 90, 91, 180 and 181 days before the newest order. And yen are worth less.
INSERT INTO given.events (event_key, event_type, event_at, order_id, customer, currency, subtotal) VALUES
    (501, 'order_placed', '2026-02-05 00:00Z', 'q0', 'd0', 'GBP', 99.99),
    (502, 'order_placed', '2026-01-29 23:00Z', 'q1', 'd1', 'GBP', 1),
    (503, 'order_placed', '2026-01-28 23:00Z', 'q2', 'd2', 'GBP', 1),
    (504, 'order_placed', '2026-01-06 23:00Z', 'q3', 'd3', 'GBP', 1),
    (505, 'order_placed', '2026-01-05 23:00Z', 'q4', 'd4', 'GBP', 1),
    (506, 'order_placed', '2025-11-07 23:00Z', 'q5', 'd5', 'GBP', 1),
    (507, 'order_placed', '2025-11-06 23:00Z', 'q6', 'd6', 'GBP', 1),
    (508, 'order_placed', '2025-08-09 23:00Z', 'q7', 'd7', 'GBP', 1),
    (509, 'order_placed', '2025-08-08 23:00Z', 'q8', 'd8', 'GBP', 1),
    (510, 'order_placed', '2026-02-05 00:00Z', 'y0', 'd0', 'JPY', 20000),
    (511, 'order_placed', '2026-02-05 00:00Z', 'y1', 'd0', 'JPY', 20000),
    (512, 'order_placed', '2026-02-05 00:00Z', 'y2', 'd0', 'JPY', 20000),
    (513, 'order_placed', '2026-02-05 00:00Z', 'y3', 'd0', 'JPY', 45000),
    (514, 'order_placed', '2026-02-05 00:00Z', 'y4', 'd0', 'JPY', 45000);

-- Two orders on the web, one of them cancelled the next day after its lines became known; one order in another currency
-- by a guest; a return. The cancellation takes back goods of 30 - 3 at a cost of 12, the return goods of 20 - 2 at 8.
INSERT INTO given.events (event_key, event_type, event_at, order_id, customer, currency, units, subtotal, discount, tax, shipping, cost) VALUES
    (101, 'order_placed',    '2026-03-01 10:15Z', 'o1', 'c1',      'EUR', 5, 50, 5, 9, 4, 20),
    (102, 'order_placed',    '2026-03-01 10:45Z', 'o2', 'c1',      'EUR', 3, 30, 3, 5, 4, 12),
    (103, 'order_placed',    '2026-03-01 23:59Z', 'o3', 'Unknown', 'USD', 1, 10, 0, 0, 0,  4),
    (104, 'order_paid',      '2026-03-01 10:20Z', 'o1', 'c1',      'EUR', 0,  0, 0, 0, 0,  0),
    (201, 'order_returned',  '2026-03-02 08:00Z', 'o1', 'c1',      'EUR', 2, 20, 2, 3, 0,  8),
    (301, 'order_cancelled', '2026-03-02 09:30Z', 'o2', 'c1',      'EUR', 0, 30, 3, 5, 4,  0);
INSERT INTO given.lines (event_key, line_no, quantity, gross, discount, cost) VALUES
    (101,  1,  5,  50,  5,  20),
    (102,  1,  3,  30,  3,  12),
    (103,  1,  1,  10,  0,   4),
    (201,  1, -2, -20, -2,  -8),
    (301, -1, -3, -30, -3, -12);
-- A cancellation that comes before its order, by arrival and by time: its hour is not known from the event that has the
-- line, so its goods count in the first hour of its day.
INSERT INTO given.events (event_key, event_type, event_at, order_id, currency, channel, units, subtotal, cost) VALUES
    (401, 'order_cancelled', '2026-03-03 05:00Z', 'o4', 'EUR', 'mobile', 0, 7, 0),
    (501, 'order_placed',    '2026-03-03 06:00Z', 'o4', 'EUR', 'mobile', 1, 7, 2);
INSERT INTO given.lines (event_key, line_no, quantity, gross, cost) VALUES (501, 1, 1, 7, 2), (501, -1, -1, -7, -2);

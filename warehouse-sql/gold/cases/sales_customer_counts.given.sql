-- A customer who orders twice on a day is one customer; guests are none.
INSERT INTO given.events (event_key, event_type, event_at, order_id, customer, channel) VALUES
    (101, 'order_placed',   '2026-03-01 10:00Z', 'o1', 'c1',      'web'),
    (102, 'order_placed',   '2026-03-01 11:00Z', 'o2', 'c1',      'web'),
    (103, 'order_placed',   '2026-03-01 11:00Z', 'o3', 'Unknown', 'web'),
    (104, 'order_placed',   '2026-03-01 12:00Z', 'o4', 'c1',      'mobile'),
    (201, 'order_placed',   '2026-03-01 13:00Z', 'o5', 'c1',      'web'),
    (202, 'order_placed',   '2026-03-01 14:00Z', 'o6', 'c2',      'web'),
    (203, 'order_returned', '2026-03-02 14:00Z', 'o6', 'c2',      'web');

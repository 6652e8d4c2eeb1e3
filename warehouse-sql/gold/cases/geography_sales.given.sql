-- Each event counts where its customer was at that event: who orders in Paris and returns from Lyon shows in both.
INSERT INTO given.events (event_key, event_type, event_at, order_id, country, city, units, subtotal) VALUES
    (101, 'order_placed',    '2026-03-01 10:00Z', 'o1', 'FR', 'Paris', 3, 60),
    (102, 'order_placed',    '2026-03-01 11:00Z', 'o2', 'FR', 'Lyon',  1, 20),
    (103, 'order_placed',    '2026-03-01 11:00Z', 'o3', 'US', 'Paris', 2, 30),
    (201, 'order_returned',  '2026-03-01 12:00Z', 'o1', 'FR', 'Lyon',  1, 15),
    (202, 'order_cancelled', '2026-03-02 12:00Z', 'o3', 'US', 'Paris', 0, 30);

-- Four orders are paid after 59 s, 61 s, 2 min and 3 h; the payment of o4 turns out to be known 30 min earlier, so its
-- step of 3 h is taken back. One step is of unknown length. The median of an even number is the lower of the middle two.
INSERT INTO given.events (event_key, event_type, event_at, order_id) VALUES
    (101, 'order_placed', '2026-03-01 10:00Z', 'o1'),
    (102, 'order_placed', '2026-03-01 10:00Z', 'o2'),
    (103, 'order_placed', '2026-03-01 10:00Z', 'o3'),
    (104, 'order_placed', '2026-03-01 10:00Z', 'o4'),
    (201, 'order_paid',   '2026-03-01 10:01Z', 'o1'),
    (202, 'order_paid',   '2026-03-01 10:01Z', 'o2'),
    (203, 'order_paid',   '2026-03-01 10:02Z', 'o3'),
    (204, 'order_paid',   '2026-03-01 13:00Z', 'o4'),
    (205, 'order_paid',   '2026-03-01 13:00Z', 'o5'),
    (301, 'order_paid',   '2026-03-01 12:30Z', 'o4');
INSERT INTO given.steps (event_key, step_no, step, step_date, seconds, orders) VALUES
    (101, 1, 'placed', '2026-03-01',  NULL, 1),
    (102, 1, 'placed', '2026-03-01',  NULL, 1),
    (103, 1, 'placed', '2026-03-01',  NULL, 1),
    (104, 1, 'placed', '2026-03-01',  NULL, 1),
    (201, 1, 'paid',   '2026-03-01',    59, 1),
    (202, 1, 'paid',   '2026-03-01',    61, 1),
    (203, 1, 'paid',   '2026-03-01',   120, 1),
    (204, 1, 'paid',   '2026-03-01', 10800, 1),
    (205, 1, 'paid',   '2026-03-01',  NULL, 1),
    (301, 1, 'paid',   '2026-03-01', 10800, -1),
    (301, 2, 'paid',   '2026-03-01',  9000, 1);
-- And the median of three, in an hour of its own.
INSERT INTO given.events (event_key, event_type, event_at, order_id) VALUES (401, 'order_shipped', '2026-03-02 12:30Z', 'o1');
INSERT INTO given.steps (event_key, step_no, step, step_date, seconds) VALUES
    (401, 1, 'shipped', '2026-03-02', 60 * 5), (401, 2, 'shipped', '2026-03-02', 60 * 61), (401, 3, 'shipped', '2026-03-02', 60 * 600);

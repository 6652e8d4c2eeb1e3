SELECT
    (SELECT count(*) FROM silver.fct_order_events)                                      AS events,
    (SELECT count(*) FROM silver.fct_order_events WHERE event_type = 'order_placed')    AS orders,
    -- Lines placed, returned and taken back by cancellations; what puts a line taken back right takes it off again.
    (SELECT coalesce(sum(CASE WHEN line_no < 0 AND quantity > 0 THEN -1 ELSE 1 END), 0)::bigint
     FROM silver.fct_order_lines)                                                       AS lines,
    (SELECT count(*) FROM silver.duplicate_events)                                      AS duplicates

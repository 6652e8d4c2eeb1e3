-- What puts a line right that was taken back takes it off again.
SELECT
    (SELECT count(*) FROM silver.fct_order_events)                                      AS events,
    (SELECT count(*) FROM silver.fct_order_events WHERE event_type = 'order_placed')    AS orders,
    (SELECT count(*) FROM silver.fct_order_lines WHERE line_no > 0)                     AS lines,
    (SELECT coalesce(sum(-sign(quantity)), 0)::bigint
     FROM silver.fct_order_lines WHERE line_no < 0)                                     AS cancelled_lines,
    (SELECT count(*) FROM silver.duplicate_events)                                      AS duplicates

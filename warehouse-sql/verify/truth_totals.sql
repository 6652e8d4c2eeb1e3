SELECT
    (SELECT count(*) FROM silver.fct_order_events)                                      AS events,
    (SELECT count(*) FROM silver.fct_order_events WHERE event_type = 'order_placed')    AS orders,
    (SELECT count(*) FROM silver.fct_order_lines)                                       AS lines,
    (SELECT count(*) FROM silver.duplicate_events)                                      AS duplicates

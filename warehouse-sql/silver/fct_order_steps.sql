COPY silver.fct_order_steps (
    order_event_key, seconds_since_previous, step_date, step_no, orders, step
) FROM STDIN (FORMAT binary)

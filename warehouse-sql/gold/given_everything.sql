-- All facts that gold has taken: everything but the silver batches that wait for it.
not_in_gold AS MATERIALIZED (
    SELECT first_order_event_key, last_order_event_key
    FROM ops.silver_batches
    WHERE gold_batch_id IS NULL AND first_order_event_key IS NOT NULL
),
given_events AS NOT MATERIALIZED (
    SELECT e.*
    FROM silver.fct_order_events AS e
    WHERE NOT EXISTS (
        SELECT FROM not_in_gold AS b
        WHERE e.order_event_key BETWEEN b.first_order_event_key AND b.last_order_event_key
    )
),
given_lines AS NOT MATERIALIZED (
    SELECT l.*
    FROM silver.fct_order_lines AS l
    WHERE NOT EXISTS (
        SELECT FROM not_in_gold AS b
        WHERE l.order_event_key BETWEEN b.first_order_event_key AND b.last_order_event_key
    )
),
given_steps AS NOT MATERIALIZED (
    SELECT s.*
    FROM silver.fct_order_steps AS s
    WHERE NOT EXISTS (
        SELECT FROM not_in_gold AS b
        WHERE s.order_event_key BETWEEN b.first_order_event_key AND b.last_order_event_key
    )
),

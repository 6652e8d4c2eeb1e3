-- The facts of the given silver batches: their events are one range of the primary key, their lines and steps likewise.
-- $1 silver batch ids
given_batches AS MATERIALIZED (
    SELECT first_order_event_key, last_order_event_key
    FROM ops.silver_batches
    WHERE silver_batch_id = ANY ($1) AND first_order_event_key IS NOT NULL
),
given_events AS NOT MATERIALIZED (
    SELECT e.*
    FROM given_batches AS b
    JOIN silver.fct_order_events AS e ON e.order_event_key BETWEEN b.first_order_event_key AND b.last_order_event_key
),
given_lines AS NOT MATERIALIZED (
    SELECT l.*
    FROM given_batches AS b
    JOIN silver.fct_order_lines AS l ON l.order_event_key BETWEEN b.first_order_event_key AND b.last_order_event_key
),
given_steps AS NOT MATERIALIZED (
    SELECT s.*
    FROM given_batches AS b
    JOIN silver.fct_order_steps AS s ON s.order_event_key BETWEEN b.first_order_event_key AND b.last_order_event_key
),

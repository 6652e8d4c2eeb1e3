-- The facts of the given silver batches: their events are one range of the primary key, their lines and steps likewise.
-- OFFSET 0 keeps the planner to that range: what it does not know yet of a new warehouse must not lead it elsewhere.
-- $1 silver batch ids
given_batches AS MATERIALIZED (
    SELECT first_order_event_key, last_order_event_key
    FROM ops.silver_batches
    WHERE silver_batch_id = ANY ($1) AND first_order_event_key IS NOT NULL
),
given_events AS NOT MATERIALIZED (
    SELECT e.*
    FROM given_batches AS b
    CROSS JOIN LATERAL (
        SELECT *
        FROM silver.fct_order_events AS f
        WHERE f.order_event_key BETWEEN b.first_order_event_key AND b.last_order_event_key
        OFFSET 0
    ) AS e
),
given_lines AS NOT MATERIALIZED (
    SELECT l.*
    FROM given_batches AS b
    CROSS JOIN LATERAL (
        SELECT *
        FROM silver.fct_order_lines AS f
        WHERE f.order_event_key BETWEEN b.first_order_event_key AND b.last_order_event_key
        OFFSET 0
    ) AS l
),
given_steps AS NOT MATERIALIZED (
    SELECT s.*
    FROM given_batches AS b
    CROSS JOIN LATERAL (
        SELECT *
        FROM silver.fct_order_steps AS f
        WHERE f.order_event_key BETWEEN b.first_order_event_key AND b.last_order_event_key
        OFFSET 0
    ) AS s
),

-- Whether the given silver batches reach into a day that may be closed: the oldest of their events, and of the lines and
-- steps they take back, which can lie before all of them.
-- $1 silver batch ids
WITH given_batches AS MATERIALIZED (
    SELECT first_order_event_key, last_order_event_key, oldest_event_at
    FROM ops.silver_batches
    WHERE silver_batch_id = ANY ($1) AND first_order_event_key IS NOT NULL
)
SELECT coalesce(
    least(
        (SELECT min((oldest_event_at AT TIME ZONE 'UTC')::date) FROM given_batches),
        (
            SELECT min(l.event_date)
            FROM given_batches AS b
            CROSS JOIN LATERAL (
                SELECT event_date, line_no
                FROM silver.fct_order_lines AS f
                WHERE f.order_event_key BETWEEN b.first_order_event_key AND b.last_order_event_key
                OFFSET 0
            ) AS l
            WHERE l.line_no < 0
        ),
        (
            SELECT min(s.step_date)
            FROM given_batches AS b
            CROSS JOIN LATERAL (
                SELECT step_date, orders
                FROM silver.fct_order_steps AS f
                WHERE f.order_event_key BETWEEN b.first_order_event_key AND b.last_order_event_key
                OFFSET 0
            ) AS s
            WHERE s.orders < 0
        )
    ) <= (SELECT max(day) FROM ops.closed_days),
    false
) AS may_restate

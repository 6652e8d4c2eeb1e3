-- What is stated of the given customers, in the facts that gold has taken or takes now. The lateral reads a customer's
-- events through their index, however many there are of others.
-- $1 silver batch ids that gold takes now, $2 customer keys
waiting AS MATERIALIZED (
    SELECT coalesce(range_agg(int8range(first_order_event_key, last_order_event_key, '[]')), '{}') AS event_keys
    FROM ops.silver_batches
    WHERE gold_batch_id IS NULL AND first_order_event_key IS NOT NULL AND silver_batch_id <> ALL ($1)
),
statements AS (
    SELECT own.*
    FROM unnest($2::bigint[]) AS given (customer_key)
    CROSS JOIN waiting
    CROSS JOIN LATERAL (
        SELECT e.customer_key, e.customer_version_key, e.event_at, e.event_id
        FROM silver.fct_order_events AS e
        WHERE e.customer_key = given.customer_key AND e.customer_key <> 0 AND e.customer_version_key <> 0
          AND NOT e.order_event_key <@ waiting.event_keys
        OFFSET 0
    ) AS own
),

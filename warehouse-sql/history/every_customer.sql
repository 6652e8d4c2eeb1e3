-- What is stated of all customers, in the facts that gold has taken.
waiting AS MATERIALIZED (
    SELECT coalesce(range_agg(int8range(first_order_event_key, last_order_event_key, '[]')), '{}') AS event_keys
    FROM ops.silver_batches
    WHERE gold_batch_id IS NULL AND first_order_event_key IS NOT NULL
),
statements AS (
    SELECT e.customer_key, e.customer_version_key, e.event_at, e.event_id
    FROM silver.fct_order_events AS e
    CROSS JOIN waiting
    WHERE e.customer_key <> 0 AND e.customer_version_key <> 0 AND NOT e.order_event_key <@ waiting.event_keys
),

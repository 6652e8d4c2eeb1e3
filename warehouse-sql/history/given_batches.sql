-- The ranges of keys that the facts of the given silver batches have.
-- $1 silver batch ids
given_batches AS MATERIALIZED (
    SELECT first_order_event_key, last_order_event_key
    FROM ops.silver_batches
    WHERE silver_batch_id = ANY ($1) AND first_order_event_key IS NOT NULL
)

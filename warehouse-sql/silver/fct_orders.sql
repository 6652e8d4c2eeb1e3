-- Folds the events of a load into the snapshots of their orders. The outcome depends only on which events there are,
-- not on how they were batched: counts add, milestones are the earliest, the status is the latest by event time.
-- Arrays with one element an order: $1 order, $2 customer, $3 channel, $4 currency, $5 status, $6 events, $7 lines,
-- $8 partition, $9 offset and $10 time of the latest event, $11 placed, $12 paid, $13 shipped, $14 completed,
-- $15 returned, $16 cancelled, $17 total as placed
INSERT INTO silver.fct_orders AS o (
    order_id, customer_key, channel_key, currency_key, order_status_key, event_count, line_count, status_partition,
    status_offset, status_at, placed_at, paid_at, shipped_at, completed_at, returned_at, cancelled_at, total_amount
)
SELECT *
FROM unnest($1::text[], $2::bigint[], $3::integer[], $4::integer[], $5::integer[], $6::integer[], $7::integer[],
            $8::integer[], $9::bigint[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[],
            $14::timestamptz[], $15::timestamptz[], $16::timestamptz[], $17::numeric[]) AS g
ON CONFLICT (order_id) DO UPDATE SET
    (customer_key, channel_key, currency_key, order_status_key, status_partition, status_offset, status_at) = (
        SELECT latest.customer_key, latest.channel_key, latest.currency_key, latest.order_status_key,
               latest.status_partition, latest.status_offset, latest.status_at
        FROM (VALUES
            (o.customer_key, o.channel_key, o.currency_key, o.order_status_key, o.status_partition, o.status_offset,
             o.status_at),
            (excluded.customer_key, excluded.channel_key, excluded.currency_key, excluded.order_status_key,
             excluded.status_partition, excluded.status_offset, excluded.status_at)
        ) AS latest (customer_key, channel_key, currency_key, order_status_key, status_partition, status_offset,
                     status_at)
        ORDER BY latest.status_at DESC, latest.status_partition DESC, latest.status_offset DESC
        LIMIT 1
    ),
    event_count  = o.event_count + excluded.event_count,
    line_count   = CASE WHEN o.placed_at IS NULL OR excluded.placed_at < o.placed_at
                        THEN coalesce(excluded.line_count, o.line_count) ELSE o.line_count END,
    total_amount = CASE WHEN o.placed_at IS NULL OR excluded.placed_at < o.placed_at
                        THEN coalesce(excluded.total_amount, o.total_amount) ELSE o.total_amount END,
    placed_at    = least(o.placed_at, excluded.placed_at),
    paid_at      = least(o.paid_at, excluded.paid_at),
    shipped_at   = least(o.shipped_at, excluded.shipped_at),
    completed_at = least(o.completed_at, excluded.completed_at),
    returned_at  = least(o.returned_at, excluded.returned_at),
    cancelled_at = least(o.cancelled_at, excluded.cancelled_at)

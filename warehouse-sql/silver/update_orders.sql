-- Brings the snapshots of orders, whose rows are locked, to what their events come to now.
-- Arrays with one element an order: $1 order, $2 customer, $3 channel, $4 currency, $5 status, $6 events, $7 lines,
-- $8 latest event and $9 its time, $10 placed, $11 paid, $12 shipped, $13 completed, $14 returned, $15 cancelled,
-- $16 id and $17 key of the earliest placing, $18 total as placed
UPDATE silver.fct_orders AS o
SET customer_key = g.customer_key, channel_key = g.channel_key, currency_key = g.currency_key,
    order_status_key = g.order_status_key, event_count = g.event_count, line_count = g.line_count,
    status_event_id = g.status_event_id, status_at = g.status_at, placed_at = g.placed_at, paid_at = g.paid_at,
    shipped_at = g.shipped_at, completed_at = g.completed_at, returned_at = g.returned_at,
    cancelled_at = g.cancelled_at, placed_event_id = g.placed_event_id, placed_event_key = g.placed_event_key,
    total_amount = g.total_amount
FROM unnest($1::text[], $2::bigint[], $3::integer[], $4::integer[], $5::integer[], $6::integer[], $7::integer[],
            $8::uuid[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[],
            $13::timestamptz[], $14::timestamptz[], $15::timestamptz[], $16::uuid[], $17::bigint[], $18::numeric[])
    AS g (order_id, customer_key, channel_key, currency_key, order_status_key, event_count, line_count,
          status_event_id, status_at, placed_at, paid_at, shipped_at, completed_at, returned_at, cancelled_at,
          placed_event_id, placed_event_key, total_amount)
WHERE o.order_id = g.order_id

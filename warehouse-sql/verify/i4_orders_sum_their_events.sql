-- Each order's snapshot against its events.
WITH events AS (
    SELECT order_id, count(*) AS n,
           min(event_at) FILTER (WHERE event_type = 'order_placed')    AS placed_at,
           min(event_at) FILTER (WHERE event_type = 'order_paid')      AS paid_at,
           min(event_at) FILTER (WHERE event_type = 'order_shipped')   AS shipped_at,
           min(event_at) FILTER (WHERE event_type = 'order_completed') AS completed_at,
           min(event_at) FILTER (WHERE event_type = 'order_returned')  AS returned_at,
           min(event_at) FILTER (WHERE event_type = 'order_cancelled') AS cancelled_at,
           max(event_at)                                               AS status_at
    FROM silver.fct_order_events
    GROUP BY order_id
)
SELECT format('order %s: the snapshot differs from its events', order_id)
FROM silver.fct_orders AS o
FULL JOIN events AS e USING (order_id)
WHERE (o.event_count, o.placed_at, o.paid_at, o.shipped_at, o.completed_at, o.returned_at, o.cancelled_at, o.status_at)
      IS DISTINCT FROM
      (e.n::integer, e.placed_at, e.paid_at, e.shipped_at, e.completed_at, e.returned_at, e.cancelled_at, e.status_at)

-- Each order's snapshot against its events.
WITH milestones AS (
    SELECT order_id, count(*)::integer AS n,
           min(event_at) FILTER (WHERE event_type = 'order_placed')    AS placed_at,
           min(event_at) FILTER (WHERE event_type = 'order_paid')      AS paid_at,
           min(event_at) FILTER (WHERE event_type = 'order_shipped')   AS shipped_at,
           min(event_at) FILTER (WHERE event_type = 'order_completed') AS completed_at,
           min(event_at) FILTER (WHERE event_type = 'order_returned')  AS returned_at,
           min(event_at) FILTER (WHERE event_type = 'order_cancelled') AS cancelled_at
    FROM silver.fct_order_events
    GROUP BY order_id
),
latest AS (
    SELECT DISTINCT ON (order_id) order_id, event_at, event_id, customer_key, channel_key, currency_key,
           order_status_key
    FROM silver.fct_order_events
    ORDER BY order_id, event_at DESC, event_id DESC
),
placings AS (
    SELECT DISTINCT ON (order_id) order_id, event_id, order_event_key, line_count, total_amount
    FROM silver.fct_order_events
    WHERE event_type = 'order_placed'
    ORDER BY order_id, event_at, event_id
),
events AS (
    SELECT m.order_id, m.n, m.placed_at, m.paid_at, m.shipped_at, m.completed_at, m.returned_at, m.cancelled_at,
           l.event_at, l.event_id, l.customer_key, l.channel_key, l.currency_key, l.order_status_key,
           p.event_id AS placed_event_id, p.order_event_key, p.line_count, p.total_amount
    FROM milestones AS m
    JOIN latest AS l USING (order_id)
    LEFT JOIN placings AS p USING (order_id)
)
SELECT format('order %s: the snapshot differs from its events', order_id)
FROM silver.fct_orders AS o
FULL JOIN events AS e USING (order_id)
WHERE (o.event_count, o.placed_at, o.paid_at, o.shipped_at, o.completed_at, o.returned_at, o.cancelled_at, o.status_at,
       o.status_event_id, o.customer_key, o.channel_key, o.currency_key, o.order_status_key, o.placed_event_id,
       o.placed_event_key, o.line_count, o.total_amount)
      IS DISTINCT FROM
      (e.n, e.placed_at, e.paid_at, e.shipped_at, e.completed_at, e.returned_at, e.cancelled_at, e.event_at,
       e.event_id, e.customer_key, e.channel_key, e.currency_key, e.order_status_key, e.placed_event_id,
       e.order_event_key, e.line_count, e.total_amount)

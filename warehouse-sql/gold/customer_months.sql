-- What did each known customer do in a month?
-- Grain and key: customer × currency × month. What all marts by customer follow from.
SELECT
    customer_key,
    currency_key,
    date_trunc('month', event_date::timestamp)::date                        AS month,
    count(*) FILTER (WHERE event_type = 'order_placed')                     AS orders,
    coalesce(sum(total_amount) FILTER (WHERE event_type = 'order_placed'), 0)    AS placed_amount,
    coalesce(sum(total_amount) FILTER (WHERE event_type = 'order_returned'), 0)  AS returned_amount,
    coalesce(sum(total_amount) FILTER (WHERE event_type = 'order_cancelled'), 0) AS cancelled_amount,
    min(event_at) FILTER (WHERE event_type = 'order_placed')                AS first_order_at,
    max(event_at) FILTER (WHERE event_type = 'order_placed')                AS last_order_at
FROM given_events
WHERE event_type IN ('order_placed', 'order_returned', 'order_cancelled') AND customer_key <> 0
GROUP BY 1, 2, 3

-- The facts given, added up once for all the marts that need them. What a statement does not use is not computed.
-- Many times fewer rows than there are events: the marts add up these.
given_event_sums AS MATERIALIZED (
    SELECT
        event_date,
        date_bin('1 hour', event_at, timestamptz '2000-01-01 00:00:00+00') AS event_hour,
        currency_key,
        channel_key,
        payment_method_key,
        location_key,
        event_type           AS kind,
        count(*)             AS events,
        sum(units)           AS units,
        sum(subtotal_amount) AS subtotal_amount,
        sum(discount_amount) AS discount_amount,
        sum(tax_amount)      AS tax_amount,
        sum(shipping_amount) AS shipping_amount,
        sum(total_amount)    AS total_amount,
        sum(cost_amount)     AS cost_amount
    FROM given_events
    WHERE event_type IN ('order_placed', 'order_returned', 'order_cancelled')
    GROUP BY event_date, event_hour, currency_key, channel_key, payment_method_key, location_key, event_type
),
-- Goods that cancellations take back, from the lines: a cancellation names none itself. They count in the channel of
-- the event that made them known, on the day of the cancellation; in its hour where that event happened on that day.
given_goods_taken_back AS (
    SELECT
        l.event_date,
        CASE WHEN e.event_date = l.event_date AND e.event_type = 'order_cancelled'
             THEN date_bin('1 hour', e.event_at, timestamptz '2000-01-01 00:00:00+00')
             ELSE l.event_date::timestamp AT TIME ZONE 'UTC' END AS event_hour,
        e.currency_key,
        e.channel_key,
        -sum(l.gross_amount - l.discount_amount) AS goods_amount,
        -sum(l.cost_amount)                      AS cost_amount
    FROM given_lines AS l
    JOIN silver.fct_order_events AS e USING (order_event_key)
    WHERE l.line_no < 0
    GROUP BY 1, 2, 3, 4
),
given_sales AS MATERIALIZED (
    SELECT
        event_date,
        event_hour,
        currency_key,
        channel_key,
        coalesce(sum(events) FILTER (WHERE kind = 'order_placed'), 0)                                       AS orders,
        coalesce(sum(units) FILTER (WHERE kind = 'order_placed'), 0)                                    AS units_sold,
        coalesce(sum(subtotal_amount) FILTER (WHERE kind = 'order_placed'), 0)                        AS gross_amount,
        coalesce(sum(discount_amount) FILTER (WHERE kind = 'order_placed'), 0)                     AS discount_amount,
        coalesce(sum(tax_amount) FILTER (WHERE kind = 'order_placed'), 0)                               AS tax_amount,
        coalesce(sum(shipping_amount) FILTER (WHERE kind = 'order_placed'), 0)                     AS shipping_amount,
        coalesce(sum(total_amount) FILTER (WHERE kind = 'order_placed'), 0)                           AS total_amount,
        coalesce(sum(events) FILTER (WHERE kind = 'order_returned'), 0)                                    AS returns,
        coalesce(sum(units) FILTER (WHERE kind = 'order_returned'), 0)                              AS units_returned,
        coalesce(sum(total_amount) FILTER (WHERE kind = 'order_returned'), 0)                      AS returned_amount,
        coalesce(sum(subtotal_amount - discount_amount) FILTER (WHERE kind = 'order_returned'), 0)
                                                                                             AS returned_goods_amount,
        coalesce(sum(events) FILTER (WHERE kind = 'order_cancelled'), 0)                             AS cancellations,
        coalesce(sum(total_amount) FILTER (WHERE kind = 'order_cancelled'), 0)                    AS cancelled_amount,
        coalesce(sum(CASE kind WHEN 'order_placed' THEN cost_amount
                               WHEN 'order_returned' THEN -cost_amount END), 0)                        AS cost_amount,
        0::numeric                                                                          AS cancelled_goods_amount
    FROM given_event_sums
    GROUP BY event_date, event_hour, currency_key, channel_key
    UNION ALL
    SELECT event_date, event_hour, currency_key, channel_key, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -cost_amount, goods_amount
    FROM given_goods_taken_back
),
given_line_sums AS MATERIALIZED (
    SELECT
        event_date,
        product_key,
        category_key,
        currency_key,
        count(*)             AS lines,
        sum(quantity)        AS quantity,
        sum(gross_amount)    AS gross_amount,
        sum(discount_amount) AS discount_amount,
        sum(cost_amount)     AS cost_amount
    FROM given_lines
    GROUP BY event_date, product_key, category_key, currency_key
),
given_step_sums AS MATERIALIZED (
    SELECT
        step_date,
        step,
        (seconds_since_previous / 60)::integer AS minutes,
        sum(orders)                            AS orders
    FROM given_steps
    GROUP BY 1, 2, 3
),

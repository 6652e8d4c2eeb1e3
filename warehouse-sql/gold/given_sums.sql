-- The facts given, added up once for all the marts that need them. What a statement does not use is not computed.
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
    CROSS JOIN LATERAL (
        SELECT * FROM silver.fct_order_events AS f WHERE f.order_event_key = l.order_event_key OFFSET 0
    ) AS e
    WHERE l.line_no < 0
    GROUP BY 1, 2, 3, 4
),
given_sales AS MATERIALIZED (
    SELECT
        event_date,
        date_bin('1 hour', event_at, timestamptz '2000-01-01 00:00:00+00')                              AS event_hour,
        currency_key,
        channel_key,
        count(*) FILTER (WHERE event_type = 'order_placed')                                                 AS orders,
        coalesce(sum(units) FILTER (WHERE event_type = 'order_placed'), 0)                              AS units_sold,
        coalesce(sum(subtotal_amount) FILTER (WHERE event_type = 'order_placed'), 0)                  AS gross_amount,
        coalesce(sum(discount_amount) FILTER (WHERE event_type = 'order_placed'), 0)               AS discount_amount,
        coalesce(sum(tax_amount) FILTER (WHERE event_type = 'order_placed'), 0)                         AS tax_amount,
        coalesce(sum(shipping_amount) FILTER (WHERE event_type = 'order_placed'), 0)               AS shipping_amount,
        coalesce(sum(total_amount) FILTER (WHERE event_type = 'order_placed'), 0)                     AS total_amount,
        count(*) FILTER (WHERE event_type = 'order_returned')                                              AS returns,
        coalesce(sum(units) FILTER (WHERE event_type = 'order_returned'), 0)                        AS units_returned,
        coalesce(sum(total_amount) FILTER (WHERE event_type = 'order_returned'), 0)                AS returned_amount,
        coalesce(sum(subtotal_amount - discount_amount) FILTER (WHERE event_type = 'order_returned'), 0)
                                                                                             AS returned_goods_amount,
        count(*) FILTER (WHERE event_type = 'order_cancelled')                                       AS cancellations,
        coalesce(sum(total_amount) FILTER (WHERE event_type = 'order_cancelled'), 0)              AS cancelled_amount,
        coalesce(sum(CASE event_type WHEN 'order_placed' THEN cost_amount
                                     WHEN 'order_returned' THEN -cost_amount END), 0)                  AS cost_amount,
        0::numeric                                                                          AS cancelled_goods_amount
    FROM given_events
    WHERE event_type IN ('order_placed', 'order_returned', 'order_cancelled')
    GROUP BY event_date, event_hour, currency_key, channel_key
    UNION ALL
    SELECT event_date, event_hour, currency_key, channel_key, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -cost_amount, goods_amount
    FROM given_goods_taken_back
),
-- By product and by category in one reading of the lines; category_key is null in the sums by product, and the reverse.
-- Sums by category from those by product would cost as much again: most of the time goes into making groups.
given_line_sums AS MATERIALIZED (
    SELECT
        event_date,
        product_key,
        category_key,
        currency_key,
        -- A line that was taken back and then not after all is one line less.
        sum(CASE WHEN line_no < 0 AND quantity > 0 THEN -1 ELSE 1 END) AS lines,
        sum(quantity)        AS quantity,
        sum(gross_amount)    AS gross_amount,
        sum(discount_amount) AS discount_amount,
        sum(cost_amount)     AS cost_amount
    FROM given_lines
    GROUP BY GROUPING SETS ((event_date, product_key, currency_key), (event_date, category_key, currency_key))
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

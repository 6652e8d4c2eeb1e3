-- Each event has the lines that it counts, numbered from 1, and there is no line without an event. What cancellations
-- take back is counted apart: it is no event's own.
WITH lines AS (
    SELECT order_event_key,
           count(*) FILTER (WHERE line_no > 0)                 AS n,
           min(line_no) FILTER (WHERE line_no > 0)             AS first_line,
           max(line_no) FILTER (WHERE line_no > 0)             AS last_line,
           sum(abs(quantity)) FILTER (WHERE line_no > 0)       AS units,
           sum(abs(gross_amount)) FILTER (WHERE line_no > 0)   AS gross,
           sum(abs(discount_amount)) FILTER (WHERE line_no > 0) AS discount,
           sum(abs(cost_amount)) FILTER (WHERE line_no > 0)    AS cost,
           count(DISTINCT sign(quantity)) FILTER (WHERE line_no > 0) AS directions,
           max(quantity) FILTER (WHERE line_no > 0)            AS most,
           bool_or(line_no = 0)                                AS has_line_0
    FROM silver.fct_order_lines
    GROUP BY order_event_key
)
SELECT format('event key %s: says %s lines, %s pieces, subtotal %s, discount %s, cost %s; its lines: %s (numbered %s to %s), %s pieces, %s, %s, %s',
              order_event_key, e.line_count, e.units, e.subtotal_amount, e.discount_amount, e.cost_amount,
              coalesce(l.n, 0), l.first_line, l.last_line, l.units, l.gross, l.discount, l.cost)
FROM silver.fct_order_events AS e
FULL JOIN lines AS l USING (order_event_key)
WHERE e.line_count IS DISTINCT FROM coalesce(l.n, 0)
   OR l.has_line_0
   OR (l.n > 0 AND (e.units <> l.units OR e.subtotal_amount <> l.gross OR e.discount_amount <> l.discount
                    OR e.cost_amount <> l.cost OR l.first_line <> 1 OR l.last_line <> l.n OR l.directions <> 1
                    OR (e.event_type = 'order_returned') <> (l.most < 0)))

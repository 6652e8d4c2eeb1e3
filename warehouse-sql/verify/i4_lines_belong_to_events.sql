-- Each event has the lines that it counts, numbered from 1, and there is no line without an event.
WITH lines AS (
    SELECT order_event_key, count(*) AS n, min(line_no) AS first_line, max(line_no) AS last_line,
           sum(abs(quantity)) AS units, sum(abs(gross_amount)) AS gross, sum(abs(discount_amount)) AS discount
    FROM silver.fct_order_lines
    GROUP BY order_event_key
)
SELECT format('event key %s: says %s lines, %s pieces, subtotal %s, discount %s; its lines: %s (numbered %s to %s), %s pieces, %s, %s',
              order_event_key, e.line_count, e.units, e.subtotal_amount, e.discount_amount, coalesce(l.n, 0),
              l.first_line, l.last_line, l.units, l.gross, l.discount)
FROM silver.fct_order_events AS e
FULL JOIN lines AS l USING (order_event_key)
WHERE e.line_count IS DISTINCT FROM coalesce(l.n, 0)
   OR (l.n > 0 AND (e.units <> l.units OR e.subtotal_amount <> l.gross OR e.discount_amount <> l.discount
                    OR l.first_line <> 1 OR l.last_line <> l.n))

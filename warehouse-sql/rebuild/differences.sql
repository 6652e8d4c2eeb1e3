-- $1 at most so many
SELECT mart, cell::text AS cell, figure, live_value, rebuilt_value, count(*) OVER () AS total
FROM ops.rebuild_differences()
ORDER BY mart, cell::text, figure
LIMIT $1

-- $1 from, $2 to.
SELECT step, sum(orders)::bigint AS orders, sum(timed_orders)::bigint AS timed_orders
FROM gold.order_funnel_sums
WHERE step_date BETWEEN coalesce($1::date, '-infinity') AND coalesce($2::date, 'infinity')
GROUP BY step
ORDER BY sum(orders) DESC, step

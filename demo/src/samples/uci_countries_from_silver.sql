SELECT l.country, c.currency_code AS currency,
       count(*) FILTER (WHERE e.event_type = 'order_placed') AS orders,
       coalesce(sum(e.total_amount) FILTER (WHERE e.event_type = 'order_placed'), 0.00) AS revenue,
       coalesce(sum(e.total_amount) FILTER (WHERE e.event_type = 'order_returned'), 0.00) AS returned
FROM silver.fct_order_events AS e
JOIN silver.dim_locations AS l USING (location_key)
JOIN silver.dim_currencies AS c USING (currency_key)
GROUP BY l.country, c.currency_code
ORDER BY revenue DESC, l.country
LIMIT 10

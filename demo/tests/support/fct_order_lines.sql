-- What a cancellation takes back stands under whichever event came last, so it is told by its order, added up.
SELECT e.event_id, e.order_id, l.line_no, p.product_id, v.product_name, v.category, c.category_name, u.currency_code,
       l.event_date, l.quantity, l.unit_price, l.gross_amount, l.discount_amount, l.cost_amount
FROM silver.fct_order_lines AS l
JOIN silver.fct_order_events AS e USING (order_event_key)
JOIN silver.dim_products AS p USING (product_key)
JOIN silver.dim_product_versions AS v USING (product_version_key)
JOIN silver.dim_categories AS c USING (category_key)
JOIN silver.dim_currencies AS u ON u.currency_key = l.currency_key
WHERE l.line_no > 0
UNION ALL
SELECT NULL, e.order_id, -count(*), p.product_id, v.product_name, v.category, c.category_name, u.currency_code,
       l.event_date, sum(l.quantity), l.unit_price, sum(l.gross_amount), sum(l.discount_amount), sum(l.cost_amount)
FROM silver.fct_order_lines AS l
JOIN silver.fct_order_events AS e USING (order_event_key)
JOIN silver.dim_products AS p USING (product_key)
JOIN silver.dim_product_versions AS v USING (product_version_key)
JOIN silver.dim_categories AS c USING (category_key)
JOIN silver.dim_currencies AS u ON u.currency_key = l.currency_key
WHERE l.line_no < 0
GROUP BY e.order_id, p.product_id, v.product_name, v.category, c.category_name, u.currency_code, l.event_date,
         l.unit_price

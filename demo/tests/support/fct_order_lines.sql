SELECT e.event_id, l.line_no, p.product_id, c.category_name, u.currency_code, l.event_date, l.quantity, l.unit_price,
       l.gross_amount, l.discount_amount, l.cost_amount
FROM silver.fct_order_lines AS l
JOIN silver.fct_order_events AS e USING (order_event_key)
JOIN silver.dim_products AS p USING (product_key)
JOIN silver.dim_categories AS c USING (category_key)
JOIN silver.dim_currencies AS u ON u.currency_key = l.currency_key

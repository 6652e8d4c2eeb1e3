-- The lines of placings, amounts in hundredths.
-- $1 keys of the placings' events
SELECT order_event_key, product_key, product_version_key, category_key, currency_key, quantity,
       (unit_price * 100)::bigint AS unit_price_cents, (gross_amount * 100)::bigint AS gross_cents,
       (discount_amount * 100)::bigint AS discount_cents, (cost_amount * 100)::bigint AS cost_cents
FROM silver.fct_order_lines
WHERE order_event_key = ANY ($1) AND line_no > 0
ORDER BY order_event_key, line_no

-- Which of these orders have a snapshot.
-- $1 order ids
SELECT order_id FROM silver.fct_orders WHERE order_id = ANY ($1)

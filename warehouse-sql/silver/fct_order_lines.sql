COPY silver.fct_order_lines (
    order_event_key, product_key, product_version_key, category_key, currency_key, event_date, quantity, line_no,
    unit_price, gross_amount, discount_amount, cost_amount
) FROM STDIN (FORMAT binary)

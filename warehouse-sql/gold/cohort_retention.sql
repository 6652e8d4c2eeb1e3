-- Who came back?
-- Grain and key: currency × month of the first order × months since. A late order that moves a customer's first month
-- takes all the customer's months out of one cohort and puts them into another.
SELECT
    cells.currency,
    cells.cohort_month,
    ((extract(year FROM cells.month) - extract(year FROM cells.cohort_month)) * 12
        + extract(month FROM cells.month) - extract(month FROM cells.cohort_month))::integer AS months_since,
    cells.customers,
    cells.orders,
    cells.net_amount
FROM (
    SELECT
        c.currency,
        date_trunc('month', c.first_order_date::timestamp)::date   AS cohort_month,
        m.month,
        sum(m.side * m.active)                                     AS customers,
        sum(m.side * m.orders)                                     AS orders,
        sum(m.side * m.net_amount)                                 AS net_amount
    FROM given_customer_months AS m
    JOIN given_customers AS c USING (side, customer_key, currency_key)
    WHERE c.orders > 0
    GROUP BY 1, 2, 3
) AS cells
WHERE (cells.customers, cells.orders, cells.net_amount) <> (0, 0, 0)

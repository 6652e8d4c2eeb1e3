-- How are the known customers spread over recency, frequency and money?
-- Grain and key: currency × day of the last order × frequency score × monetary score. Who leaves a cell counts negative
-- in the delta, who enters another counts there. Who so far has only returns is in none.
SELECT
    cells.currency,
    cells.last_order_date,
    cells.frequency_score,
    cells.monetary_score,
    cells.customers,
    cells.orders,
    cells.net_amount
FROM (
    SELECT
        currency,
        last_order_date,
        frequency_score,
        monetary_score,
        sum(side)              AS customers,
        sum(side * orders)     AS orders,
        sum(side * net_amount) AS net_amount
    FROM given_customers
    WHERE orders > 0
    GROUP BY currency, last_order_date, frequency_score, monetary_score
) AS cells
WHERE (cells.customers, cells.orders, cells.net_amount) <> (0, 0, 0)

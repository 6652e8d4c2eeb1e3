-- How are the known customers spread over recency, frequency and money?
-- Grain and key: currency × day of the last order × frequency score × monetary score. Who leaves a cell counts negative
-- in the delta, who enters another counts there.
SELECT
    currencies.currency_code AS currency,
    (c.last_order_at AT TIME ZONE 'UTC')::date                                  AS last_order_date,
    1 + width_bucket(c.orders, coalesce(own.orders, usual.orders))              AS frequency_score,
    1 + width_bucket(c.net_amount, coalesce(own.net_amount, usual.net_amount))  AS monetary_score,
    sum(c.side)                                                                 AS customers,
    sum(c.side * c.orders)                                                      AS orders,
    sum(c.side * c.net_amount)                                                  AS net_amount
FROM given_customers AS c
JOIN silver.dim_currencies AS currencies USING (currency_key)
JOIN gold.rfm_cuts AS usual ON usual.currency = 'default'
LEFT JOIN gold.rfm_cuts AS own ON own.currency = currencies.currency_code
GROUP BY 1, 2, 3, 4
HAVING (sum(c.side), sum(c.side * c.orders), sum(c.side * c.net_amount)) <> (0, 0, 0)

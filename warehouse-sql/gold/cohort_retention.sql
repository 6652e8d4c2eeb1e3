-- Who came back?
-- Grain and key: currency × month of the first order × months since. A late order that moves a customer's first month
-- takes all the customer's months out of one cohort and puts them into another.
SELECT
    currencies.currency_code AS currency,
    date_trunc('month', c.first_order_at AT TIME ZONE 'UTC')::date                  AS cohort_month,
    ((extract(year FROM m.month) - extract(year FROM c.first_order_at AT TIME ZONE 'UTC')) * 12
        + extract(month FROM m.month) - extract(month FROM c.first_order_at AT TIME ZONE 'UTC'))::integer
                                                                                    AS months_since,
    coalesce(sum(m.side) FILTER (WHERE m.orders > 0), 0)                            AS customers,
    sum(m.side * m.orders)                                                          AS orders,
    sum(m.side * (m.placed_amount - m.returned_amount - m.cancelled_amount))        AS net_amount
FROM given_customer_months AS m
JOIN given_customers AS c USING (side, customer_key, currency_key)
JOIN silver.dim_currencies AS currencies USING (currency_key)
GROUP BY 1, 2, 3
HAVING (coalesce(sum(m.side) FILTER (WHERE m.orders > 0), 0), sum(m.side * m.orders),
        sum(m.side * (m.placed_amount - m.returned_amount - m.cancelled_amount))) <> (0, 0, 0)

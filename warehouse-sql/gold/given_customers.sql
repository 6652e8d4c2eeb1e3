-- The customers given, with what they score.
given_customers AS MATERIALIZED (
    SELECT
        s.*,
        currencies.currency_code                                                       AS currency,
        s.net_amount_sum                                                               AS net_amount,
        1 + width_bucket(s.orders, coalesce(own.orders, usual.orders))                 AS frequency_score,
        1 + width_bucket(s.net_amount_sum, coalesce(own.net_amount, usual.net_amount)) AS monetary_score,
        (s.first_order_at AT TIME ZONE 'UTC')::date                                    AS first_order_date,
        (s.last_order_at AT TIME ZONE 'UTC')::date                                     AS last_order_date
    FROM (
        SELECT *, placed_amount - returned_amount - cancelled_amount AS net_amount_sum FROM given_customer_sums
    ) AS s
    JOIN silver.dim_currencies AS currencies USING (currency_key)
    JOIN gold.rfm_cuts AS usual ON usual.currency = 'default'
    LEFT JOIN gold.rfm_cuts AS own ON own.currency = currencies.currency_code
),

-- How do customers mean to pay?
-- Grain and key: day × currency × payment method. Additive measures of the orders placed.
SELECT
    sums.event_date AS sales_date,
    currencies.currency_code AS currency,
    methods.payment_method_name AS payment_method,
    sums.orders,
    sums.total_amount
FROM (
    SELECT event_date, currency_key, payment_method_key, count(*) AS orders, sum(total_amount) AS total_amount
    FROM given_events
    WHERE event_type = 'order_placed'
    GROUP BY event_date, currency_key, payment_method_key
) AS sums
JOIN silver.dim_currencies AS currencies USING (currency_key)
JOIN silver.dim_payment_methods AS methods USING (payment_method_key)

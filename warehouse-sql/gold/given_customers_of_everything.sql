-- All customers as they follow from all facts: there is no before.
given_customer_sums AS (
    SELECT
        1 AS side,
        customer_key,
        customer_id,
        currency_key,
        sum(orders)::bigint   AS orders,
        sum(placed_amount)    AS placed_amount,
        sum(returned_amount)  AS returned_amount,
        sum(cancelled_amount) AS cancelled_amount,
        min(first_order_at)   AS first_order_at,
        max(last_order_at)    AS last_order_at
    FROM customer_months
    JOIN silver.dim_customers USING (customer_key)
    GROUP BY customer_key, customer_id, currency_key
),
given_customer_months AS (
    SELECT
        1 AS side, customer_key, currency_key, month,
        (orders > 0)::integer AS active,
        orders,
        placed_amount - returned_amount - cancelled_amount AS net_amount
    FROM customer_months
),

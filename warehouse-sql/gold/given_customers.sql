-- Customers with a known order, on each side. Who so far has only returns belongs to no cohort and no segment.
given_customers AS MATERIALIZED (
    SELECT
        side,
        customer_key,
        currency_key,
        sum(orders)::bigint                                              AS orders,
        sum(placed_amount)                                               AS placed_amount,
        sum(returned_amount)                                             AS returned_amount,
        sum(cancelled_amount)                                            AS cancelled_amount,
        sum(placed_amount) - sum(returned_amount) - sum(cancelled_amount) AS net_amount,
        min(first_order_at)                                              AS first_order_at,
        max(last_order_at)                                               AS last_order_at
    FROM given_customer_months
    GROUP BY side, customer_key, currency_key
    HAVING sum(orders) > 0
),

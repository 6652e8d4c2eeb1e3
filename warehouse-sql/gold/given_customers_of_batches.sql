-- The customers touched, before the fold (side -1) and after it (side 1). A statement reads tables as they were when it
-- began, so gold.customer_value_sums is what was before. Looked up one by one: how many customers a batch touches does
-- not depend on how many there are.
customers_touched AS MATERIALIZED (
    SELECT
        d.*,
        customers.customer_id,
        currencies.currency_code AS currency,
        b.customer_id IS NOT NULL AS is_known,
        -- Also who had only returns so far, and so no first month.
        coalesce(
            b.orders = 0
                OR date_trunc('month', d.first_order_at AT TIME ZONE 'UTC')
                    < date_trunc('month', b.first_order_at AT TIME ZONE 'UTC'),
            false
        ) AS is_moved,
        b.orders           AS orders_before,
        b.placed_amount    AS placed_amount_before,
        b.returned_amount  AS returned_amount_before,
        b.cancelled_amount AS cancelled_amount_before,
        b.first_order_at   AS first_order_at_before,
        b.last_order_at    AS last_order_at_before
    FROM (
        SELECT
            customer_key,
            currency_key,
            sum(orders)::bigint                                                        AS orders,
            sum(placed_amount)                                                         AS placed_amount,
            coalesce(sum(returned_amount) FILTER (WHERE returned_amount <> 0), 0)      AS returned_amount,
            coalesce(sum(cancelled_amount) FILTER (WHERE cancelled_amount <> 0), 0)    AS cancelled_amount,
            min(first_order_at)                                                        AS first_order_at,
            max(last_order_at)                                                         AS last_order_at
        FROM customer_months
        GROUP BY customer_key, currency_key
    ) AS d
    JOIN silver.dim_currencies AS currencies USING (currency_key)
    CROSS JOIN LATERAL (
        SELECT c.customer_id FROM silver.dim_customers AS c WHERE c.customer_key = d.customer_key OFFSET 0
    ) AS customers
    LEFT JOIN LATERAL (
        SELECT *
        FROM gold.customer_value_sums AS v
        WHERE v.customer_id = customers.customer_id AND v.currency = currencies.currency_code
        OFFSET 0
    ) AS b ON true
),
given_customer_sums AS (
    SELECT -1 AS side, customer_key, customer_id, currency_key, orders_before AS orders, placed_amount_before AS placed_amount,
           returned_amount_before AS returned_amount, cancelled_amount_before AS cancelled_amount,
           first_order_at_before AS first_order_at, last_order_at_before AS last_order_at
    FROM customers_touched
    WHERE is_known
    UNION ALL
    SELECT 1, customer_key, customer_id, currency_key, coalesce(orders_before, 0) + orders,
           coalesce(placed_amount_before, 0) + placed_amount,
           coalesce(returned_amount_before, 0) + returned_amount, coalesce(cancelled_amount_before, 0) + cancelled_amount,
           least(first_order_at_before, first_order_at), greatest(last_order_at_before, last_order_at)
    FROM customers_touched
),
-- What the months contribute to the customers' cohorts. Where the first month stays, which is nearly always, that is the
-- change itself; where a late order moves it, all the customer's months leave one cohort (side -1) and enter another.
given_customer_months AS (
    SELECT
        1 AS side, a.customer_key, a.currency_key, a.month,
        (a.orders > 0)::integer - (a.orders > d.orders)::integer  AS active,
        d.orders,
        d.placed_amount - d.returned_amount - d.cancelled_amount  AS net_amount
    FROM fold_customer_months AS a
    JOIN customer_months AS d USING (customer_key, currency_key, month)
    JOIN customers_touched AS t USING (customer_key, currency_key)
    WHERE NOT t.is_moved
    UNION ALL
    SELECT 1, a.customer_key, a.currency_key, a.month, (a.orders > 0)::integer, a.orders,
           a.placed_amount - a.returned_amount - a.cancelled_amount
    FROM fold_customer_months AS a
    JOIN customers_touched AS t USING (customer_key, currency_key)
    WHERE t.is_moved
    UNION ALL
    SELECT sides.side, m.customer_key, m.currency_key, m.month, (m.orders > 0)::integer, m.orders,
           m.placed_amount - m.returned_amount - m.cancelled_amount
    FROM customers_touched AS t
    CROSS JOIN LATERAL (
        SELECT *
        FROM gold.customer_months AS m
        WHERE m.customer_key = t.customer_key AND m.currency_key = t.currency_key
        OFFSET 0
    ) AS m
    CROSS JOIN (VALUES (-1), (1)) AS sides (side)
    WHERE t.is_moved
      AND (sides.side = -1 OR NOT EXISTS (
          SELECT FROM customer_months AS d
          WHERE d.customer_key = m.customer_key AND d.currency_key = m.currency_key AND d.month = m.month
      ))
),

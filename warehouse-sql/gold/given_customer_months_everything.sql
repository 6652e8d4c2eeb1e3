-- The months of all customers as they follow from all facts: there is no before.
given_customer_months AS MATERIALIZED (
    SELECT 1 AS side, m.* FROM customer_months AS m
),

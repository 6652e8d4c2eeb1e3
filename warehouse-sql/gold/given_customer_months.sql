-- The months of the customers touched, before the fold (side -1) and after it (side 1). A statement reads tables as they
-- were when it began, so gold.customer_months is what was before, and what the fold returns is what has changed.
months_before AS MATERIALIZED (
    SELECT m.*
    FROM (SELECT DISTINCT customer_key, currency_key FROM customer_months) AS touched
    JOIN gold.customer_months AS m USING (customer_key, currency_key)
),
given_customer_months AS MATERIALIZED (
    SELECT -1 AS side, b.* FROM months_before AS b
    UNION ALL
    SELECT 1, f.* FROM fold_customer_months AS f
    UNION ALL
    SELECT 1, b.*
    FROM months_before AS b
    WHERE NOT EXISTS (
        SELECT FROM customer_months AS d
        WHERE d.customer_key = b.customer_key AND d.currency_key = b.currency_key AND d.month = b.month
    )
),

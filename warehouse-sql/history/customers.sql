-- The history of customers by their statements: at any time that holds which the latest statement at or before it made;
-- of several at the same time, the one with the greatest event id. Stretches of the same version are one.
SELECT customer_key, customer_version_key, event_at AS valid_from,
       lead(event_at, 1, 'infinity') OVER (PARTITION BY customer_key ORDER BY event_at) AS valid_to
FROM (
    SELECT *, lag(customer_version_key) OVER (PARTITION BY customer_key ORDER BY event_at) AS before
    FROM (
        SELECT DISTINCT ON (customer_key, event_at) customer_key, customer_version_key, event_at
        FROM statements
        ORDER BY customer_key, event_at, event_id DESC
    ) AS winning
) AS followed
WHERE customer_version_key IS DISTINCT FROM before

-- The history of products by their sightings: at any time that holds which the latest sighting at or before it shows; of
-- several at the same time, the one with the greatest name and category. Stretches of the same version are one.
SELECT product_key, product_version_key, first_seen_at AS valid_from,
       lead(first_seen_at, 1, 'infinity') OVER (PARTITION BY product_key ORDER BY first_seen_at) AS valid_to
FROM (
    SELECT *, lag(product_version_key) OVER (PARTITION BY product_key ORDER BY first_seen_at) AS before
    FROM (
        SELECT DISTINCT ON (product_key, first_seen_at) product_key, product_version_key, first_seen_at
        FROM statements
        ORDER BY product_key, first_seen_at, product_name DESC, category DESC
    ) AS winning
) AS followed
WHERE product_version_key IS DISTINCT FROM before

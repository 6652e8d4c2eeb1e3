-- Where do customers order from?
-- Grain and key: day × currency × country × city. Additive measures of the events given.
SELECT
    sums.event_date AS sales_date,
    currencies.currency_code AS currency,
    locations.country,
    locations.city,
    sums.orders,
    sums.units_sold,
    sums.total_amount,
    sums.returned_amount,
    sums.cancelled_amount
FROM (
    SELECT
        event_date,
        currency_key,
        location_key,
        count(*) FILTER (WHERE event_type = 'order_placed')                          AS orders,
        coalesce(sum(units) FILTER (WHERE event_type = 'order_placed'), 0)           AS units_sold,
        coalesce(sum(total_amount) FILTER (WHERE event_type = 'order_placed'), 0)    AS total_amount,
        coalesce(sum(total_amount) FILTER (WHERE event_type = 'order_returned'), 0)  AS returned_amount,
        coalesce(sum(total_amount) FILTER (WHERE event_type = 'order_cancelled'), 0) AS cancelled_amount
    FROM given_events
    WHERE event_type IN ('order_placed', 'order_returned', 'order_cancelled')
    GROUP BY event_date, currency_key, location_key
) AS sums
JOIN silver.dim_currencies AS currencies USING (currency_key)
CROSS JOIN LATERAL (
    SELECT l.country, l.city FROM silver.dim_locations AS l WHERE l.location_key = sums.location_key OFFSET 0
) AS locations

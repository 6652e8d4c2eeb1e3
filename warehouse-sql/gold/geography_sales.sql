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
        coalesce(sum(events) FILTER (WHERE kind = 'order_placed'), 0)          AS orders,
        coalesce(sum(units) FILTER (WHERE kind = 'order_placed'), 0)           AS units_sold,
        coalesce(sum(total_amount) FILTER (WHERE kind = 'order_placed'), 0)    AS total_amount,
        coalesce(sum(total_amount) FILTER (WHERE kind = 'order_returned'), 0)  AS returned_amount,
        coalesce(sum(total_amount) FILTER (WHERE kind = 'order_cancelled'), 0) AS cancelled_amount
    FROM given_event_sums
    GROUP BY event_date, currency_key, location_key
) AS sums
JOIN silver.dim_currencies AS currencies USING (currency_key)
JOIN silver.dim_locations AS locations USING (location_key)

-- Which known customers ordered on a day?
-- Grain and key: day × currency × channel × customer. A membership, no measure: a second order changes nothing.
SELECT DISTINCT event_date AS sales_date, currency_key, channel_key, customer_key
FROM given_events
WHERE event_type = 'order_placed' AND customer_key <> 0

-- To be held against what the producer swears to: the parts of a key, and what is measured under it, in hundredths.
-- Customers by the day of their first order: sums over all of them, and a digest of each one's row.
SELECT
    ARRAY[currency, coalesce((first_order_at AT TIME ZONE 'UTC')::date::text, 'none')] AS keys,
    ARRAY[
        count(*), sum(orders), (sum(placed_amount) * 100)::bigint, (sum(returned_amount) * 100)::bigint,
        (sum(cancelled_amount) * 100)::bigint, (sum(net_amount) * 100)::bigint,
        mod(sum(('x' || encode(substr(sha256(convert_to(concat_ws('|', customer_id, orders,
            (placed_amount * 100)::bigint, (returned_amount * 100)::bigint, (cancelled_amount * 100)::bigint,
            coalesce((extract(epoch FROM first_order_at) * 1000000)::bigint::text, ''),
            coalesce((extract(epoch FROM last_order_at) * 1000000)::bigint::text, ''),
            frequency_score, monetary_score), 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint), 18446744073709551616)
    ]::text[] AS measures
FROM gold.customer_value_sums
GROUP BY currency, (first_order_at AT TIME ZONE 'UTC')::date

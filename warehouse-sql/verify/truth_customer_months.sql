-- To be held against what the producer swears to: the parts of a key, and what is measured under it, in hundredths.
-- What customers did in a month: sums over all of them, and a digest of each one's row.
SELECT
    ARRAY[m.month::text, currencies.currency_code] AS keys,
    ARRAY[
        count(*), sum(m.orders), (sum(m.placed_amount) * 100)::bigint, (sum(m.returned_amount) * 100)::bigint,
        (sum(m.cancelled_amount) * 100)::bigint,
        mod(sum(('x' || encode(substr(sha256(convert_to(concat_ws('|', customers.customer_id, m.orders,
            (m.placed_amount * 100)::bigint, (m.returned_amount * 100)::bigint, (m.cancelled_amount * 100)::bigint,
            coalesce((extract(epoch FROM m.first_order_at) * 1000000)::bigint::text, ''),
            coalesce((extract(epoch FROM m.last_order_at) * 1000000)::bigint::text, '')), 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint), 18446744073709551616)
    ]::text[] AS measures
FROM gold.customer_months AS m
JOIN silver.dim_customers AS customers USING (customer_key)
JOIN silver.dim_currencies AS currencies USING (currency_key)
GROUP BY m.month, currencies.currency_code

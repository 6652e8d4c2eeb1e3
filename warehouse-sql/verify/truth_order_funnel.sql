-- To be held against what the producer swears to: the parts of a key, and what is measured under it, in hundredths.
-- Steps of a day, and digests of how long they took: the sum, modulo 2^64, of the hash of the minutes (hours) times orders.
SELECT
    ARRAY[f.step_date::text, f.step] AS keys,
    ARRAY[f.orders, f.timed_orders, coalesce(f.median_minutes, -1), coalesce(m.digest, 0), coalesce(h.digest, 0)]::text[]
        AS measures
FROM gold.order_funnel AS f
FULL JOIN (
    SELECT step_date, step,
           mod(sum((('x' || encode(substr(sha256(convert_to(minutes::text, 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint)::numeric * orders), 18446744073709551616) AS digest
    FROM gold.order_funnel_minutes
    GROUP BY step_date, step
) AS m USING (step_date, step)
FULL JOIN (
    SELECT step_date, step,
           mod(sum((('x' || encode(substr(sha256(convert_to(hours::text, 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint)::numeric * orders), 18446744073709551616) AS digest
    FROM gold.order_funnel_hours
    GROUP BY step_date, step
) AS h USING (step_date, step)

-- To be held against what the producer swears to: the parts of a key, and what is measured under it, in hundredths.
-- Who ordered on a day: how many, as people read it and as members, and a digest of the members' numbers.
SELECT
    ARRAY[s.sales_date::text, s.currency, s.channel] AS keys,
    ARRAY[s.customers, coalesce(m.members, 0), coalesce(m.digest, 0)]::text[] AS measures
FROM gold.sales_performance AS s
FULL JOIN (
    SELECT
        members.sales_date,
        currencies.currency_code AS currency,
        channels.channel_name    AS channel,
        count(*)                 AS members,
        mod(sum(('x' || encode(substr(sha256(convert_to(customers.customer_id, 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint), 18446744073709551616) AS digest
    FROM gold.sales_customers AS members
    JOIN silver.dim_customers AS customers USING (customer_key)
    JOIN silver.dim_currencies AS currencies USING (currency_key)
    JOIN silver.dim_channels AS channels USING (channel_key)
    GROUP BY members.sales_date, currencies.currency_code, channels.channel_name
) AS m USING (sales_date, currency, channel)

-- To be held against what the producer swears to: the parts of a key, and what is measured under it, in hundredths.
-- All products of a day together, and a digest of each measure by product: the sum, modulo 2^64, of the hash of the
-- product's number times the measure.
SELECT
    ARRAY[sales_date::text, currency] AS keys,
    ARRAY[
        sum(lines), sum(quantity), sum(gross), sum(discount), sum(cost),
        mod(sum(hash * lines), 18446744073709551616),
        mod(sum(hash * quantity), 18446744073709551616),
        mod(sum(hash * gross), 18446744073709551616),
        mod(sum(hash * discount), 18446744073709551616),
        mod(sum(hash * cost), 18446744073709551616)
    ]::text[] AS measures
FROM (
    SELECT
        sales_date, currency, lines, quantity,
        (gross_amount * 100)::bigint    AS gross,
        (discount_amount * 100)::bigint AS discount,
        (cost_amount * 100)::bigint     AS cost,
        (('x' || encode(substr(sha256(convert_to(product_id, 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint)::numeric AS hash
    FROM gold.product_performance
) AS hashed
GROUP BY sales_date, currency

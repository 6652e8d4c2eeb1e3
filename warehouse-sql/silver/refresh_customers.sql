-- The latest attributes win: by event time, then partition and offset, so that the order of arrival does not matter.
-- Arrays with one element a customer: $1 key, $2 type, $3 country, $4 city, $5 event time, $6 partition, $7 offset
WITH given AS (
    SELECT *
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::integer[], $7::bigint[])
        AS g (key, customer_type, country, city, at, kafka_partition, kafka_offset)
),
older AS MATERIALIZED (
    SELECT d.customer_key
    FROM silver.dim_customers AS d
    JOIN given AS g ON g.key = d.customer_key
    WHERE (g.at, g.kafka_partition, g.kafka_offset) > (d.attributes_at, d.attributes_partition, d.attributes_offset)
    ORDER BY d.customer_key
    FOR NO KEY UPDATE OF d
)
UPDATE silver.dim_customers AS d
SET customer_type = g.customer_type, country = g.country, city = g.city, attributes_at = g.at,
    attributes_partition = g.kafka_partition, attributes_offset = g.kafka_offset
FROM older
JOIN given AS g ON g.key = older.customer_key
WHERE d.customer_key = older.customer_key
  AND (g.at, g.kafka_partition, g.kafka_offset) > (d.attributes_at, d.attributes_partition, d.attributes_offset)

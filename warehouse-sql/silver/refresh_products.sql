-- The latest attributes win: by event time, then partition and offset, so that the order of arrival does not matter.
-- Every load touches the same popular products; locked in one order, last before the commit.
-- Arrays with one element a product: $1 key, $2 name, $3 category, $4 event time, $5 partition, $6 offset
WITH given AS (
    SELECT *
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[], $5::integer[], $6::bigint[])
        AS g (key, product_name, category, at, kafka_partition, kafka_offset)
),
older AS MATERIALIZED (
    SELECT d.product_key
    FROM silver.dim_products AS d
    JOIN given AS g ON g.key = d.product_key
    WHERE (g.at, g.kafka_partition, g.kafka_offset) > (d.attributes_at, d.attributes_partition, d.attributes_offset)
    ORDER BY d.product_key
    FOR NO KEY UPDATE OF d
)
UPDATE silver.dim_products AS d
SET product_name = g.product_name, category = g.category, attributes_at = g.at,
    attributes_partition = g.kafka_partition, attributes_offset = g.kafka_offset
FROM older
JOIN given AS g ON g.key = older.product_key
WHERE d.product_key = older.product_key
  AND (g.at, g.kafka_partition, g.kafka_offset) > (d.attributes_at, d.attributes_partition, d.attributes_offset)

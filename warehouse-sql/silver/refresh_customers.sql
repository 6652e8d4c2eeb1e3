-- The latest attributes win: by event time, then partition and offset, so that the order of arrival does not matter.
-- A customer's events share a Kafka partition, so two loads hardly ever meet here; should they lock each other out,
-- PostgreSQL refuses one, which tries again.
-- Arrays with one element a customer: $1 key, $2 type, $3 country, $4 city, $5 event time, $6 partition, $7 offset
UPDATE silver.dim_customers AS d
SET customer_type = g.customer_type, country = g.country, city = g.city, attributes_at = g.at,
    attributes_partition = g.kafka_partition, attributes_offset = g.kafka_offset
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::integer[], $7::bigint[])
    AS g (key, customer_type, country, city, at, kafka_partition, kafka_offset)
WHERE d.customer_key = g.key
  AND (g.at, g.kafka_partition, g.kafka_offset) > (d.attributes_at, d.attributes_partition, d.attributes_offset)

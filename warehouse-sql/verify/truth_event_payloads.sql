-- The payloads of accepted events: how many, and the sum, modulo 2^64, of the first 8 bytes of each one's SHA-256, as two
-- halves of 32 bits, since PostgreSQL has no unsigned integers. Each event is read from bronze by its place in Kafka.
SELECT
    count(*) AS records,
    (coalesce(sum(('x' || encode(substr(digest, 1, 4), 'hex'))::bit(32)::bigint & 4294967295), 0))::numeric::text AS high,
    (coalesce(sum(('x' || encode(substr(digest, 5, 4), 'hex'))::bit(32)::bigint & 4294967295), 0))::numeric::text AS low
FROM (
    SELECT sha256(coalesce(b.payload, '')) AS digest
    FROM silver.fct_order_events AS e
    JOIN bronze.events AS b USING (topic_id, kafka_partition, kafka_offset)
) AS hashed

-- What bronze holds of a topic: records, and the sum, modulo 2^64, of the first 8 bytes of each payload's SHA-256, as
-- two halves of 32 bits, since PostgreSQL has no unsigned integers.
-- $1 topic name
SELECT
    count(*) AS records,
    (coalesce(sum(('x' || encode(substr(digest, 1, 4), 'hex'))::bit(32)::bigint & 4294967295), 0))::numeric::text AS high,
    (coalesce(sum(('x' || encode(substr(digest, 5, 4), 'hex'))::bit(32)::bigint & 4294967295), 0))::numeric::text AS low
FROM (
    SELECT sha256(coalesce(e.payload, '')) AS digest
    FROM bronze.events AS e
    JOIN ops.topics AS t USING (topic_id)
    WHERE t.topic_name = $1
) AS hashed

-- The oldest silver batches that gold has not taken.
-- $1 at most so many
SELECT silver_batch_id, accepted_count, line_count
FROM ops.silver_batches
WHERE gold_batch_id IS NULL
ORDER BY silver_batch_id
LIMIT $1

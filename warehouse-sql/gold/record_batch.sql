-- The ledger's row of this transaction, and what it took. Answers one row a silver batch taken.
-- $1 silver batch ids, $2 events, $3 lines, $4 the gold batch's id where it was taken beforehand
WITH batch AS (
    INSERT INTO ops.gold_batches (gold_batch_id, silver_batch_count, event_count, line_count)
    OVERRIDING SYSTEM VALUE
    VALUES (coalesce($4, nextval('ops.gold_batches_gold_batch_id_seq')), cardinality($1::bigint[]), $2, $3)
    RETURNING gold_batch_id
)
UPDATE ops.silver_batches AS s
SET gold_batch_id = batch.gold_batch_id
FROM batch
WHERE s.silver_batch_id = ANY ($1) AND s.gold_batch_id IS NULL
RETURNING s.gold_batch_id

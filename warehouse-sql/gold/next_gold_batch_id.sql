-- The id of the gold batch that is about to be written, for those who must name it before it is.
SELECT nextval('ops.gold_batches_gold_batch_id_seq')

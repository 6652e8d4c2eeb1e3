SELECT count(*) FROM ops.silver_batches WHERE gold_batch_id IS NULL

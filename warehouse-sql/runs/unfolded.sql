-- Whether gold has yet to take a silver batch up to $1.
SELECT EXISTS (SELECT FROM ops.silver_batches WHERE gold_batch_id IS NULL AND silver_batch_id <= $1)

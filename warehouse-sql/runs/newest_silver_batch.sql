SELECT coalesce(max(silver_batch_id), 0) FROM ops.silver_batches

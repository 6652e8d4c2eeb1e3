-- The next records of the filter in order of their position, ours until the transaction ends. Two releases at once wait
-- for each other here, and the later one finds what the earlier one has left open.
SELECT q.topic_id, q.kafka_partition, q.kafka_offset, q.ingested_at

-- What a shop has besides sales: a ledger, refusals, runs, figures that changed.
-- One partition took all; five more have seen a little.
INSERT INTO ops.partitions (topic_id, kafka_partition) SELECT 1, n FROM generate_series(1, 5) AS n;
INSERT INTO ops.silver_cursors (topic_id, kafka_partition, next_offset) SELECT 1, n, 0 FROM generate_series(1, 5) AS n;
WITH taken AS (
    SELECT sum(record_count) AS records FROM ops.silver_batches
)
UPDATE ops.partitions SET next_offset = taken.records + 5000, record_count = taken.records + 5000, byte_count = taken.records * 300, high_watermark = taken.records + 5000
FROM taken WHERE kafka_partition = 0;
WITH taken AS (
    SELECT sum(record_count) AS records FROM ops.silver_batches
)
UPDATE ops.silver_cursors SET next_offset = taken.records + 5000, record_count = taken.records + 5000, accepted_count = taken.records, duplicate_count = 0, quarantined_count = 5000
FROM taken WHERE kafka_partition = 0;
UPDATE ops.partitions SET next_offset = 1000, record_count = 1000, byte_count = 300000, high_watermark = 1000 WHERE kafka_partition > 0;
UPDATE ops.silver_cursors SET next_offset = 1000, record_count = 1000, duplicate_count = 1000 WHERE kafka_partition > 0;

-- Twelve reasons, a day of them, most within the last hour.
INSERT INTO silver.quarantined_events (topic_id, kafka_partition, kafka_offset, rule_version, reason, detail, state, ingested_at, quarantined_at, resolved_at)
SELECT 1, 0, n, 1,
       (ARRAY['bad_utf8', 'truncated', 'amount_identity', 'bad_currency', 'ts_future', 'id_conflict', 'bad_magic', 'empty', 'tombstone', 'bad_enum', 'oversize', 'nul_char'])[1 + n % 12],
       'customer.city: ''; DROP TABLE x; --', CASE WHEN n % 10 = 0 THEN 'discarded' ELSE 'open' END,
       now() - power(n / 5000.0, 3) * interval '24 hours', now() - power(n / 5000.0, 3) * interval '24 hours',
       CASE WHEN n % 10 = 0 THEN now() END
FROM generate_series(1, 5000) AS n;

INSERT INTO ops.pipeline_runs (kind, status, started_at, ended_at, row_count, outcome)
SELECT (ARRAY['manual', 'scheduled', 'rebuild'])[1 + n % 3], 'succeeded', now() - n * interval '25 minutes', now() - n * interval '25 minutes' + interval '40 seconds', 1000 * n, 'as before'
FROM generate_series(1, 300) AS n;
INSERT INTO ops.pipeline_runs (kind, status, started_at) VALUES ('rebuild', 'running', now());

INSERT INTO ops.restatements (gold_batch_id, day, mart, measure, cause, cell, old_value, new_value, recorded_at)
SELECT 1, current_date - 2 - n % 20, 'sales_performance', 'orders', 'late_data', '{"channel": "web", "currency": "EUR"}', n, n + 1, now() - n * interval '2 minutes'
FROM generate_series(1, 5000) AS n;
ANALYZE;

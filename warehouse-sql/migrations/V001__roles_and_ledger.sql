-- Roles, the bronze layer, and the part of the ledger that the consumer keeps.
-- Run by the owner of the database (`migrator`), who needs CREATEROLE only while a role is missing.

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['bronze_writer', 'transformer', 'dashboard_reader'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                -- LOGIN without a password: nobody gets in before `transformer migrate` sets one.
                EXECUTE format('CREATE ROLE %I LOGIN', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- another database of the same cluster is being migrated at this moment
            END;
        END IF;
    END LOOP;
END
$$;

CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE SCHEMA bronze;
COMMENT ON SCHEMA bronze IS 'What Kafka held, byte for byte, append-only.';
CREATE SCHEMA ops;
COMMENT ON SCHEMA ops IS 'The ledger: what was taken when, from where, and that it adds up.';

-- ── bronze ──────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE bronze.events (
    topic_id        integer     NOT NULL,
    kafka_partition integer     NOT NULL,
    kafka_offset    bigint      NOT NULL,
    kafka_timestamp timestamptz,
    ingested_at     timestamptz NOT NULL,
    key             bytea,
    headers         bytea[],
    payload         bytea
) PARTITION BY RANGE (ingested_at);
COMMENT ON TABLE bronze.events IS 'One row per Kafka record. Uniqueness is held by ops.bronze_batches, whose offset ranges cannot overlap, so that ingest pays for no unique index.';
COMMENT ON COLUMN bronze.events.topic_id IS 'ops.topics: which life of which topic.';
COMMENT ON COLUMN bronze.events.kafka_partition IS 'Kafka partition.';
COMMENT ON COLUMN bronze.events.kafka_offset IS 'Kafka offset.';
COMMENT ON COLUMN bronze.events.kafka_timestamp IS 'The record''s own timestamp (UTC), as the sender or the broker set it; null where the record has none.';
COMMENT ON COLUMN bronze.events.ingested_at IS 'When the consumer opened the batch (UTC); the same for all rows of one batch. The partition key.';
COMMENT ON COLUMN bronze.events.key IS 'The record''s key; null where it has none.';
COMMENT ON COLUMN bronze.events.headers IS 'The record''s headers as name, value, name, value, …; a null value stays null. Null where there are no headers.';
COMMENT ON COLUMN bronze.events.payload IS 'The record''s value; null for a tombstone.';

-- A batch is a range of offsets, so this finds a batch's rows as well as a single record. Not BRIN: the newest block
-- ranges, which are all that the silver stage reads, stay unsummarised until a vacuum (docs/decisions/0002).
CREATE INDEX events_position ON bronze.events (topic_id, kafka_partition, kafka_offset);

CREATE FUNCTION ops.ensure_bronze_partitions(days_ahead integer DEFAULT 7) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    today    date := (now() AT TIME ZONE 'UTC')::date;
    day      date;
    leaf     text;
    created  integer := 0;
BEGIN
    -- One at a time: two consumers that start together must not both create the same table.
    PERFORM pg_advisory_xact_lock(hashtext('assay.bronze_partitions'));
    FOR day IN SELECT generate_series(today - 1, today + least(days_ahead, 366), interval '1 day')::date LOOP
        leaf := 'events_' || to_char(day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass('bronze.' || leaf) IS NOT NULL;
        -- Created apart and attached afterwards: attaching locks out neither readers nor writers of the parent.
        EXECUTE format(
            'CREATE TABLE bronze.%I (LIKE bronze.events INCLUDING DEFAULTS INCLUDING CONSTRAINTS, CHECK (ingested_at >= %L AND ingested_at < %L))',
            leaf, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
        EXECUTE format('ALTER TABLE bronze.%I ALTER payload SET STORAGE EXTERNAL', leaf);
        EXECUTE format(
            'ALTER TABLE bronze.events ATTACH PARTITION bronze.%I FOR VALUES FROM (%L) TO (%L)',
            leaf, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
        created := created + 1;
    END LOOP;
    RETURN created;
END
$$;
COMMENT ON FUNCTION ops.ensure_bronze_partitions IS 'Makes the daily partitions of bronze.events from yesterday to the given number of days ahead; answers how many it made.';

-- ── ledger: Kafka → bronze ──────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE ops.topics (
    topic_id       integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic_name     text        NOT NULL,
    kafka_topic_id text        NOT NULL,
    first_seen_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (topic_name, kafka_topic_id)
);
COMMENT ON TABLE ops.topics IS 'One row per life of a Kafka topic: a topic that was deleted and created again is a new row, so its offsets never collide.';
COMMENT ON COLUMN ops.topics.topic_id IS 'Surrogate key.';
COMMENT ON COLUMN ops.topics.topic_name IS 'The topic''s name.';
COMMENT ON COLUMN ops.topics.kafka_topic_id IS 'The id that Kafka gave this life of the topic.';
COMMENT ON COLUMN ops.topics.first_seen_at IS 'When a consumer first saw it (UTC).';

CREATE TABLE ops.partitions (
    topic_id         integer     NOT NULL REFERENCES ops.topics,
    kafka_partition  integer     NOT NULL CHECK (kafka_partition >= 0),
    fence            bigint      NOT NULL DEFAULT 0,
    start_offset     bigint      NOT NULL DEFAULT 0 CHECK (start_offset >= 0),
    next_offset      bigint      NOT NULL DEFAULT 0 CHECK (next_offset >= start_offset),
    record_count     bigint      NOT NULL DEFAULT 0,
    byte_count       bigint      NOT NULL DEFAULT 0,
    gap_count        bigint      NOT NULL DEFAULT 0,
    high_watermark   bigint,
    last_record_hash bytea       CHECK (octet_length(last_record_hash) = 32),
    claimed_at       timestamptz,
    updated_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic_id, kafka_partition)
) WITH (fillfactor = 50);
COMMENT ON TABLE ops.partitions IS 'One row per Kafka partition: how far bronze has come, and who may write.';
COMMENT ON COLUMN ops.partitions.topic_id IS 'ops.topics.';
COMMENT ON COLUMN ops.partitions.kafka_partition IS 'Kafka partition.';
COMMENT ON COLUMN ops.partitions.fence IS 'Counts the claims. A writer whose claim is older than this is refused.';
COMMENT ON COLUMN ops.partitions.start_offset IS 'The first offset that bronze answers for.';
COMMENT ON COLUMN ops.partitions.next_offset IS 'The offset after the last one that bronze holds or has recorded as a gap.';
COMMENT ON COLUMN ops.partitions.record_count IS 'Records in bronze from start_offset to next_offset.';
COMMENT ON COLUMN ops.partitions.byte_count IS 'Bytes of their keys, headers and payloads.';
COMMENT ON COLUMN ops.partitions.gap_count IS 'Offsets in ops.offset_gaps from start_offset to next_offset.';
COMMENT ON COLUMN ops.partitions.high_watermark IS 'The end of the Kafka partition as last told by the broker.';
COMMENT ON COLUMN ops.partitions.last_record_hash IS 'SHA-256 of the last record, which a consumer reads again at its start to see that the log is still the same.';
COMMENT ON COLUMN ops.partitions.claimed_at IS 'When the present writer claimed it (UTC).';
COMMENT ON COLUMN ops.partitions.updated_at IS 'When next_offset last moved (UTC).';

CREATE TABLE ops.bronze_batches (
    topic_id            integer     NOT NULL,
    kafka_partition     integer     NOT NULL,
    first_offset        bigint      NOT NULL,
    last_offset         bigint      NOT NULL,
    row_count           integer     NOT NULL CHECK (row_count BETWEEN 1 AND 65536),
    byte_count          bigint      NOT NULL CHECK (byte_count >= 0),
    oldest_record_at    timestamptz,
    newest_record_at    timestamptz,
    ingested_at         timestamptz NOT NULL,
    committed_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (topic_id, kafka_partition, first_offset),
    FOREIGN KEY (topic_id, kafka_partition) REFERENCES ops.partitions,
    CHECK (last_offset >= first_offset AND row_count <= last_offset - first_offset + 1),
    CONSTRAINT bronze_batches_never_overlap EXCLUDE USING gist
        (topic_id WITH =, kafka_partition WITH =, int8range(first_offset, last_offset, '[]') WITH &&)
);
COMMENT ON TABLE ops.bronze_batches IS 'One row per Kafka partition and consumer transaction: the range of offsets that it brought.';
COMMENT ON COLUMN ops.bronze_batches.topic_id IS 'ops.topics.';
COMMENT ON COLUMN ops.bronze_batches.kafka_partition IS 'Kafka partition.';
COMMENT ON COLUMN ops.bronze_batches.first_offset IS 'Offset of the first record.';
COMMENT ON COLUMN ops.bronze_batches.last_offset IS 'Offset of the last record.';
COMMENT ON COLUMN ops.bronze_batches.row_count IS 'Records; fewer than the range is long where it has gaps. At most 65,536: one block of fact keys.';
COMMENT ON COLUMN ops.bronze_batches.byte_count IS 'Bytes of their keys, headers and payloads.';
COMMENT ON COLUMN ops.bronze_batches.oldest_record_at IS 'The oldest Kafka timestamp among them (UTC).';
COMMENT ON COLUMN ops.bronze_batches.newest_record_at IS 'The newest Kafka timestamp among them (UTC).';
COMMENT ON COLUMN ops.bronze_batches.ingested_at IS 'When the consumer opened the batch (UTC); equals bronze.events.ingested_at.';
COMMENT ON COLUMN ops.bronze_batches.committed_at IS 'When the batch was written (UTC).';

CREATE TABLE ops.offset_gaps (
    topic_id        integer     NOT NULL,
    kafka_partition integer     NOT NULL,
    first_offset    bigint      NOT NULL,
    last_offset     bigint      NOT NULL,
    reason          text        NOT NULL CHECK (reason IN ('not_in_log', 'retention_loss')),
    recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (topic_id, kafka_partition, first_offset),
    FOREIGN KEY (topic_id, kafka_partition) REFERENCES ops.partitions,
    CHECK (last_offset >= first_offset)
);
COMMENT ON TABLE ops.offset_gaps IS 'One row per run of offsets that hold no record for bronze.';
COMMENT ON COLUMN ops.offset_gaps.topic_id IS 'ops.topics.';
COMMENT ON COLUMN ops.offset_gaps.kafka_partition IS 'Kafka partition.';
COMMENT ON COLUMN ops.offset_gaps.first_offset IS 'First missing offset.';
COMMENT ON COLUMN ops.offset_gaps.last_offset IS 'Last missing offset.';
COMMENT ON COLUMN ops.offset_gaps.reason IS 'not_in_log: the log never showed a record there (transaction marker, compaction). retention_loss: Kafka deleted records before they were read.';
COMMENT ON COLUMN ops.offset_gaps.recorded_at IS 'When the gap was found (UTC).';

-- ── rights ──────────────────────────────────────────────────────────────────────────────────────────────────────────

GRANT USAGE ON SCHEMA bronze, ops TO bronze_writer;
GRANT INSERT ON bronze.events TO bronze_writer;
GRANT SELECT, INSERT ON ops.topics, ops.bronze_batches, ops.offset_gaps TO bronze_writer;
GRANT SELECT, INSERT, UPDATE ON ops.partitions TO bronze_writer;
REVOKE ALL ON FUNCTION ops.ensure_bronze_partitions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.ensure_bronze_partitions TO bronze_writer, transformer;

SELECT ops.ensure_bronze_partitions();

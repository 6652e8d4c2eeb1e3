-- What dashboards show of products, quarantine and the ledger, for a reader who may see neither silver nor bronze.

-- Dashboards ask for a stretch of time, whatever the reason.
CREATE INDEX quarantined_events_by_time
    ON silver.quarantined_events (quarantined_at, topic_id, kafka_partition, kafka_offset);
CREATE INDEX restatements_by_time ON ops.restatements (recorded_at);

-- Names are joined to the few products that a panel shows, not to every cell that it adds up.
CREATE VIEW gold.products AS
SELECT product_id, product_name, category
FROM silver.dim_products
WHERE product_key <> 0;
COMMENT ON VIEW gold.products IS 'One row per product: what it is called now.';
COMMENT ON COLUMN gold.products.product_id IS 'The shop''s product number.';
COMMENT ON COLUMN gold.products.product_name IS 'Latest name.';
COMMENT ON COLUMN gold.products.category IS 'Latest category.';

CREATE VIEW ops.quarantine AS
SELECT
    t.topic_name,
    q.topic_id,
    q.kafka_partition,
    q.kafka_offset,
    q.event_id,
    q.reason,
    q.detail,
    q.rule_version,
    q.state,
    q.ingested_at,
    q.quarantined_at,
    q.resolved_at,
    q.resolution_note
FROM silver.quarantined_events AS q
JOIN ops.topics AS t USING (topic_id);
COMMENT ON VIEW ops.quarantine IS 'One row per record that could not be accepted when it was first judged, without its payload: gold.drill_quarantine shows that.';
COMMENT ON COLUMN ops.quarantine.topic_name IS 'Topic.';
COMMENT ON COLUMN ops.quarantine.topic_id IS 'Which life of the topic.';
COMMENT ON COLUMN ops.quarantine.kafka_partition IS 'Kafka partition.';
COMMENT ON COLUMN ops.quarantine.kafka_offset IS 'Kafka offset.';
COMMENT ON COLUMN ops.quarantine.event_id IS 'The event, where one could be read.';
COMMENT ON COLUMN ops.quarantine.reason IS 'Reason code.';
COMMENT ON COLUMN ops.quarantine.detail IS 'What exactly was wrong, for a person.';
COMMENT ON COLUMN ops.quarantine.rule_version IS 'Version of the rules that judged it.';
COMMENT ON COLUMN ops.quarantine.state IS 'open, released or discarded.';
COMMENT ON COLUMN ops.quarantine.ingested_at IS 'When bronze took it (UTC).';
COMMENT ON COLUMN ops.quarantine.quarantined_at IS 'When it was judged (UTC).';
COMMENT ON COLUMN ops.quarantine.resolved_at IS 'When it was released or discarded (UTC); null while it is open.';
COMMENT ON COLUMN ops.quarantine.resolution_note IS 'What whoever resolved it wrote.';

-- Ask for the newest by silver_batch_id, with a LIMIT: that reads no more of the ledger than it shows.
CREATE VIEW ops.batches AS
SELECT
    s.silver_batch_id,
    t.topic_name,
    s.kafka_partition,
    s.first_offset,
    s.last_offset,
    s.bronze_batch_count,
    s.record_count,
    s.accepted_count,
    s.duplicate_count,
    s.quarantined_count,
    s.line_count,
    s.batch_count,
    s.oldest_event_at,
    s.newest_event_at,
    s.bronze_committed_at,
    s.started_at    AS silver_started_at,
    s.committed_at  AS silver_committed_at,
    g.started_at    AS gold_started_at,
    g.committed_at  AS gold_committed_at
FROM ops.silver_batches AS s
JOIN ops.topics AS t USING (topic_id)
LEFT JOIN ops.gold_batches AS g USING (gold_batch_id);
COMMENT ON VIEW ops.batches IS 'One row per Kafka partition and silver transaction: what became of a range of offsets, and when each layer had it.';
COMMENT ON COLUMN ops.batches.silver_batch_id IS 'In the order in which silver took them.';
COMMENT ON COLUMN ops.batches.topic_name IS 'Topic.';
COMMENT ON COLUMN ops.batches.kafka_partition IS 'Kafka partition.';
COMMENT ON COLUMN ops.batches.first_offset IS 'Offset of the first record.';
COMMENT ON COLUMN ops.batches.last_offset IS 'Offset of the last record.';
COMMENT ON COLUMN ops.batches.bronze_batch_count IS 'Bronze batches taken at once.';
COMMENT ON COLUMN ops.batches.record_count IS 'Records judged.';
COMMENT ON COLUMN ops.batches.accepted_count IS 'Of these, accepted.';
COMMENT ON COLUMN ops.batches.duplicate_count IS 'Of these, copies of accepted ones.';
COMMENT ON COLUMN ops.batches.quarantined_count IS 'Of these, quarantined; negative where a release took them out.';
COMMENT ON COLUMN ops.batches.line_count IS 'Order lines written.';
COMMENT ON COLUMN ops.batches.batch_count IS 'Silver transactions that the row stands for; more than 1 once it is merged.';
COMMENT ON COLUMN ops.batches.oldest_event_at IS 'The oldest event time among the accepted (UTC).';
COMMENT ON COLUMN ops.batches.newest_event_at IS 'The newest event time among the accepted (UTC).';
COMMENT ON COLUMN ops.batches.bronze_committed_at IS 'When bronze had the last of the records (UTC).';
COMMENT ON COLUMN ops.batches.silver_started_at IS 'When the silver transaction began (UTC).';
COMMENT ON COLUMN ops.batches.silver_committed_at IS 'When silver had them (UTC).';
COMMENT ON COLUMN ops.batches.gold_started_at IS 'When the gold transaction began that folded them in (UTC); null before.';
COMMENT ON COLUMN ops.batches.gold_committed_at IS 'When gold had them (UTC); null before.';

-- A sample of a fixed size: what it costs does not grow with history.
CREATE VIEW ops.lateness AS
WITH newest AS MATERIALIZED (
    SELECT topic_id, kafka_partition, kafka_offset, event_at
    FROM silver.fct_order_events
    ORDER BY order_event_key DESC
    LIMIT 10000
),
-- Behind what their own partition had told before, not behind the clock: history that is loaded is not late.
behind AS (
    SELECT max(event_at) OVER so_far - event_at AS late_by
    FROM newest
    WINDOW so_far AS (PARTITION BY topic_id, kafka_partition ORDER BY kafka_offset)
),
counted AS (
    SELECT
        CASE WHEN late_by = interval '0' THEN 1
             WHEN late_by <= interval '1 minute' THEN 2
             WHEN late_by <= interval '1 hour' THEN 3
             WHEN late_by <= interval '24 hours' THEN 4
             ELSE 5 END AS class_no,
        count(*)        AS events
    FROM behind
    GROUP BY 1
)
SELECT
    classes.class_no,
    classes.lateness,
    coalesce(counted.events, 0)                                                   AS events,
    round(coalesce(counted.events, 0) / nullif(sum(counted.events) OVER (), 0), 4) AS share_of_events
FROM (VALUES (1, 'in order'), (2, 'up to a minute'), (3, 'up to an hour'), (4, 'up to a day'), (5, 'more than a day'))
    AS classes (class_no, lateness)
LEFT JOIN counted USING (class_no);
COMMENT ON VIEW ops.lateness IS 'One row per class of lateness, among the newest 10,000 accepted events: how far an event was behind the newest one that its Kafka partition had brought before it.';
COMMENT ON COLUMN ops.lateness.class_no IS '1 to 5, in order of lateness.';
COMMENT ON COLUMN ops.lateness.lateness IS 'in order, up to a minute, up to an hour, up to a day or more than a day.';
COMMENT ON COLUMN ops.lateness.events IS 'Events of the class.';
COMMENT ON COLUMN ops.lateness.share_of_events IS 'Of the events looked at, 0 to 1; null where there are none.';

CREATE VIEW ops.proof AS
SELECT
    checks.check_no,
    checks.check_name,
    checks.expected,
    checks.found,
    checks.found - checks.expected   AS difference,
    checks.found = checks.expected   AS is_equal
FROM (
    SELECT
        coalesce(sum(next_offset - start_offset), 0)::bigint   AS kafka_offsets,
        coalesce(sum(bronze_records + gap_offsets), 0)::bigint AS bronze_offsets,
        coalesce(sum(bronze_records), 0)::bigint               AS bronze_records,
        coalesce(sum(accepted + duplicate + quarantined + pending), 0)::bigint AS judged_and_pending,
        coalesce(sum(accepted), 0)::bigint                     AS accepted
    FROM ops.ledger
) AS ledger
CROSS JOIN (SELECT coalesce(sum(event_count), 0)::bigint AS folded FROM ops.gold_batches) AS gold
CROSS JOIN ops.lag
CROSS JOIN LATERAL (VALUES
    (1, 'offsets of Kafka = records of bronze + gaps', kafka_offsets, bronze_offsets),
    (2, 'records of bronze = accepted + duplicate + quarantined + pending', bronze_records, judged_and_pending),
    (3, 'accepted by silver = folded into gold + pending', accepted, folded + silver_pending)
) AS checks (check_no, check_name, expected, found);
COMMENT ON VIEW ops.proof IS 'One row per check: what one layer has counted, held against what the next one has, in one snapshot. `transformer verify` recounts the rows themselves.';
COMMENT ON COLUMN ops.proof.check_no IS 'In the order of the layers.';
COMMENT ON COLUMN ops.proof.check_name IS 'What is held against what.';
COMMENT ON COLUMN ops.proof.expected IS 'What the one layer counted.';
COMMENT ON COLUMN ops.proof.found IS 'What the next one has.';
COMMENT ON COLUMN ops.proof.difference IS 'found less expected.';
COMMENT ON COLUMN ops.proof.is_equal IS 'Whether nothing is missing and nothing too many.';

GRANT SELECT ON gold.products, ops.quarantine, ops.batches, ops.lateness, ops.proof TO transformer, dashboard_reader;

-- Who may only read needs no temporary tables, and could fill the disk with them. The owner keeps the right.
DO $$
BEGIN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'the database belongs to someone else: REVOKE TEMPORARY ON it FROM PUBLIC there';
END
$$;

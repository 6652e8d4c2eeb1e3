-- The marts, the ledger's gold part, and the views that people read.
-- A mart is a table of additive sums, which the gold stage folds deltas into, and a view of the same name without
-- `_sums` that adds the averages and ratios. A sum of averages is never stored.
-- Every fold updates most rows of the newest day, and old versions go only when no transaction can see them any more:
-- the fill factor leaves room for two more versions of a row on its page, so that its index need not be touched.

CREATE SCHEMA gold;
COMMENT ON SCHEMA gold IS 'Data marts. Money never sums across currencies: the currency is part of every key.';

-- ── sales_performance ───────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE gold.sales_performance_sums (
    sales_date            date          NOT NULL,
    currency              text          COLLATE "C" NOT NULL,
    channel               text          COLLATE "C" NOT NULL,
    orders                bigint        NOT NULL,
    units_sold            bigint        NOT NULL,
    gross_amount          numeric(24,2) NOT NULL,
    discount_amount       numeric(24,2) NOT NULL,
    tax_amount            numeric(24,2) NOT NULL,
    shipping_amount       numeric(24,2) NOT NULL,
    total_amount          numeric(24,2) NOT NULL,
    returns               bigint        NOT NULL,
    units_returned        bigint        NOT NULL,
    returned_amount       numeric(24,2) NOT NULL,
    returned_goods_amount numeric(24,2) NOT NULL,
    cancellations         bigint        NOT NULL,
    cancelled_amount      numeric(24,2) NOT NULL,
    cost_amount           numeric(24,2) NOT NULL,
    PRIMARY KEY (sales_date, currency, channel)
) WITH (fillfactor = 30);
COMMENT ON TABLE gold.sales_performance_sums IS 'One row per day, currency and channel: the additive measures of sales.';
COMMENT ON COLUMN gold.sales_performance_sums.sales_date IS 'UTC day of the event.';
COMMENT ON COLUMN gold.sales_performance_sums.currency IS 'ISO 4217, of all amounts in the row.';
COMMENT ON COLUMN gold.sales_performance_sums.channel IS 'Sales channel.';
COMMENT ON COLUMN gold.sales_performance_sums.orders IS 'Orders placed.';
COMMENT ON COLUMN gold.sales_performance_sums.units_sold IS 'Pieces in the orders placed.';
COMMENT ON COLUMN gold.sales_performance_sums.gross_amount IS 'Goods ordered, before discount.';
COMMENT ON COLUMN gold.sales_performance_sums.discount_amount IS 'Discount on the orders placed.';
COMMENT ON COLUMN gold.sales_performance_sums.tax_amount IS 'Tax on the orders placed.';
COMMENT ON COLUMN gold.sales_performance_sums.shipping_amount IS 'Shipping of the orders placed.';
COMMENT ON COLUMN gold.sales_performance_sums.total_amount IS 'What customers were asked to pay for the orders placed.';
COMMENT ON COLUMN gold.sales_performance_sums.returns IS 'Returns: one order may have several.';
COMMENT ON COLUMN gold.sales_performance_sums.units_returned IS 'Pieces returned.';
COMMENT ON COLUMN gold.sales_performance_sums.returned_amount IS 'Totals given back for returns, on the day of the return.';
COMMENT ON COLUMN gold.sales_performance_sums.returned_goods_amount IS 'Of returned_amount, goods after discount, without tax and shipping.';
COMMENT ON COLUMN gold.sales_performance_sums.cancellations IS 'Orders cancelled.';
COMMENT ON COLUMN gold.sales_performance_sums.cancelled_amount IS 'Totals of the orders cancelled, on the day of the cancellation.';
COMMENT ON COLUMN gold.sales_performance_sums.cost_amount IS 'Cost of the pieces sold less that of the pieces returned.';

-- Exact distinct customers need to know who was there already: a mart of its own, and the counts taken from it.
CREATE TABLE gold.sales_customers (
    sales_date   date    NOT NULL,
    currency_key integer NOT NULL,
    channel_key  integer NOT NULL,
    customer_key bigint  NOT NULL,
    PRIMARY KEY (sales_date, currency_key, channel_key, customer_key)
);
COMMENT ON TABLE gold.sales_customers IS 'One row per day, currency, channel and known customer who placed an order: what distinct customers are counted from.';
COMMENT ON COLUMN gold.sales_customers.sales_date IS 'UTC day of the order.';
COMMENT ON COLUMN gold.sales_customers.currency_key IS 'silver.dim_currencies.';
COMMENT ON COLUMN gold.sales_customers.channel_key IS 'silver.dim_channels.';
COMMENT ON COLUMN gold.sales_customers.customer_key IS 'silver.dim_customers; guests are not counted.';

CREATE TABLE gold.sales_customer_counts (
    sales_date date   NOT NULL,
    currency   text   COLLATE "C" NOT NULL,
    channel    text   COLLATE "C" NOT NULL,
    customers  bigint NOT NULL,
    PRIMARY KEY (sales_date, currency, channel)
) WITH (fillfactor = 30);
COMMENT ON TABLE gold.sales_customer_counts IS 'One row per day, currency and channel with a known customer: how many rows of gold.sales_customers it has.';
COMMENT ON COLUMN gold.sales_customer_counts.sales_date IS 'UTC day of the order.';
COMMENT ON COLUMN gold.sales_customer_counts.currency IS 'ISO 4217.';
COMMENT ON COLUMN gold.sales_customer_counts.channel IS 'Sales channel.';
COMMENT ON COLUMN gold.sales_customer_counts.customers IS 'Distinct known customers who placed an order.';

CREATE VIEW gold.sales_performance AS
SELECT
    s.sales_date,
    s.currency,
    s.channel,
    s.orders,
    s.units_sold,
    s.gross_amount,
    s.discount_amount,
    s.tax_amount,
    s.shipping_amount,
    s.total_amount,
    s.returns,
    s.units_returned,
    s.returned_amount,
    s.cancellations,
    s.cancelled_amount,
    s.total_amount - s.returned_amount - s.cancelled_amount                                   AS net_amount,
    s.cost_amount,
    s.gross_amount - s.discount_amount - s.returned_goods_amount - s.cost_amount              AS margin_amount,
    round(s.total_amount / nullif(s.orders, 0), 2)                                            AS average_ticket,
    coalesce(c.customers, 0)                                                                  AS customers,
    round(s.total_amount / nullif(c.customers, 0), 2)                                         AS average_ticket_per_customer
FROM gold.sales_performance_sums AS s
LEFT JOIN gold.sales_customer_counts AS c USING (sales_date, currency, channel);
COMMENT ON VIEW gold.sales_performance IS 'One row per day, currency and channel: how sales went. Returns and cancellations reduce net_amount on the day they happen.';
COMMENT ON COLUMN gold.sales_performance.sales_date IS 'UTC day of the event.';
COMMENT ON COLUMN gold.sales_performance.currency IS 'ISO 4217, of all amounts in the row.';
COMMENT ON COLUMN gold.sales_performance.channel IS 'Sales channel.';
COMMENT ON COLUMN gold.sales_performance.orders IS 'Orders placed.';
COMMENT ON COLUMN gold.sales_performance.units_sold IS 'Pieces in the orders placed.';
COMMENT ON COLUMN gold.sales_performance.gross_amount IS 'Goods ordered, before discount.';
COMMENT ON COLUMN gold.sales_performance.discount_amount IS 'Discount on the orders placed.';
COMMENT ON COLUMN gold.sales_performance.tax_amount IS 'Tax on the orders placed.';
COMMENT ON COLUMN gold.sales_performance.shipping_amount IS 'Shipping of the orders placed.';
COMMENT ON COLUMN gold.sales_performance.total_amount IS 'What customers were asked to pay for the orders placed.';
COMMENT ON COLUMN gold.sales_performance.returns IS 'Returns: one order may have several.';
COMMENT ON COLUMN gold.sales_performance.units_returned IS 'Pieces returned.';
COMMENT ON COLUMN gold.sales_performance.returned_amount IS 'Totals given back for returns.';
COMMENT ON COLUMN gold.sales_performance.cancellations IS 'Orders cancelled.';
COMMENT ON COLUMN gold.sales_performance.cancelled_amount IS 'Totals of the orders cancelled.';
COMMENT ON COLUMN gold.sales_performance.net_amount IS 'total_amount less returned_amount and cancelled_amount.';
COMMENT ON COLUMN gold.sales_performance.cost_amount IS 'Cost of the pieces sold less that of the pieces returned.';
COMMENT ON COLUMN gold.sales_performance.margin_amount IS 'Goods after discount and returns, less their cost. Cancellations, which name no lines, are not in it.';
COMMENT ON COLUMN gold.sales_performance.average_ticket IS 'total_amount per order.';
COMMENT ON COLUMN gold.sales_performance.customers IS 'Distinct known customers who placed an order.';
COMMENT ON COLUMN gold.sales_performance.average_ticket_per_customer IS 'total_amount per distinct known customer.';

-- ── item_category_performance ───────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE gold.item_category_performance_sums (
    sales_date      date          NOT NULL,
    category        text          COLLATE "C" NOT NULL,
    currency        text          COLLATE "C" NOT NULL,
    lines           bigint        NOT NULL,
    quantity        bigint        NOT NULL,
    gross_amount    numeric(24,2) NOT NULL,
    discount_amount numeric(24,2) NOT NULL,
    cost_amount     numeric(24,2) NOT NULL,
    PRIMARY KEY (sales_date, category, currency)
) WITH (fillfactor = 30);
COMMENT ON TABLE gold.item_category_performance_sums IS 'One row per day, category and currency: the additive measures of the lines.';
COMMENT ON COLUMN gold.item_category_performance_sums.sales_date IS 'UTC day of the event.';
COMMENT ON COLUMN gold.item_category_performance_sums.category IS 'The category that the line named.';
COMMENT ON COLUMN gold.item_category_performance_sums.currency IS 'ISO 4217, of all amounts in the row.';
COMMENT ON COLUMN gold.item_category_performance_sums.lines IS 'Lines sold and returned.';
COMMENT ON COLUMN gold.item_category_performance_sums.quantity IS 'Pieces sold less pieces returned.';
COMMENT ON COLUMN gold.item_category_performance_sums.gross_amount IS 'Unit price times quantity.';
COMMENT ON COLUMN gold.item_category_performance_sums.discount_amount IS 'Line discounts.';
COMMENT ON COLUMN gold.item_category_performance_sums.cost_amount IS 'Cost of the pieces.';

CREATE VIEW gold.item_category_performance AS
SELECT
    sales_date,
    category,
    currency,
    lines,
    quantity,
    gross_amount,
    discount_amount,
    gross_amount - discount_amount                                    AS revenue_amount,
    cost_amount,
    gross_amount - discount_amount - cost_amount                      AS margin_amount,
    round((gross_amount - discount_amount) / nullif(quantity, 0), 2)  AS average_unit_revenue,
    round(quantity::numeric / nullif(lines, 0), 2)                    AS average_line_quantity
FROM gold.item_category_performance_sums;
COMMENT ON VIEW gold.item_category_performance IS 'One row per day, category and currency: how the category sold. Returned lines count negative.';
COMMENT ON COLUMN gold.item_category_performance.sales_date IS 'UTC day of the event.';
COMMENT ON COLUMN gold.item_category_performance.category IS 'The category that the line named.';
COMMENT ON COLUMN gold.item_category_performance.currency IS 'ISO 4217, of all amounts in the row.';
COMMENT ON COLUMN gold.item_category_performance.lines IS 'Lines sold and returned.';
COMMENT ON COLUMN gold.item_category_performance.quantity IS 'Pieces sold less pieces returned.';
COMMENT ON COLUMN gold.item_category_performance.gross_amount IS 'Unit price times quantity.';
COMMENT ON COLUMN gold.item_category_performance.discount_amount IS 'Line discounts.';
COMMENT ON COLUMN gold.item_category_performance.revenue_amount IS 'gross_amount less discount_amount.';
COMMENT ON COLUMN gold.item_category_performance.cost_amount IS 'Cost of the pieces.';
COMMENT ON COLUMN gold.item_category_performance.margin_amount IS 'revenue_amount less cost_amount.';
COMMENT ON COLUMN gold.item_category_performance.average_unit_revenue IS 'revenue_amount per piece.';
COMMENT ON COLUMN gold.item_category_performance.average_line_quantity IS 'Pieces per line.';

-- ── product_performance ─────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE gold.product_performance_sums (
    sales_date      date          NOT NULL,
    product_id      text          COLLATE "C" NOT NULL,
    currency        text          COLLATE "C" NOT NULL,
    lines           bigint        NOT NULL,
    quantity        bigint        NOT NULL,
    gross_amount    numeric(24,2) NOT NULL,
    discount_amount numeric(24,2) NOT NULL,
    cost_amount     numeric(24,2) NOT NULL,
    PRIMARY KEY (sales_date, product_id, currency)
) WITH (fillfactor = 30);
COMMENT ON TABLE gold.product_performance_sums IS 'One row per day, product and currency: the additive measures of the lines.';
COMMENT ON COLUMN gold.product_performance_sums.sales_date IS 'UTC day of the event.';
COMMENT ON COLUMN gold.product_performance_sums.product_id IS 'The shop''s product number.';
COMMENT ON COLUMN gold.product_performance_sums.currency IS 'ISO 4217, of all amounts in the row.';
COMMENT ON COLUMN gold.product_performance_sums.lines IS 'Lines sold and returned.';
COMMENT ON COLUMN gold.product_performance_sums.quantity IS 'Pieces sold less pieces returned.';
COMMENT ON COLUMN gold.product_performance_sums.gross_amount IS 'Unit price times quantity.';
COMMENT ON COLUMN gold.product_performance_sums.discount_amount IS 'Line discounts.';
COMMENT ON COLUMN gold.product_performance_sums.cost_amount IS 'Cost of the pieces.';

-- A mart is read by people who may not read silver, so the view reads the product's name with its owner's right.
CREATE VIEW gold.product_performance AS
SELECT
    s.sales_date,
    s.product_id,
    p.product_name,
    p.category,
    s.currency,
    s.lines,
    s.quantity,
    s.gross_amount,
    s.discount_amount,
    s.gross_amount - s.discount_amount                                      AS revenue_amount,
    s.cost_amount,
    s.gross_amount - s.discount_amount - s.cost_amount                      AS margin_amount,
    round((s.gross_amount - s.discount_amount) / nullif(s.quantity, 0), 2)  AS average_unit_revenue
FROM gold.product_performance_sums AS s
LEFT JOIN silver.dim_products AS p USING (product_id);
COMMENT ON VIEW gold.product_performance IS 'One row per day, product and currency: how the product sold. Returned lines count negative.';
COMMENT ON COLUMN gold.product_performance.sales_date IS 'UTC day of the event.';
COMMENT ON COLUMN gold.product_performance.product_id IS 'The shop''s product number.';
COMMENT ON COLUMN gold.product_performance.product_name IS 'Latest name.';
COMMENT ON COLUMN gold.product_performance.category IS 'Latest category.';
COMMENT ON COLUMN gold.product_performance.currency IS 'ISO 4217, of all amounts in the row.';
COMMENT ON COLUMN gold.product_performance.lines IS 'Lines sold and returned.';
COMMENT ON COLUMN gold.product_performance.quantity IS 'Pieces sold less pieces returned.';
COMMENT ON COLUMN gold.product_performance.gross_amount IS 'Unit price times quantity.';
COMMENT ON COLUMN gold.product_performance.discount_amount IS 'Line discounts.';
COMMENT ON COLUMN gold.product_performance.revenue_amount IS 'gross_amount less discount_amount.';
COMMENT ON COLUMN gold.product_performance.cost_amount IS 'Cost of the pieces.';
COMMENT ON COLUMN gold.product_performance.margin_amount IS 'revenue_amount less cost_amount.';
COMMENT ON COLUMN gold.product_performance.average_unit_revenue IS 'revenue_amount per piece.';

-- ── ledger: silver → gold ───────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE ops.gold_batches (
    gold_batch_id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    silver_batch_count integer     NOT NULL,
    event_count        bigint      NOT NULL,
    line_count         bigint      NOT NULL,
    started_at         timestamptz NOT NULL DEFAULT now(),
    committed_at       timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE ops.gold_batches IS 'One row per gold transaction; ops.silver_batches.gold_batch_id tells what it folded in.';
COMMENT ON COLUMN ops.gold_batches.gold_batch_id IS 'Surrogate key.';
COMMENT ON COLUMN ops.gold_batches.silver_batch_count IS 'Silver batches folded in.';
COMMENT ON COLUMN ops.gold_batches.event_count IS 'Accepted events in them.';
COMMENT ON COLUMN ops.gold_batches.line_count IS 'Order lines in them.';
COMMENT ON COLUMN ops.gold_batches.started_at IS 'When the transaction began (UTC).';
COMMENT ON COLUMN ops.gold_batches.committed_at IS 'When it was written (UTC).';
CREATE INDEX gold_batches_by_time ON ops.gold_batches (committed_at);

ALTER TABLE ops.silver_batches ADD FOREIGN KEY (gold_batch_id) REFERENCES ops.gold_batches;

-- ── what people read of the ledger ──────────────────────────────────────────────────────────────────────────────────

CREATE VIEW ops.ledger AS
SELECT
    t.topic_name,
    p.topic_id,
    p.kafka_partition,
    p.start_offset,
    p.next_offset,
    p.high_watermark,
    greatest(p.high_watermark - p.next_offset, 0)                       AS kafka_pending,
    p.record_count                                                      AS bronze_records,
    p.byte_count                                                        AS bronze_bytes,
    p.gap_count                                                         AS gap_offsets,
    coalesce(c.accepted_count, 0)                                       AS accepted,
    coalesce(c.duplicate_count, 0)                                      AS duplicate,
    coalesce(c.quarantined_count, 0)                                    AS quarantined,
    p.record_count - coalesce(c.record_count, 0)                        AS pending,
    p.next_offset - p.start_offset = p.record_count + p.gap_count
        AND coalesce(c.record_count, 0) = coalesce(c.accepted_count + c.duplicate_count + c.quarantined_count, 0)
        AND p.record_count >= coalesce(c.record_count, 0)
        AND p.next_offset >= coalesce(c.next_offset, p.start_offset)
                                                                        AS is_balanced,
    p.updated_at
FROM ops.partitions AS p
JOIN ops.topics AS t USING (topic_id)
LEFT JOIN ops.silver_cursors AS c USING (topic_id, kafka_partition);
COMMENT ON VIEW ops.ledger IS 'One row per Kafka partition: offsets = bronze + gaps, and bronze = accepted + duplicate + quarantined + pending. `transformer verify` holds these running counts against the rows themselves.';
COMMENT ON COLUMN ops.ledger.topic_name IS 'Topic.';
COMMENT ON COLUMN ops.ledger.topic_id IS 'ops.topics.';
COMMENT ON COLUMN ops.ledger.kafka_partition IS 'Kafka partition.';
COMMENT ON COLUMN ops.ledger.start_offset IS 'First offset that bronze answers for.';
COMMENT ON COLUMN ops.ledger.next_offset IS 'Offset after the last one that bronze answers for.';
COMMENT ON COLUMN ops.ledger.high_watermark IS 'End of the Kafka partition as last told by the broker.';
COMMENT ON COLUMN ops.ledger.kafka_pending IS 'Records in Kafka that bronze does not hold yet.';
COMMENT ON COLUMN ops.ledger.bronze_records IS 'Records in bronze.';
COMMENT ON COLUMN ops.ledger.bronze_bytes IS 'Bytes of their keys, headers and payloads.';
COMMENT ON COLUMN ops.ledger.gap_offsets IS 'Offsets without a record, each with its reason in ops.offset_gaps.';
COMMENT ON COLUMN ops.ledger.accepted IS 'Records whose event is in silver.';
COMMENT ON COLUMN ops.ledger.duplicate IS 'Records that are copies of accepted ones.';
COMMENT ON COLUMN ops.ledger.quarantined IS 'Records that were quarantined.';
COMMENT ON COLUMN ops.ledger.pending IS 'Records in bronze that silver has not judged yet.';
COMMENT ON COLUMN ops.ledger.is_balanced IS 'Whether everything adds up: green or red.';
COMMENT ON COLUMN ops.ledger.updated_at IS 'When bronze last moved (UTC).';

CREATE VIEW ops.lag AS
SELECT
    (SELECT coalesce(sum(kafka_pending), 0)::bigint FROM ops.ledger)                                        AS kafka_pending,
    (SELECT coalesce(sum(pending), 0)::bigint FROM ops.ledger)                                              AS bronze_pending,
    (SELECT coalesce(sum(accepted_count), 0)::bigint FROM ops.silver_batches WHERE gold_batch_id IS NULL)   AS silver_pending;
COMMENT ON VIEW ops.lag IS 'One row: how many records each layer has yet to take.';
COMMENT ON COLUMN ops.lag.kafka_pending IS 'Records in Kafka that bronze does not hold yet.';
COMMENT ON COLUMN ops.lag.bronze_pending IS 'Records in bronze that silver has not judged yet.';
COMMENT ON COLUMN ops.lag.silver_pending IS 'Accepted events that gold has not folded yet.';

CREATE VIEW ops.freshness AS
SELECT
    stage,
    count(*)                                                                            AS batches,
    percentile_cont(0.50) WITHIN GROUP (ORDER BY seconds)                               AS p50_seconds,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds)                               AS p95_seconds,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY seconds)                               AS p99_seconds
FROM (
    SELECT s.bronze_committed_at, s.committed_at AS silver_at, g.committed_at AS gold_at, s.newest_event_at
    FROM ops.gold_batches AS g
    JOIN ops.silver_batches AS s USING (gold_batch_id)
    WHERE g.committed_at > now() - interval '1 minute'
) AS recent
CROSS JOIN LATERAL (VALUES
    ('event_to_bronze', extract(epoch FROM recent.bronze_committed_at - recent.newest_event_at)),
    ('bronze_to_silver', extract(epoch FROM recent.silver_at - recent.bronze_committed_at)),
    ('silver_to_gold', extract(epoch FROM recent.gold_at - recent.silver_at)),
    ('event_to_gold', extract(epoch FROM recent.gold_at - recent.newest_event_at))
) AS steps (stage, seconds)
GROUP BY stage;
COMMENT ON VIEW ops.freshness IS 'One row per step of the way: how long the batches of the last minute took, by the newest event in each.';
COMMENT ON COLUMN ops.freshness.stage IS 'event_to_bronze, bronze_to_silver, silver_to_gold or event_to_gold.';
COMMENT ON COLUMN ops.freshness.batches IS 'Silver batches counted.';
COMMENT ON COLUMN ops.freshness.p50_seconds IS 'Median.';
COMMENT ON COLUMN ops.freshness.p95_seconds IS '95th percentile.';
COMMENT ON COLUMN ops.freshness.p99_seconds IS '99th percentile.';

-- ── rights ──────────────────────────────────────────────────────────────────────────────────────────────────────────

GRANT USAGE ON SCHEMA gold TO transformer, dashboard_reader;
GRANT USAGE ON SCHEMA ops TO dashboard_reader;
GRANT SELECT, INSERT, UPDATE ON gold.sales_performance_sums, gold.sales_customers, gold.sales_customer_counts,
    gold.item_category_performance_sums,
    gold.product_performance_sums, ops.gold_batches TO transformer;
GRANT SELECT ON ALL TABLES IN SCHEMA gold TO transformer, dashboard_reader;
GRANT SELECT ON ops.ledger, ops.lag, ops.freshness TO transformer, dashboard_reader;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA ops TO transformer;

DO $$
BEGIN
    ALTER ROLE dashboard_reader SET default_transaction_read_only = on;
    ALTER ROLE dashboard_reader SET statement_timeout = '5s';
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'role dashboard_reader belongs to someone else: set default_transaction_read_only and statement_timeout there';
WHEN OTHERS THEN
    IF SQLERRM <> 'tuple concurrently updated' THEN RAISE; END IF; -- another database of the cluster sets the same
END
$$;

-- Operations on the warehouse: rights held to what is needed, quarantine as a workflow, from a mart's cell to the raw
-- bytes, retention of bronze, and a ledger that does not grow for ever.
-- Functions name their tables late, in bodies that are text: a rebuild that swaps tables by name needs not touch them.

-- ── rights: nothing that is not needed ──────────────────────────────────────────────────────────────────────────────

-- Facts and the simple dimensions are only ever added to, and nobody makes days.
REVOKE INSERT, UPDATE ON silver.dim_dates FROM transformer;
REVOKE UPDATE ON silver.dim_locations, silver.dim_categories, silver.dim_currencies, silver.dim_channels,
    silver.dim_payment_methods, silver.dim_order_statuses, silver.fct_order_events, silver.fct_order_lines,
    silver.duplicate_events, gold.sales_customers, ops.gold_batches FROM transformer;
-- An identity column takes its next value without a right to its sequence; these two are asked by name.
REVOKE USAGE ON ALL SEQUENCES IN SCHEMA silver, ops FROM transformer;
GRANT USAGE ON SEQUENCE silver.order_event_keys, ops.gold_batches_gold_batch_id_seq TO transformer;
-- The consumer writes these two and reads its positions elsewhere.
REVOKE SELECT ON ops.bronze_batches, ops.offset_gaps FROM bronze_writer;
-- A function that is made from now on is nobody's before it is granted.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- ── quarantine: released, discarded, judged again ───────────────────────────────────────────────────────────────────

ALTER TABLE silver.quarantined_events
    ADD COLUMN rejudged_at     timestamptz,
    ADD COLUMN resolved_at     timestamptz,
    ADD COLUMN resolution_note text,
    ADD CONSTRAINT quarantined_events_are_resolved_or_open CHECK ((state = 'open') = (resolved_at IS NULL));
COMMENT ON TABLE silver.quarantined_events IS 'One row per record that could not be accepted when it was first judged. Its bytes stay in bronze.events. A released one is a fact or a duplicate by now, and counts as that.';
COMMENT ON COLUMN silver.quarantined_events.rule_version IS 'Version of the rules that judged it last.';
COMMENT ON COLUMN silver.quarantined_events.reason IS 'Reason code, of the last judgement that refused it.';
COMMENT ON COLUMN silver.quarantined_events.detail IS 'What was found then, for a person; escaped and bounded.';
COMMENT ON COLUMN silver.quarantined_events.state IS 'open, released (accepted, or found to be a duplicate, by a later judgement) or discarded (by a person, for good).';
COMMENT ON COLUMN silver.quarantined_events.quarantined_at IS 'When it was first judged (UTC).';
COMMENT ON COLUMN silver.quarantined_events.rejudged_at IS 'When it was last judged again (UTC); null when it never was.';
COMMENT ON COLUMN silver.quarantined_events.resolved_at IS 'When it was released or discarded (UTC); null while it is open.';
COMMENT ON COLUMN silver.quarantined_events.resolution_note IS 'Why it was released or discarded, by whoever did it; null where nobody said.';
CREATE INDEX quarantined_events_by_event ON silver.quarantined_events (event_id) WHERE event_id IS NOT NULL;

-- A release moves records from one verdict to another: a row of the ledger that adds no records.
ALTER TABLE ops.silver_batches
    DROP CONSTRAINT silver_batches_never_overlap,
    ADD CONSTRAINT silver_batches_never_overlap EXCLUDE USING gist
        (topic_id WITH =, kafka_partition WITH =, int8range(first_offset, last_offset, '[]') WITH &&)
        WHERE (record_count > 0),
    ADD COLUMN batch_count integer NOT NULL DEFAULT 1 CHECK (batch_count >= 1);
COMMENT ON TABLE ops.silver_batches IS 'One row per Kafka partition and silver transaction: what became of a range of offsets, which is one or more whole bronze batches. A release from quarantine is a row too, with no records of its own: accepted and duplicate grow by what quarantined shrinks. Rows older than a day are merged by hour.';
COMMENT ON COLUMN ops.silver_batches.silver_batch_id IS 'Surrogate key; of a merged row the last one.';
COMMENT ON COLUMN ops.silver_batches.record_count IS 'Records in the range; 0 for a release from quarantine.';
COMMENT ON COLUMN ops.silver_batches.quarantined_count IS 'Of these, quarantined; negative for a release from quarantine.';
COMMENT ON COLUMN ops.silver_batches.batch_count IS 'Silver transactions that the row stands for; more than 1 once it is merged.';

-- Freshness is about what streams: a release is as old as it was asked for late.
CREATE OR REPLACE VIEW ops.freshness AS
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
    WHERE g.committed_at > now() - interval '1 minute' AND s.record_count > 0
) AS recent
CROSS JOIN LATERAL (VALUES
    ('event_to_bronze', extract(epoch FROM recent.bronze_committed_at - recent.newest_event_at)),
    ('bronze_to_silver', extract(epoch FROM recent.silver_at - recent.bronze_committed_at)),
    ('silver_to_gold', extract(epoch FROM recent.gold_at - recent.silver_at)),
    ('event_to_gold', extract(epoch FROM recent.gold_at - recent.newest_event_at))
) AS steps (stage, seconds)
GROUP BY stage;

-- ── a payload as JSON ───────────────────────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION bronze.read_avro_fields(payload bytea, names text[], kinds text[], INOUT at integer, OUT fields jsonb)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
-- Every kind of field begins with a variable-length integer: a length, an ordinal, a union's branch or the value.
DECLARE
    size   integer := octet_length(payload);
    kind   text;
    byte   integer;
    shift  integer;
    value  bigint;
    bytes  bytea;
    symbol text;
BEGIN
    fields := '{}';
    FOR i IN 1 .. cardinality(names) LOOP
        kind := kinds[i];
        LOOP
            value := 0;
            shift := 0;
            LOOP
                IF at >= size THEN RAISE EXCEPTION '%: the payload ends', names[i]; END IF;
                byte := get_byte(payload, at);
                at := at + 1;
                IF shift = 63 AND byte > 1 THEN RAISE EXCEPTION '%: an integer of more than 64 bits', names[i]; END IF;
                value := value | ((byte & 127)::bigint << shift);
                EXIT WHEN byte < 128;
                shift := shift + 7;
            END LOOP;
            value := ((value >> 1) & 9223372036854775807) # -(value & 1);
            EXIT WHEN kind <> 'optional string';
            -- A union of null and string: its branch, then, where there is a value, once more as a string.
            IF value NOT IN (0, 1) THEN RAISE EXCEPTION '%: branch % of a union of 2', names[i], value; END IF;
            IF value = 0 THEN EXIT; END IF;
            kind := 'string';
        END LOOP;
        CASE
            WHEN kind = 'optional string' THEN
                fields := fields || jsonb_build_object(names[i], NULL);
            WHEN kind IN ('string', 'decimal') THEN
                IF value < 0 OR value > size - at THEN
                    RAISE EXCEPTION '%: announces % bytes where % are left', names[i], value, size - at;
                END IF;
                bytes := substring(payload FROM at + 1 FOR value::integer);
                at := at + value::integer;
                IF kind = 'string' THEN
                    fields := fields || jsonb_build_object(names[i], convert_from(bytes, 'UTF8'));
                ELSE
                    -- Two's complement, big endian, in hundredths; a string, since not every reader of JSON counts
                    -- beyond 53 bits. Bytes that only repeat the sign say nothing.
                    WHILE octet_length(bytes) > 8 AND (get_byte(bytes, 0) = 0 AND get_byte(bytes, 1) < 128
                                                       OR get_byte(bytes, 0) = 255 AND get_byte(bytes, 1) > 127) LOOP
                        bytes := substring(bytes FROM 2);
                    END LOOP;
                    IF octet_length(bytes) NOT BETWEEN 1 AND 8 THEN
                        RAISE EXCEPTION '%: a decimal of % bytes', names[i], value;
                    END IF;
                    value := ('x' || lpad(encode(bytes, 'hex'), 16, CASE WHEN get_byte(bytes, 0) > 127 THEN 'f' ELSE '0' END))::bit(64)::bigint;
                    fields := fields || jsonb_build_object(names[i], (value * 0.01)::text);
                END IF;
            WHEN kind = 'int' THEN
                fields := fields || jsonb_build_object(names[i], value);
            WHEN kind = 'timestamp' THEN
                fields := fields || jsonb_build_object(names[i], to_char(
                    (to_timestamp(value / 1000000) + (value % 1000000) * interval '1 microsecond') AT TIME ZONE 'UTC',
                    'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'));
            ELSE
                symbol := CASE WHEN value BETWEEN 0 AND 1000 THEN (string_to_array(kind, ' '))[value + 1] END;
                IF symbol IS NULL THEN RAISE EXCEPTION '%: ordinal % of an enum', names[i], value; END IF;
                fields := fields || jsonb_build_object(names[i], symbol);
        END CASE;
    END LOOP;
END
$$;
COMMENT ON FUNCTION bronze.read_avro_fields IS 'Reads fields of an Avro record from byte `at` (counted from 0) on, and answers where it stopped. Kinds: string, optional string, int, timestamp (micros), decimal (of scale 2), or an enum as its symbols with blanks between. Raises where the bytes are not such a record.';

CREATE FUNCTION bronze.payload_as_json(payload bytea) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- Fingerprints as they stand on the wire. A new version of the contract is a new fingerprint here, and its fields
    -- appended to the lists below where its schema has them.
    fingerprint_v1 CONSTANT bytea  := '\xe62bac2173d6368f';
    fingerprint_v2 CONSTANT bytea  := '\x27383460680bc5e4';
    is_v2          boolean;
    head_names     CONSTANT text[] := '{event_id,event_type,event_version,event_timestamp,transaction_id,channel}';
    head_kinds     CONSTANT text[] := '{string,order_placed order_paid order_shipped order_completed order_returned order_cancelled,string,timestamp,string,web mobile in_store import}';
    customer_names CONSTANT text[] := '{id,type,country,city}';
    customer_kinds CONSTANT text[] := '{optional string,new returning,string,string}';
    order_names    CONSTANT text[] := '{status,payment_method,currency,subtotal,tax_amount,shipping_amount,discount_amount,total_amount}';
    order_kinds    CONSTANT text[] := '{string,string,string,decimal,decimal,decimal,decimal,decimal}';
    item_names     CONSTANT text[] := '{id,name,category,unit_price,quantity,discount,cost}';
    item_kinds     CONSTANT text[] := '{string,string,string,decimal,int,decimal,decimal}';
    at             integer := 10;
    event          jsonb   := '{}';
    part           jsonb;
    items          jsonb[] := '{}';
    block          bigint;
    block_end      integer;
BEGIN
    IF payload IS NULL THEN
        RETURN jsonb_build_object('undecoded', NULL, 'why', 'the value is null');
    END IF;
    IF substring(payload FOR 1) = '{' THEN
        RETURN convert_from(payload, 'UTF8')::jsonb;
    END IF;
    IF substring(payload FOR 2) <> '\xc301' OR octet_length(payload) < 10 THEN
        RAISE EXCEPTION 'neither an Avro single-object encoding nor JSON';
    END IF;
    IF substring(payload FROM 3 FOR 8) NOT IN (fingerprint_v1, fingerprint_v2) THEN
        RAISE EXCEPTION 'a schema that is not known here';
    END IF;
    is_v2 := substring(payload FROM 3 FOR 8) = fingerprint_v2;
    SELECT * INTO at, event FROM bronze.read_avro_fields(payload, head_names, head_kinds, at);
    SELECT * INTO at, part FROM bronze.read_avro_fields(
        payload,
        CASE WHEN is_v2 THEN customer_names || '{segment}'::text[] ELSE customer_names END,
        CASE WHEN is_v2 THEN customer_kinds || '{optional string}'::text[] ELSE customer_kinds END,
        at);
    event := event || jsonb_build_object('customer', part);
    SELECT * INTO at, part FROM bronze.read_avro_fields(payload, order_names, order_kinds, at);
    event := event || jsonb_build_object('order', part);
    LOOP
        SELECT f.at, (f.fields -> 'items')::bigint INTO at, block
        FROM bronze.read_avro_fields(payload, '{items}', '{int}', at) AS f;
        EXIT WHEN block = 0;
        block_end := NULL;
        IF block < 0 THEN
            -- A negative count announces the block's bytes as well.
            block := -block;
            SELECT f.at, f.at + (f.fields -> 'items')::bigint INTO at, block_end
            FROM bronze.read_avro_fields(payload, '{items}', '{int}', at) AS f;
        END IF;
        -- A line takes at least 10 bytes: what is announced beyond that ends before it is read.
        WHILE block > 0 LOOP
            SELECT * INTO at, part FROM bronze.read_avro_fields(payload, item_names, item_kinds, at);
            items := items || part;
            block := block - 1;
        END LOOP;
        IF at <> block_end THEN RAISE EXCEPTION 'a block of items that is not as long as it says'; END IF;
    END LOOP;
    IF is_v2 THEN
        SELECT * INTO at, part FROM bronze.read_avro_fields(payload, '{coupon_code}', '{optional string}', at);
        event := event || part;
    END IF;
    IF at <> octet_length(payload) THEN
        RAISE EXCEPTION '% bytes follow the event', octet_length(payload) - at;
    END IF;
    RETURN event || jsonb_build_object('items', to_jsonb(items));
EXCEPTION WHEN others THEN
    part := jsonb_build_object('undecoded', encode(payload, 'hex'), 'why', SQLERRM);
    RETURN CASE event WHEN '{}' THEN part ELSE part || jsonb_build_object('read_so_far', event) END;
END
$$;
COMMENT ON FUNCTION bronze.payload_as_json IS 'A record''s value for people: an event in Avro''s single-object encoding field by field (amounts as text, exact), a JSON document as it is, anything else as {"undecoded": hex, "why": …}. Never raises. For show only: what counts is what the transformer judged.';

-- ── from a mart's cell to the raw bytes ─────────────────────────────────────────────────────────────────────────────

-- Facts have no index by day: it would cost every load. The ledger knows which keys a time can be among.
CREATE FUNCTION ops.key_ranges(from_at timestamptz, to_at timestamptz) RETURNS SETOF int8range
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT key_range
    FROM (
        SELECT unnest(range_agg(int8range(first_order_event_key, last_order_event_key, '[]'))) AS key_range
        FROM ops.silver_batches
        WHERE first_order_event_key IS NOT NULL AND oldest_event_at < to_at AND newest_event_at >= from_at
    ) AS merged
    ORDER BY key_range
$$;
COMMENT ON FUNCTION ops.key_ranges IS 'The ranges of order_event_key that may hold events from from_at up to, not including, to_at; in order and without overlap.';

-- Lines taken back by a cancellation bear its day, though their event may be of another one.
CREATE INDEX fct_order_lines_taken_back_by_day ON silver.fct_order_lines (event_date) WHERE line_no < 0;
-- Steps come about in the order of their days: a summary of each stretch of the table is enough, and costs a load nothing.
CREATE INDEX fct_order_steps_by_day ON silver.fct_order_steps USING brin (step_date)
    WITH (pages_per_range = 32, autosummarize = on);

CREATE FUNCTION ops.drill_event_keys(
    from_at timestamptz, to_at timestamptz, event_types text[], of_currency integer, of_channel integer,
    of_payment_method integer, of_locations integer[], max_rows integer
) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted    integer := least(greatest(max_rows, 0), 1000);
    found     bigint[] := '{}';
    key_range int8range;
BEGIN
    FOR key_range IN SELECT * FROM ops.key_ranges(from_at, to_at) LOOP
        EXIT WHEN cardinality(found) >= wanted;
        found := found || ARRAY(
            SELECT e.order_event_key
            FROM silver.fct_order_events AS e
            WHERE e.order_event_key >= lower(key_range) AND e.order_event_key < upper(key_range)
              AND e.event_at >= from_at AND e.event_at < to_at AND e.event_type = ANY (event_types)
              AND e.currency_key = of_currency
              AND (of_channel IS NULL OR e.channel_key = of_channel)
              AND (of_payment_method IS NULL OR e.payment_method_key = of_payment_method)
              AND (of_locations IS NULL OR e.location_key = ANY (of_locations))
            ORDER BY e.order_event_key
            LIMIT wanted - cardinality(found));
    END LOOP;
    RETURN found;
END
$$;
COMMENT ON FUNCTION ops.drill_event_keys IS 'The first keys, at most 1,000, of the events in a stretch of time; a null condition is none.';

CREATE FUNCTION ops.raw_record(of_topic integer, of_partition integer, of_offset bigint, OUT key bytea, OUT headers bytea[], OUT payload bytea, OUT is_there boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    day timestamptz;
BEGIN
    -- The ledger tells the day, so that one partition of the table is looked into instead of all.
    SELECT date_trunc('day', b.ingested_at, 'UTC') INTO day
    FROM ops.bronze_batches AS b
    WHERE b.topic_id = of_topic AND b.kafka_partition = of_partition AND b.first_offset <= of_offset
    ORDER BY b.first_offset DESC
    LIMIT 1;
    SELECT e.key, e.headers, e.payload, true INTO key, headers, payload, is_there
    FROM bronze.events AS e
    WHERE e.topic_id = of_topic AND e.kafka_partition = of_partition AND e.kafka_offset = of_offset
      AND e.ingested_at >= day AND e.ingested_at < day + interval '24 hours';
    is_there := coalesce(is_there, false);
END
$$;
COMMENT ON FUNCTION ops.raw_record IS 'A record as bronze holds it; is_there is false where retention has dropped it.';

CREATE FUNCTION ops.raw_payload(of_topic integer, of_partition integer, of_offset bigint) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN r.is_there THEN bronze.payload_as_json(r.payload)
                ELSE jsonb_build_object('undecoded', NULL, 'why', 'bronze no longer has it: see ops.retired_bronze') END
    FROM ops.raw_record(of_topic, of_partition, of_offset) AS r
$$;
COMMENT ON FUNCTION ops.raw_payload IS 'A record''s value as JSON, or why there is none.';

CREATE FUNCTION ops.drilled_events(keys bigint[]) RETURNS TABLE (
    event_id uuid, event_type text, event_at timestamptz, order_id text, customer_id text, units integer,
    total_amount numeric, topic_name text, kafka_partition integer, kafka_offset bigint, payload jsonb
)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT e.event_id, e.event_type, e.event_at, e.order_id, c.customer_id, e.units, e.total_amount, t.topic_name,
           e.kafka_partition, e.kafka_offset, ops.raw_payload(e.topic_id, e.kafka_partition, e.kafka_offset)
    FROM unnest(keys) WITH ORDINALITY AS k (order_event_key, position)
    JOIN silver.fct_order_events AS e USING (order_event_key)
    JOIN silver.dim_customers AS c USING (customer_key)
    JOIN ops.topics AS t USING (topic_id)
    ORDER BY k.position;
END
$$;
COMMENT ON FUNCTION ops.drilled_events IS 'Events by key, each with where Kafka had it and its raw value.';

CREATE FUNCTION gold.drill_sales(sales_date date, currency text, channel text, max_rows integer DEFAULT 100) RETURNS TABLE (
    event_id uuid, event_type text, event_at timestamptz, order_id text, customer_id text, units integer,
    total_amount numeric, topic_name text, kafka_partition integer, kafka_offset bigint, payload jsonb
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT * FROM ops.drilled_events(ops.drill_event_keys(
        sales_date::timestamp AT TIME ZONE 'UTC', (sales_date + 1)::timestamp AT TIME ZONE 'UTC',
        '{order_placed,order_returned,order_cancelled}',
        coalesce((SELECT d.currency_key FROM silver.dim_currencies AS d WHERE d.currency_code = drill_sales.currency), -1),
        coalesce((SELECT d.channel_key FROM silver.dim_channels AS d WHERE d.channel_name = drill_sales.channel), -1),
        NULL, NULL, max_rows));
END
$$;
COMMENT ON FUNCTION gold.drill_sales IS 'The events behind a cell of gold.sales_performance (orders placed, returned and cancelled), each with its place in Kafka and its raw value as JSON; at most max_rows, and never more than 1,000.';

CREATE FUNCTION gold.drill_hour(sales_hour timestamptz, currency text, channel text, max_rows integer DEFAULT 100) RETURNS TABLE (
    event_id uuid, event_type text, event_at timestamptz, order_id text, customer_id text, units integer,
    total_amount numeric, topic_name text, kafka_partition integer, kafka_offset bigint, payload jsonb
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
    begins_at timestamptz := date_trunc('hour', sales_hour, 'UTC');
BEGIN
    RETURN QUERY SELECT * FROM ops.drilled_events(ops.drill_event_keys(
        begins_at, begins_at + interval '1 hour', '{order_placed,order_returned,order_cancelled}',
        coalesce((SELECT d.currency_key FROM silver.dim_currencies AS d WHERE d.currency_code = drill_hour.currency), -1),
        coalesce((SELECT d.channel_key FROM silver.dim_channels AS d WHERE d.channel_name = drill_hour.channel), -1),
        NULL, NULL, max_rows));
END
$$;
COMMENT ON FUNCTION gold.drill_hour IS 'The events behind a cell of the hourly sales, of the UTC hour that sales_hour lies in; otherwise as gold.drill_sales.';

CREATE FUNCTION gold.drill_payment(sales_date date, currency text, payment_method text, max_rows integer DEFAULT 100) RETURNS TABLE (
    event_id uuid, event_type text, event_at timestamptz, order_id text, customer_id text, units integer,
    total_amount numeric, topic_name text, kafka_partition integer, kafka_offset bigint, payload jsonb
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT * FROM ops.drilled_events(ops.drill_event_keys(
        sales_date::timestamp AT TIME ZONE 'UTC', (sales_date + 1)::timestamp AT TIME ZONE 'UTC', '{order_placed}',
        coalesce((SELECT d.currency_key FROM silver.dim_currencies AS d WHERE d.currency_code = drill_payment.currency), -1),
        NULL,
        coalesce((SELECT d.payment_method_key FROM silver.dim_payment_methods AS d
                  WHERE d.payment_method_name = drill_payment.payment_method), -1),
        NULL, max_rows));
END
$$;
COMMENT ON FUNCTION gold.drill_payment IS 'The orders placed on a day with a payment method; otherwise as gold.drill_sales.';

CREATE FUNCTION gold.drill_location(sales_date date, currency text, country text, city text DEFAULT NULL, max_rows integer DEFAULT 100) RETURNS TABLE (
    event_id uuid, event_type text, event_at timestamptz, order_id text, customer_id text, units integer,
    total_amount numeric, topic_name text, kafka_partition integer, kafka_offset bigint, payload jsonb
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT * FROM ops.drilled_events(ops.drill_event_keys(
        sales_date::timestamp AT TIME ZONE 'UTC', (sales_date + 1)::timestamp AT TIME ZONE 'UTC',
        '{order_placed,order_returned,order_cancelled}',
        coalesce((SELECT d.currency_key FROM silver.dim_currencies AS d WHERE d.currency_code = drill_location.currency), -1),
        NULL, NULL,
        ARRAY(SELECT d.location_key FROM silver.dim_locations AS d
              WHERE d.country = drill_location.country AND (drill_location.city IS NULL OR d.city = drill_location.city)),
        max_rows));
END
$$;
COMMENT ON FUNCTION gold.drill_location IS 'The orders placed, returned and cancelled on a day from a city, or, without one, from a whole country; otherwise as gold.drill_sales.';

CREATE FUNCTION gold.drill_customer(customer text, currency text, max_rows integer DEFAULT 100) RETURNS TABLE (
    event_id uuid, event_type text, event_at timestamptz, order_id text, customer_id text, units integer,
    total_amount numeric, topic_name text, kafka_partition integer, kafka_offset bigint, payload jsonb
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT * FROM ops.drilled_events(ARRAY(
        SELECT e.order_event_key
        FROM silver.fct_order_events AS e
        -- Key 0 is all guests together, which no index finds.
        WHERE e.customer_key = (SELECT d.customer_key FROM silver.dim_customers AS d WHERE d.customer_id = customer AND d.customer_key <> 0)
          AND e.customer_key <> 0
          AND e.currency_key = (SELECT d.currency_key FROM silver.dim_currencies AS d WHERE d.currency_code = drill_customer.currency)
          AND e.event_type IN ('order_placed', 'order_returned', 'order_cancelled')
        ORDER BY e.event_at DESC, e.order_event_key DESC
        LIMIT least(greatest(max_rows, 0), 1000)));
END
$$;
COMMENT ON FUNCTION gold.drill_customer IS 'The latest orders, returns and cancellations of a customer in a currency, by the shop''s customer number; otherwise as gold.drill_sales.';

CREATE FUNCTION ops.drilled_lines(sales_date date, of_category integer, of_product bigint, of_currency integer, max_rows integer) RETURNS TABLE (
    event_id uuid, event_type text, event_at timestamptz, order_id text, line_no smallint, product_id text,
    quantity integer, gross_amount numeric, discount_amount numeric, cost_amount numeric, topic_name text,
    kafka_partition integer, kafka_offset bigint, payload jsonb
)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    wanted      integer  := least(greatest(max_rows, 0), 1000);
    keys        bigint[] := '{}';
    numbers     smallint[] := '{}';
    more_keys   bigint[];
    more_numbers smallint[];
    key_range   int8range;
BEGIN
    FOR key_range IN
        -- The empty range stands for the lines taken back, which are found by their day.
        SELECT 'empty'::int8range
        UNION ALL
        SELECT * FROM ops.key_ranges(sales_date::timestamp AT TIME ZONE 'UTC', (sales_date + 1)::timestamp AT TIME ZONE 'UTC')
    LOOP
        EXIT WHEN cardinality(keys) >= wanted;
        IF isempty(key_range) THEN
            SELECT array_agg(f.order_event_key), array_agg(f.line_no) INTO more_keys, more_numbers
            FROM (
                SELECT l.order_event_key, l.line_no
                FROM silver.fct_order_lines AS l
                WHERE l.line_no < 0 AND l.event_date = sales_date AND l.currency_key = of_currency
                  AND (of_category IS NULL OR l.category_key = of_category)
                  AND (of_product IS NULL OR l.product_key = of_product)
                ORDER BY l.order_event_key, l.line_no DESC
                LIMIT wanted
            ) AS f;
        ELSE
            SELECT array_agg(f.order_event_key), array_agg(f.line_no) INTO more_keys, more_numbers
            FROM (
                SELECT l.order_event_key, l.line_no
                FROM silver.fct_order_lines AS l
                WHERE l.order_event_key >= lower(key_range) AND l.order_event_key < upper(key_range) AND l.line_no > 0
                  AND l.event_date = sales_date AND l.currency_key = of_currency
                  AND (of_category IS NULL OR l.category_key = of_category)
                  AND (of_product IS NULL OR l.product_key = of_product)
                ORDER BY l.order_event_key, l.line_no
                LIMIT wanted - cardinality(keys)
            ) AS f;
        END IF;
        keys := keys || coalesce(more_keys, '{}');
        numbers := numbers || coalesce(more_numbers, '{}');
    END LOOP;
    RETURN QUERY
    SELECT e.event_id, e.event_type, e.event_at, e.order_id, l.line_no, p.product_id, l.quantity, l.gross_amount,
           l.discount_amount, l.cost_amount, t.topic_name, e.kafka_partition, e.kafka_offset,
           ops.raw_payload(e.topic_id, e.kafka_partition, e.kafka_offset)
    FROM unnest(keys, numbers) WITH ORDINALITY AS k (order_event_key, line_no, position)
    JOIN silver.fct_order_lines AS l USING (order_event_key, line_no)
    JOIN silver.fct_order_events AS e USING (order_event_key)
    JOIN silver.dim_products AS p USING (product_key)
    JOIN ops.topics AS t USING (topic_id)
    ORDER BY k.position;
END
$$;
COMMENT ON FUNCTION ops.drilled_lines IS 'The lines of a day by keys, each with where Kafka had its event and the event''s raw value; a null condition is none.';

CREATE FUNCTION gold.drill_category(sales_date date, category text, currency text, max_rows integer DEFAULT 100) RETURNS TABLE (
    event_id uuid, event_type text, event_at timestamptz, order_id text, line_no smallint, product_id text,
    quantity integer, gross_amount numeric, discount_amount numeric, cost_amount numeric, topic_name text,
    kafka_partition integer, kafka_offset bigint, payload jsonb
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT * FROM ops.drilled_lines(
        sales_date,
        coalesce((SELECT d.category_key FROM silver.dim_categories AS d WHERE d.category_name = category), -1),
        NULL,
        coalesce((SELECT d.currency_key FROM silver.dim_currencies AS d WHERE d.currency_code = drill_category.currency), -1),
        max_rows);
END
$$;
COMMENT ON FUNCTION gold.drill_category IS 'The lines behind a cell of gold.item_category_performance (negative where they came back), each with its event''s place in Kafka and raw value as JSON; at most max_rows, and never more than 1,000.';

CREATE FUNCTION gold.drill_product(sales_date date, product text, currency text, max_rows integer DEFAULT 100) RETURNS TABLE (
    event_id uuid, event_type text, event_at timestamptz, order_id text, line_no smallint, product_id text,
    quantity integer, gross_amount numeric, discount_amount numeric, cost_amount numeric, topic_name text,
    kafka_partition integer, kafka_offset bigint, payload jsonb
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT * FROM ops.drilled_lines(
        sales_date,
        NULL,
        coalesce((SELECT d.product_key FROM silver.dim_products AS d WHERE d.product_id = product), -1),
        coalesce((SELECT d.currency_key FROM silver.dim_currencies AS d WHERE d.currency_code = drill_product.currency), -1),
        max_rows);
END
$$;
COMMENT ON FUNCTION gold.drill_product IS 'The lines behind a cell of gold.product_performance, by the shop''s product number; otherwise as gold.drill_category.';

CREATE FUNCTION gold.drill_step(step_date date, step text, max_rows integer DEFAULT 100) RETURNS TABLE (
    event_id uuid, event_type text, event_at timestamptz, order_id text, orders smallint, seconds_since_previous bigint,
    topic_name text, kafka_partition integer, kafka_offset bigint, payload jsonb
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT e.event_id, e.event_type, e.event_at, e.order_id, s.orders, s.seconds_since_previous, t.topic_name,
           e.kafka_partition, e.kafka_offset, ops.raw_payload(e.topic_id, e.kafka_partition, e.kafka_offset)
    FROM (
        SELECT f.order_event_key, f.orders, f.seconds_since_previous
        FROM silver.fct_order_steps AS f
        WHERE f.step_date = drill_step.step_date AND f.step = drill_step.step
        LIMIT least(greatest(max_rows, 0), 1000)
    ) AS s
    JOIN silver.fct_order_events AS e USING (order_event_key)
    JOIN ops.topics AS t USING (topic_id)
    ORDER BY s.order_event_key;
END
$$;
COMMENT ON FUNCTION gold.drill_step IS 'The steps of orders on a day (orders is -1 where one was taken back), each with the event that made it known, its place in Kafka and its raw value as JSON; at most max_rows, and never more than 1,000.';

CREATE FUNCTION gold.drill_quarantine(topic text, kafka_partition integer, kafka_offset bigint) RETURNS TABLE (
    topic_id integer, event_id uuid, reason text, detail text, rule_version integer, state text, ingested_at timestamptz,
    quarantined_at timestamptz, resolved_at timestamptz, resolution_note text, payload jsonb
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT q.topic_id, q.event_id, q.reason, q.detail, q.rule_version, q.state, q.ingested_at, q.quarantined_at,
           q.resolved_at, q.resolution_note, ops.raw_payload(q.topic_id, q.kafka_partition, q.kafka_offset)
    FROM ops.topics AS t
    JOIN silver.quarantined_events AS q USING (topic_id)
    WHERE t.topic_name = topic AND q.kafka_partition = drill_quarantine.kafka_partition
      AND q.kafka_offset = drill_quarantine.kafka_offset
    ORDER BY q.topic_id DESC
    LIMIT 100;
END
$$;
COMMENT ON FUNCTION gold.drill_quarantine IS 'A record in quarantine with its raw value; one row for each life of the topic that had such a record, the newest first.';

-- ── retention of bronze ─────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE ops.retired_bronze (
    retired_day           date        NOT NULL,
    topic_id              integer     NOT NULL,
    kafka_partition       integer     NOT NULL,
    first_offset          bigint      NOT NULL,
    last_offset           bigint      NOT NULL,
    record_count          bigint      NOT NULL CHECK (record_count > 0),
    byte_count            bigint      NOT NULL CHECK (byte_count >= 0),
    open_quarantine_count bigint      NOT NULL,
    retired_at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (retired_day, topic_id, kafka_partition),
    FOREIGN KEY (topic_id, kafka_partition) REFERENCES ops.partitions,
    CHECK (last_offset >= first_offset)
);
COMMENT ON TABLE ops.retired_bronze IS 'One row per day and Kafka partition whose records retention has dropped from bronze.events, as they were counted at that moment. Their batches stay in ops.bronze_batches, their verdicts in silver.';
COMMENT ON COLUMN ops.retired_bronze.retired_day IS 'UTC day of bronze.events.ingested_at.';
COMMENT ON COLUMN ops.retired_bronze.topic_id IS 'ops.topics.';
COMMENT ON COLUMN ops.retired_bronze.kafka_partition IS 'Kafka partition.';
COMMENT ON COLUMN ops.retired_bronze.first_offset IS 'Lowest offset among them.';
COMMENT ON COLUMN ops.retired_bronze.last_offset IS 'Highest offset among them.';
COMMENT ON COLUMN ops.retired_bronze.record_count IS 'Records dropped.';
COMMENT ON COLUMN ops.retired_bronze.byte_count IS 'Bytes of their keys, headers and payloads.';
COMMENT ON COLUMN ops.retired_bronze.open_quarantine_count IS 'Of these, records that were in quarantine and open: they stay open, but can only be discarded.';
COMMENT ON COLUMN ops.retired_bronze.retired_at IS 'When they were dropped (UTC).';

-- Who may call this need not be trusted with a DROP: it checks for itself that nothing is lost. A reader of bronze, such
-- as a verification, holds up the DROP; the DROP waits for half a second at most, since ingest would wait behind it.
CREATE FUNCTION ops.retire_bronze(keep interval, after_day date DEFAULT '-infinity') RETURNS TABLE (
    retired_day date, outcome text, detail text, record_count bigint, byte_count bigint, open_quarantine_count bigint
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '500ms' AS $$
#variable_conflict use_column
DECLARE
    candidate   date;
    begins_at   timestamptz;
    ends_at     timestamptz;
    leaf        text;
    obstacle    text;
BEGIN
    IF keep IS NULL OR keep < interval '24 hours' THEN
        RAISE EXCEPTION 'bronze is kept for a day at least, not for %', keep USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Kept apart from those who make partitions.
    PERFORM pg_advisory_xact_lock(hashtext('assay.bronze_partitions'));
    SELECT min(day) INTO candidate
    FROM pg_inherits AS i
    JOIN pg_class AS c ON c.oid = i.inhrelid
    CROSS JOIN LATERAL (SELECT to_date(right(c.relname, 8), 'YYYYMMDD') AS day) AS d
    WHERE i.inhparent = 'bronze.events'::regclass AND c.relname ~ '^events_[0-9]{8}$'
      AND day > after_day AND (day + 1)::timestamp AT TIME ZONE 'UTC' <= now() - keep;
    IF candidate IS NULL THEN RETURN; END IF;
    leaf := 'events_' || to_char(candidate, 'YYYYMMDD');
    begins_at := candidate::timestamp AT TIME ZONE 'UTC';
    ends_at := (candidate + 1)::timestamp AT TIME ZONE 'UTC';

    SELECT format('topic %s partition %s offset %s is not judged yet', b.topic_id, b.kafka_partition, b.last_offset) INTO obstacle
    FROM ops.bronze_batches AS b
    LEFT JOIN ops.silver_cursors AS c USING (topic_id, kafka_partition)
    WHERE b.ingested_at >= begins_at AND b.ingested_at < ends_at AND b.last_offset >= coalesce(c.next_offset, 0)
    LIMIT 1;
    IF obstacle IS NULL THEN
        SELECT format('topic %s partition %s: silver batch %s is not in gold yet', s.topic_id, s.kafka_partition, s.silver_batch_id) INTO obstacle
        FROM ops.silver_batches AS s
        WHERE s.gold_batch_id IS NULL AND EXISTS (
            SELECT FROM ops.bronze_batches AS b
            WHERE b.topic_id = s.topic_id AND b.kafka_partition = s.kafka_partition AND b.last_offset >= s.first_offset
              AND b.ingested_at >= begins_at AND b.ingested_at < ends_at)
        LIMIT 1;
    END IF;
    IF obstacle IS NOT NULL THEN
        RETURN QUERY SELECT candidate, 'kept', obstacle, 0::bigint, 0::bigint, 0::bigint;
        RETURN;
    END IF;

    -- Nobody writes to a day that is over; should somebody, they wait until this is done.
    EXECUTE format('LOCK TABLE bronze.%I IN SHARE MODE', leaf);
    EXECUTE format(
        'INSERT INTO ops.retired_bronze (retired_day, topic_id, kafka_partition, first_offset, last_offset, record_count, byte_count, open_quarantine_count)
         SELECT $1, e.topic_id, e.kafka_partition, min(e.kafka_offset), max(e.kafka_offset), count(*),
                sum(coalesce(octet_length(e.key), 0) + coalesce(octet_length(e.payload), 0)
                    + CASE WHEN e.headers IS NULL THEN 0
                           ELSE (SELECT coalesce(sum(octet_length(h)), 0) FROM unnest(e.headers) AS u (h)) END),
                (SELECT count(*) FROM silver.quarantined_events AS q
                 WHERE q.topic_id = e.topic_id AND q.kafka_partition = e.kafka_partition AND q.state = ''open''
                   AND q.ingested_at >= $2 AND q.ingested_at < $3)
         FROM bronze.%I AS e
         GROUP BY e.topic_id, e.kafka_partition', leaf)
    USING candidate, begins_at, ends_at;
    SELECT format('topic %s partition %s: bronze holds %s records, the ledger says %s: run `transformer verify`',
                  topic_id, kafka_partition, coalesce(r.records, 0), coalesce(b.records, 0)) INTO obstacle
    FROM (
        SELECT topic_id, kafka_partition, record_count AS records, byte_count AS bytes, first_offset, last_offset
        FROM ops.retired_bronze
        WHERE retired_day = candidate
    ) AS r
    FULL JOIN (
        SELECT topic_id, kafka_partition, sum(row_count) AS records, sum(byte_count) AS bytes,
               min(first_offset) AS first_offset, max(last_offset) AS last_offset
        FROM ops.bronze_batches
        WHERE ingested_at >= begins_at AND ingested_at < ends_at
        GROUP BY topic_id, kafka_partition
    ) AS b USING (topic_id, kafka_partition)
    WHERE (r.records::numeric, r.bytes::numeric, r.first_offset, r.last_offset)
          IS DISTINCT FROM (b.records::numeric, b.bytes, b.first_offset, b.last_offset)
    LIMIT 1;
    IF obstacle IS NOT NULL THEN
        DELETE FROM ops.retired_bronze WHERE retired_day = candidate;
        RETURN QUERY SELECT candidate, 'kept', obstacle, 0::bigint, 0::bigint, 0::bigint;
        RETURN;
    END IF;
    LOCK TABLE bronze.events IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('DROP TABLE bronze.%I', leaf);
    RETURN QUERY
    SELECT candidate, 'retired', '', coalesce(sum(r.record_count), 0)::bigint, coalesce(sum(r.byte_count), 0)::bigint,
           coalesce(sum(r.open_quarantine_count), 0)::bigint
    FROM ops.retired_bronze AS r
    WHERE r.retired_day = candidate;
END
$$;
COMMENT ON FUNCTION ops.retire_bronze IS 'Drops the oldest day of bronze after after_day that is wholly older than keep, provided that silver has judged and gold folded all of it and that it holds what the ledger says. Answers the day with retired, or kept and why; no row where no day is due. Fails with lock_not_available where bronze is busy: try again later.';

-- ── a ledger that does not grow for ever ────────────────────────────────────────────────────────────────────────────

ALTER TABLE ops.bronze_batches
    ADD COLUMN batch_count integer NOT NULL DEFAULT 1 CHECK (batch_count >= 1),
    DROP CONSTRAINT bronze_batches_row_count_check,
    ADD CONSTRAINT bronze_batches_row_count_check CHECK (row_count >= 1 AND (row_count <= 65536 OR batch_count > 1));
COMMENT ON TABLE ops.bronze_batches IS 'One row per Kafka partition and consumer transaction: the range of offsets that it brought. Rows that gold has taken and that are older than a day are merged by hour.';
COMMENT ON COLUMN ops.bronze_batches.row_count IS 'Records; fewer than the range is long where it has gaps. At most 65,536, one block of fact keys, unless merged.';
COMMENT ON COLUMN ops.bronze_batches.ingested_at IS 'When the consumer opened the batch (UTC); equals bronze.events.ingested_at. Of a merged row the earliest; the others lie in the same UTC hour.';
COMMENT ON COLUMN ops.bronze_batches.committed_at IS 'When the batch was written (UTC); of a merged row the latest.';
COMMENT ON COLUMN ops.bronze_batches.batch_count IS 'Consumer transactions that the row stands for; more than 1 once it is merged.';

ALTER TABLE ops.gold_batches
    ADD COLUMN batch_count integer NOT NULL DEFAULT 1 CHECK (batch_count >= 1),
    ADD COLUMN first_gold_batch_id bigint CHECK (first_gold_batch_id < gold_batch_id);
COMMENT ON TABLE ops.gold_batches IS 'One row per gold transaction; ops.silver_batches.gold_batch_id tells what it folded in. Rows older than a day are merged by hour.';
COMMENT ON COLUMN ops.gold_batches.gold_batch_id IS 'Surrogate key; of a merged row the last one.';
COMMENT ON COLUMN ops.gold_batches.batch_count IS 'Gold transactions that the row stands for; more than 1 once it is merged.';
COMMENT ON COLUMN ops.gold_batches.first_gold_batch_id IS 'The first of the gold transactions that a merged row stands for; null for a single one. A batch id noted elsewhere is found in the row whose range it lies in.';

CREATE TABLE ops.compaction_marks (
    ledger          text    NOT NULL CHECK (ledger IN ('gold', 'silver', 'bronze')),
    topic_id        integer NOT NULL,
    kafka_partition integer NOT NULL,
    next_position   bigint  NOT NULL,
    PRIMARY KEY (ledger, topic_id, kafka_partition)
);
COMMENT ON TABLE ops.compaction_marks IS 'One row per part of the ledger that is compacted for itself: how far that has come. It saves looking at history again, and proves nothing.';
COMMENT ON COLUMN ops.compaction_marks.ledger IS 'gold, silver or bronze: ops.<ledger>_batches.';
COMMENT ON COLUMN ops.compaction_marks.topic_id IS 'ops.topics for bronze, else 0.';
COMMENT ON COLUMN ops.compaction_marks.kafka_partition IS 'Kafka partition for bronze, else 0.';
COMMENT ON COLUMN ops.compaction_marks.next_position IS 'Batch id, for bronze first_offset, of the first row that can still be merged with later ones.';

CREATE FUNCTION ops.compact_gold_batches(older_than timestamptz, window_rows integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    mark    bigint;
    next    bigint;
    removed bigint := 0;
    hour    record;
BEGIN
    INSERT INTO ops.compaction_marks VALUES ('gold', 0, 0, 0) ON CONFLICT DO NOTHING;
    SELECT next_position INTO mark FROM ops.compaction_marks WHERE ledger = 'gold' FOR UPDATE;
    next := mark;
    FOR hour IN
        WITH looked_at AS (
            SELECT g.*, date_trunc('hour', g.committed_at, 'UTC') AS hour_at
            FROM ops.gold_batches AS g
            WHERE g.gold_batch_id >= mark
            ORDER BY g.gold_batch_id
            LIMIT window_rows
        ),
        due AS (
            SELECT *, hour_at IS DISTINCT FROM lag(hour_at) OVER (ORDER BY gold_batch_id) AS begins
            FROM (SELECT *, bool_and(committed_at < older_than) OVER (ORDER BY gold_batch_id) AS is_due FROM looked_at) AS l
            WHERE is_due
        ),
        islands AS (SELECT *, count(*) FILTER (WHERE begins) OVER (ORDER BY gold_batch_id) AS island FROM due)
        SELECT min(coalesce(first_gold_batch_id, gold_batch_id)) AS first_id, max(gold_batch_id) AS last_id,
               array_agg(gold_batch_id) AS ids, sum(batch_count) AS batches, sum(silver_batch_count) AS silver_batches,
               sum(event_count) AS events, sum(line_count) AS lines, min(started_at) AS started_at,
               max(committed_at) AS committed_at
        FROM islands
        GROUP BY island
        ORDER BY island
    LOOP
        next := hour.last_id;
        CONTINUE WHEN cardinality(hour.ids) = 1;
        UPDATE ops.silver_batches SET gold_batch_id = hour.last_id
        WHERE gold_batch_id = ANY (hour.ids) AND gold_batch_id <> hour.last_id;
        DELETE FROM ops.gold_batches WHERE gold_batch_id = ANY (hour.ids) AND gold_batch_id <> hour.last_id;
        UPDATE ops.gold_batches
        SET first_gold_batch_id = hour.first_id, batch_count = hour.batches, silver_batch_count = hour.silver_batches,
            event_count = hour.events, line_count = hour.lines, started_at = hour.started_at,
            committed_at = hour.committed_at
        WHERE gold_batch_id = hour.last_id;
        removed := removed + cardinality(hour.ids) - 1;
    END LOOP;
    UPDATE ops.compaction_marks SET next_position = next WHERE ledger = 'gold';
    RETURN CASE WHEN next > mark THEN greatest(removed, 1) ELSE removed END;
END
$$;
COMMENT ON FUNCTION ops.compact_gold_batches IS 'Merges gold''s ledger by hour, looking at so many rows; answers 0 when nothing is left to do.';

CREATE FUNCTION ops.compact_silver_batches(older_than timestamptz, window_rows integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    mark        bigint;
    next        bigint;
    newest_hour timestamptz;
    removed     bigint := 0;
    hour        record;
BEGIN
    INSERT INTO ops.compaction_marks VALUES ('silver', 0, 0, 0) ON CONFLICT DO NOTHING;
    SELECT next_position INTO mark FROM ops.compaction_marks WHERE ledger = 'silver' FOR UPDATE;
    next := mark;
    FOR hour IN
        WITH looked_at AS (
            SELECT s.*, date_trunc('hour', s.committed_at, 'UTC') AS hour_at
            FROM ops.silver_batches AS s
            WHERE s.silver_batch_id >= mark
            ORDER BY s.silver_batch_id
            LIMIT window_rows
        ),
        due AS (
            SELECT *, (hour_at, gold_batch_id) IS DISTINCT FROM (lag(hour_at) OVER w, lag(gold_batch_id) OVER w) AS begins
            FROM (
                SELECT *, bool_and(committed_at < older_than AND gold_batch_id IS NOT NULL) OVER (ORDER BY silver_batch_id) AS is_due
                FROM looked_at
            ) AS l
            -- A release from quarantine has no range of its own, and stays as it is.
            WHERE is_due AND record_count > 0
            WINDOW w AS (PARTITION BY topic_id, kafka_partition ORDER BY silver_batch_id)
        ),
        islands AS (
            SELECT *, count(*) FILTER (WHERE begins) OVER (PARTITION BY topic_id, kafka_partition ORDER BY silver_batch_id) AS island
            FROM due
        )
        SELECT max(silver_batch_id) AS last_id, array_agg(silver_batch_id) AS ids, max(hour_at) AS hour_at,
               min(first_offset) AS first_offset, max(last_offset) AS last_offset, min(first_order_event_key) AS first_key,
               max(last_order_event_key) AS last_key, sum(batch_count) AS batches, sum(bronze_batch_count) AS bronze_batches,
               sum(record_count) AS records, sum(accepted_count) AS accepted, sum(duplicate_count) AS duplicate,
               sum(quarantined_count) AS quarantined, sum(line_count) AS lines, min(oldest_event_at) AS oldest_event_at,
               max(newest_event_at) AS newest_event_at, max(bronze_committed_at) AS bronze_committed_at,
               min(started_at) AS started_at, max(committed_at) AS committed_at
        FROM islands
        GROUP BY topic_id, kafka_partition, island
        HAVING greatest(sum(record_count), sum(line_count)) <= 2000000000
        ORDER BY max(hour_at) DESC, max(silver_batch_id) DESC
    LOOP
        -- The newest hour may go on in what is not looked at yet: the next look begins with its merged rows.
        newest_hour := coalesce(newest_hour, hour.hour_at);
        IF hour.hour_at = newest_hour THEN
            next := CASE WHEN next = mark THEN hour.last_id ELSE least(next, hour.last_id) END;
        END IF;
        CONTINUE WHEN cardinality(hour.ids) = 1;
        DELETE FROM ops.silver_batches WHERE silver_batch_id = ANY (hour.ids) AND silver_batch_id <> hour.last_id;
        UPDATE ops.silver_batches
        SET first_offset = hour.first_offset, last_offset = hour.last_offset, first_order_event_key = hour.first_key,
            last_order_event_key = hour.last_key, batch_count = hour.batches, bronze_batch_count = hour.bronze_batches,
            record_count = hour.records, accepted_count = hour.accepted, duplicate_count = hour.duplicate,
            quarantined_count = hour.quarantined, line_count = hour.lines, oldest_event_at = hour.oldest_event_at,
            newest_event_at = hour.newest_event_at, bronze_committed_at = hour.bronze_committed_at,
            started_at = hour.started_at, committed_at = hour.committed_at
        WHERE silver_batch_id = hour.last_id;
        removed := removed + cardinality(hour.ids) - 1;
    END LOOP;
    UPDATE ops.compaction_marks SET next_position = next WHERE ledger = 'silver';
    RETURN CASE WHEN next > mark THEN greatest(removed, 1) ELSE removed END;
END
$$;
COMMENT ON FUNCTION ops.compact_silver_batches IS 'Merges silver''s ledger by Kafka partition, hour and gold batch, looking at so many rows; answers 0 when nothing is left to do.';

CREATE FUNCTION ops.compact_bronze_batches(of_topic integer, of_partition integer, older_than timestamptz, window_rows integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    mark        bigint;
    next        bigint;
    folded_upto bigint;
    removed     bigint := 0;
    hour        record;
BEGIN
    INSERT INTO ops.compaction_marks VALUES ('bronze', of_topic, of_partition, 0) ON CONFLICT DO NOTHING;
    SELECT next_position INTO mark FROM ops.compaction_marks
    WHERE ledger = 'bronze' AND topic_id = of_topic AND kafka_partition = of_partition FOR UPDATE;
    next := mark;
    SELECT least(c.next_offset, (SELECT min(s.first_offset) FROM ops.silver_batches AS s
                                 WHERE s.gold_batch_id IS NULL AND s.topic_id = of_topic AND s.kafka_partition = of_partition))
    INTO folded_upto
    FROM ops.silver_cursors AS c
    WHERE c.topic_id = of_topic AND c.kafka_partition = of_partition;
    FOR hour IN
        WITH looked_at AS (
            SELECT b.*, date_trunc('hour', b.ingested_at, 'UTC') AS hour_at
            FROM ops.bronze_batches AS b
            WHERE b.topic_id = of_topic AND b.kafka_partition = of_partition AND b.first_offset >= mark
            ORDER BY b.first_offset
            LIMIT window_rows
        ),
        due AS (
            SELECT *, hour_at IS DISTINCT FROM lag(hour_at) OVER (ORDER BY first_offset) AS begins
            FROM (
                SELECT *, bool_and(committed_at < older_than AND last_offset < folded_upto) OVER (ORDER BY first_offset) AS is_due
                FROM looked_at
            ) AS l
            WHERE is_due
        ),
        islands AS (SELECT *, count(*) FILTER (WHERE begins) OVER (ORDER BY first_offset) AS island FROM due)
        SELECT min(first_offset) AS first_offset, max(first_offset) AS last_first_offset, max(last_offset) AS last_offset,
               count(*) AS merged, sum(batch_count) AS batches, sum(row_count) AS records, sum(byte_count) AS bytes,
               min(oldest_record_at) AS oldest_record_at, max(newest_record_at) AS newest_record_at,
               min(ingested_at) AS ingested_at, max(committed_at) AS committed_at
        FROM islands
        GROUP BY island
        HAVING sum(row_count) <= 2000000000
        ORDER BY island
    LOOP
        next := hour.first_offset;
        CONTINUE WHEN hour.merged = 1;
        DELETE FROM ops.bronze_batches
        WHERE topic_id = of_topic AND kafka_partition = of_partition
          AND first_offset > hour.first_offset AND first_offset <= hour.last_first_offset;
        UPDATE ops.bronze_batches
        SET last_offset = hour.last_offset, row_count = hour.records, byte_count = hour.bytes, batch_count = hour.batches,
            oldest_record_at = hour.oldest_record_at, newest_record_at = hour.newest_record_at,
            ingested_at = hour.ingested_at, committed_at = hour.committed_at
        WHERE topic_id = of_topic AND kafka_partition = of_partition AND first_offset = hour.first_offset;
        removed := removed + hour.merged - 1;
    END LOOP;
    UPDATE ops.compaction_marks SET next_position = next
    WHERE ledger = 'bronze' AND topic_id = of_topic AND kafka_partition = of_partition;
    RETURN CASE WHEN next > mark THEN greatest(removed, 1) ELSE removed END;
END
$$;
COMMENT ON FUNCTION ops.compact_bronze_batches IS 'Merges the ledger of one Kafka partition of bronze by hour, looking at so many rows; answers 0 when nothing is left to do.';

CREATE FUNCTION ops.compact_ledger(window_rows integer DEFAULT 10000) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- Whole hours, so that an hour is merged once and for all.
    older_than CONSTANT timestamptz := date_trunc('hour', now() - interval '24 hours', 'UTC');
    bounded    CONSTANT integer := least(greatest(window_rows, 2), 100000);
    progress   bigint;
BEGIN
    progress := ops.compact_gold_batches(older_than, bounded);
    -- Silver's rows are merged within what one gold row took, so gold goes first.
    IF progress = 0 THEN
        progress := ops.compact_silver_batches(older_than, bounded);
    END IF;
    IF progress = 0 THEN
        SELECT coalesce(sum(ops.compact_bronze_batches(topic_id, kafka_partition, older_than, bounded)), 0)
        INTO progress
        FROM ops.silver_cursors;
    END IF;
    RETURN progress;
END
$$;
COMMENT ON FUNCTION ops.compact_ledger IS 'One bounded step of merging the ledger''s rows that gold has taken and that are older than a day; answers 0 when nothing is left to do. What the rows add up to stays as it is.';

-- ── rights of the new ───────────────────────────────────────────────────────────────────────────────────────────────

-- Default privileges work only for the role that set them: said once more, whoever owns these.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA bronze, silver, gold, ops FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gold.drill_sales, gold.drill_hour, gold.drill_payment, gold.drill_location, gold.drill_customer,
    gold.drill_category, gold.drill_product, gold.drill_step, gold.drill_quarantine TO dashboard_reader;
GRANT EXECUTE ON FUNCTION ops.retire_bronze, ops.compact_ledger, bronze.payload_as_json, bronze.read_avro_fields TO transformer;
GRANT SELECT ON ops.retired_bronze TO transformer;

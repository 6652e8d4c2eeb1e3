//! Who may do what: every role × object × verb, read from PostgreSQL's catalogue and held against the rules below. An
//! object without a rule fails, so that whoever adds one says who may use it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::BTreeSet;

use test_warehouse::TestWarehouse;

const ROLES: [&str; 5] = [
    "bronze_writer",
    "transformer",
    "dashboard_reader",
    "console",
    "public",
];

const NOTHING: &str = "";
const READ: &str = "SELECT";
const ADD: &str = "SELECT INSERT";
const CHANGE: &str = "SELECT INSERT UPDATE";
const REPLACE: &str = "SELECT INSERT UPDATE DELETE";

/// An object of the catalogue, as `table gold.x`, `view …`, `partition …`, `sequence …`, `function …` or `schema …`.
/// Answers the verbs that the role may use on it, or nothing where no rule speaks of it.
fn allowed(role: &str, object: &str) -> Option<&'static str> {
    let (kind, name) = object.split_once(' ').unwrap();
    let schema = name.split('.').next().unwrap();
    match (role, kind) {
        ("public", _) => Some(NOTHING),
        ("bronze_writer", _) => bronze_writer(kind, name),
        ("transformer", _) => transformer(kind, schema, name),
        ("console", _) => Some(console(name)),
        _ => dashboard_reader(kind, schema, name),
    }
}

fn bronze_writer(kind: &str, name: &str) -> Option<&'static str> {
    Some(match (kind, name) {
        ("schema", "bronze" | "ops") => "USAGE",
        ("table", "bronze.events") => "INSERT",
        ("table", "ops.topics") => ADD,
        ("table", "ops.partitions") => CHANGE,
        ("table", "ops.bronze_batches" | "ops.offset_gaps") => "INSERT",
        ("function", "ops.ensure_bronze_partitions") => "EXECUTE",
        _ => NOTHING,
    })
}

/// It asks for runs; what the console shows, it reads as dashboard_reader.
fn console(name: &str) -> &'static str {
    match name {
        "ops" => "USAGE",
        "ops.request_run" => "EXECUTE",
        _ => NOTHING,
    }
}

fn transformer(kind: &str, schema: &str, name: &str) -> Option<&'static str> {
    Some(match (kind, name) {
        ("schema", _) => "USAGE",
        ("partition", _) => NOTHING,
        ("view", _) => READ,
        ("sequence", "silver.order_event_keys" | "ops.gold_batches_gold_batch_id_seq") => "USAGE",
        ("sequence", _) => NOTHING,
        (
            "function",
            "ops.ensure_bronze_partitions"
            | "ops.retire_bronze"
            | "ops.compact_ledger"
            | "bronze.payload_as_json"
            | "bronze.read_avro_fields",
        ) => "EXECUTE",
        ("function", _) => NOTHING,
        ("table", _) => return transformer_table(schema, name),
        _ => return None,
    })
}

fn transformer_table(schema: &str, name: &str) -> Option<&'static str> {
    Some(match name {
        "bronze.events" => READ,
        "silver.dim_dates" => READ,
        // Named once, never changed.
        "silver.dim_locations"
        | "silver.dim_categories"
        | "silver.dim_currencies"
        | "silver.dim_channels"
        | "silver.dim_payment_methods"
        | "silver.dim_order_statuses"
        | "silver.dim_customer_versions"
        | "silver.dim_product_versions" => ADD,
        // Settled anew where a late event changes them.
        "silver.dim_customers_history" | "silver.dim_products_history" => REPLACE,
        // Facts are added, never changed.
        "silver.fct_order_events"
        | "silver.fct_order_lines"
        | "silver.fct_order_steps"
        | "silver.duplicate_events" => ADD,
        "silver.dim_customers"
        | "silver.dim_products"
        | "silver.product_sightings"
        | "silver.fct_orders"
        | "silver.quarantined_events" => CHANGE,
        "gold.sales_customers" => ADD,
        // Settings of the marts.
        "gold.rfm_cuts" | "gold.rfm_segments" => READ,
        // A mart's sums are folded into.
        _ if schema == "gold" => CHANGE,
        "ops.silver_cursors" | "ops.silver_batches" => CHANGE,
        "ops.gold_batches" | "ops.closed_days" | "ops.restatements" => ADD,
        "ops.topics" | "ops.partitions" | "ops.bronze_batches" | "ops.offset_gaps"
        | "ops.retired_bronze" => READ,
        // Only through ops.compact_ledger.
        "ops.compaction_marks" => NOTHING,
        // Runs that were asked for are taken up and ended.
        "ops.pipeline_runs" => CHANGE,
        _ => return None,
    })
}

fn dashboard_reader(kind: &str, schema: &str, name: &str) -> Option<&'static str> {
    Some(match (kind, schema) {
        ("schema", "gold" | "ops") => "USAGE",
        ("schema", _) => NOTHING,
        ("table" | "view", "gold") => READ,
        ("view", "ops") => READ,
        // What was published, what of it changed, and who changed it.
        ("table", "ops")
            if ["ops.closed_days", "ops.restatements", "ops.pipeline_runs"].contains(&name) =>
        {
            READ
        }
        ("table" | "view" | "partition" | "sequence", _) => NOTHING,
        ("function", "gold") if name.starts_with("gold.drill_") => "EXECUTE",
        ("function", _) => NOTHING,
        _ => return None,
    })
}

/// Every object, role and verb that the role may use on it; columns' own rights included.
const GRANTED: &str = "
    WITH roles AS (SELECT unnest($1::text[]) AS role),
    relations AS (
        SELECT c.oid, c.relkind, format('%s %s.%s',
                   CASE WHEN c.relispartition THEN 'partition' WHEN c.relkind IN ('v', 'm') THEN 'view'
                        WHEN c.relkind = 'S' THEN 'sequence' ELSE 'table' END, n.nspname, c.relname) AS object
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('bronze', 'silver', 'gold', 'ops') AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    ),
    functions AS (
        SELECT p.oid, format('function %s.%s', n.nspname, p.proname) AS object
        FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
        WHERE n.nspname IN ('bronze', 'silver', 'gold', 'ops')
    ),
    schemas AS (
        SELECT oid, format('schema %s', nspname) AS object FROM pg_namespace WHERE nspname IN ('bronze', 'silver', 'gold', 'ops')
    )
    SELECT role, object, verb, has_table_privilege(role, oid, verb)
           OR (verb IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') AND has_any_column_privilege(role, oid, verb))
    FROM roles, relations,
         unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS verb
    WHERE relkind <> 'S'
    UNION ALL
    SELECT role, object, verb, has_sequence_privilege(role, oid, verb)
    FROM roles, relations, unnest('{USAGE,SELECT,UPDATE}'::text[]) AS verb WHERE relkind = 'S'
    UNION ALL
    SELECT role, object, 'EXECUTE', has_function_privilege(role, oid, 'EXECUTE') FROM roles, functions
    UNION ALL
    SELECT role, object, verb, has_schema_privilege(role, oid, verb)
    FROM roles, schemas, unnest('{USAGE,CREATE}'::text[]) AS verb";

#[tokio::test(flavor = "multi_thread")]
async fn every_role_may_do_what_its_rules_say_and_nothing_else() {
    let test = TestWarehouse::fresh().await;
    let rows = test
        .inspector()
        .await
        .query(GRANTED, &[&ROLES.to_vec()])
        .await
        .unwrap();
    assert!(rows.len() > 1_000, "only {} combinations", rows.len());
    let mut wrong = BTreeSet::new();
    for row in &rows {
        let (role, object, verb, is_granted): (&str, &str, &str, bool) =
            (row.get(0), row.get(1), row.get(2), row.get(3));
        let Some(verbs) = allowed(role, object) else {
            wrong.insert(format!("no rule says what {role} may do with {object}"));
            continue;
        };
        let is_allowed = verbs.split(' ').any(|allowed| allowed == verb);
        if is_granted != is_allowed {
            let verdict = if is_granted {
                "may, but must not"
            } else {
                "may not, but must"
            };
            wrong.insert(format!("{role} {verdict} {verb} on {object}"));
        }
    }
    assert_eq!(wrong, BTreeSet::new());
}

async fn findings(query: &str) -> Vec<String> {
    let test = TestWarehouse::fresh().await;
    let rows = test.inspector().await.query(query, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_with_its_owners_rights_fixes_its_search_path() {
    let open = findings(
        "SELECT p.oid::regprocedure::text
         FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
         WHERE n.nspname IN ('bronze', 'silver', 'gold', 'ops') AND p.prosecdef
           AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)",
    )
    .await;
    assert_eq!(open, Vec::<String>::new());
    let (count, expected) = (
        findings("SELECT p.proname::text FROM pg_proc AS p WHERE p.prosecdef AND p.pronamespace = 'gold'::regnamespace")
            .await
            .len(),
        9,
    );
    assert_eq!(
        count, expected,
        "the query above looked at the drill functions"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_the_owner_makes_anything_and_the_roles_are_plain() {
    let makers = findings(
        "SELECT format('%s may create in schema %s', role, nspname)
         FROM pg_namespace, unnest('{bronze_writer,transformer,dashboard_reader,console,public}'::text[]) AS role
         WHERE has_schema_privilege(role, oid, 'CREATE') AND nspname !~ '^pg_(toast_)?temp_'
         UNION ALL
         SELECT format('%s may create in the database', role)
         FROM unnest('{bronze_writer,transformer,dashboard_reader,console,public}'::text[]) AS role
         WHERE has_database_privilege(role, current_database(), 'CREATE')",
    )
    .await;
    assert_eq!(makers, Vec::<String>::new());
    let special = findings(
        "SELECT rolname::text FROM pg_roles
         WHERE rolname IN ('bronze_writer', 'transformer', 'dashboard_reader', 'console')
           AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls
                OR EXISTS (SELECT FROM pg_auth_members AS m WHERE m.member = pg_roles.oid))",
    )
    .await;
    assert_eq!(special, Vec::<String>::new());
}

const REFUSED_TO_ALL: &[&str] = &[
    "CREATE TABLE gold.mine (x integer)",
    "CREATE TABLE public.mine (x integer)",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION ops.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "COPY (SELECT 1) TO PROGRAM 'cat'",
    "COPY silver.dim_dates TO '/tmp/mine'",
    "SET ROLE migrator",
    "SET SESSION AUTHORIZATION migrator",
    "TRUNCATE silver.fct_order_events",
    "TRUNCATE bronze.events",
    "DELETE FROM ops.bronze_batches",
    "UPDATE ops.retired_bronze SET record_count = 1",
    "DELETE FROM silver.quarantined_events",
    "DROP TABLE bronze.events",
    "ALTER TABLE silver.fct_orders DISABLE TRIGGER ALL",
    "SELECT ops.compact_bronze_batches(1, 0, now(), 10)",
    "SELECT pg_read_file('/etc/passwd')",
];

const REFUSED_TO_ONE: &[(&str, &str)] = &[
    ("bronze_writer", "SELECT payload FROM bronze.events"),
    ("bronze_writer", "UPDATE bronze.events SET payload = NULL"),
    ("bronze_writer", "SELECT ops.compact_ledger()"),
    (
        "bronze_writer",
        "SELECT * FROM ops.retire_bronze('30 days')",
    ),
    (
        "bronze_writer",
        "SELECT * FROM gold.drill_sales(current_date, 'EUR', 'web')",
    ),
    (
        "transformer",
        "INSERT INTO bronze.events (topic_id) VALUES (1)",
    ),
    (
        "transformer",
        "UPDATE silver.fct_order_events SET total_amount = 0",
    ),
    ("transformer", "DELETE FROM gold.sales_performance_sums"),
    (
        "transformer",
        "INSERT INTO ops.retired_bronze VALUES ('2020-01-01', 1, 0, 0, 0, 1, 1, 0)",
    ),
    ("console", "SELECT * FROM ops.pipeline_runs"),
    ("console", "SELECT * FROM gold.sales_performance"),
    ("console", "SELECT * FROM ops.ledger"),
    (
        "console",
        "INSERT INTO ops.pipeline_runs (kind) VALUES ('manual')",
    ),
    ("dashboard_reader", "SELECT ops.request_run('manual', 'me')"),
    ("dashboard_reader", "SELECT payload FROM bronze.events"),
    ("dashboard_reader", "SELECT bronze.payload_as_json(NULL)"),
    ("dashboard_reader", "SELECT * FROM silver.dim_customers"),
    ("dashboard_reader", "SELECT * FROM ops.silver_batches"),
    ("dashboard_reader", "SELECT * FROM ops.raw_record(1, 0, 0)"),
    ("dashboard_reader", "SELECT ops.compact_ledger()"),
    (
        "dashboard_reader",
        "INSERT INTO gold.sales_customer_counts VALUES ('2020-01-01', 'EUR', 'web', 1)",
    ),
    (
        "dashboard_reader",
        "UPDATE gold.sales_performance_sums SET orders = 0",
    ),
    (
        "dashboard_reader",
        "DELETE FROM gold.sales_performance_sums",
    ),
    ("dashboard_reader", "TRUNCATE gold.sales_performance_sums"),
];

/// What the catalogue says is tried as well: the server must refuse with `insufficient_privilege`.
#[tokio::test(flavor = "multi_thread")]
async fn a_sample_of_what_is_not_allowed_is_refused_when_tried() {
    let test = TestWarehouse::fresh().await;
    let tries = [
        "bronze_writer",
        "transformer",
        "dashboard_reader",
        "console",
    ]
    .into_iter()
    .flat_map(|role| {
        REFUSED_TO_ALL
            .iter()
            .map(move |statement| (role, *statement))
    })
    .chain(REFUSED_TO_ONE.iter().copied());
    for (role, statement) in tries {
        let (client, connection) =
            tokio_postgres::connect(&test.url_of(role), tokio_postgres::NoTls)
                .await
                .unwrap();
        tokio::spawn(connection);
        // The reader's sessions are read-only unless told otherwise: rights must hold even then.
        client
            .batch_execute("SET default_transaction_read_only = off")
            .await
            .unwrap();
        let error = client.batch_execute(statement).await.expect_err(statement);
        let state = error.code().map_or("", |state| state.code());
        assert_eq!(state, "42501", "{role}: {statement}: {error:?}");
    }
}

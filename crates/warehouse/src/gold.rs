//! silver → gold: each mart is one SELECT over "the facts given". Given the facts of some silver batches it yields the
//! delta to fold in; given all facts it yields the whole mart, which verification holds against the stored one.

use deadpool_postgres::Transaction;

use crate::{Session, WarehouseError, history, sql};

/// One gold writer at a time; "assaygol" in ASCII.
pub(crate) const GOLD_WRITER_LOCK: i64 = 0x6173_7361_7967_6f6c;
/// Silver batches looked at for one gold transaction.
const MAX_SILVER_BATCHES: i64 = 512;

/// A mart: a SELECT, the table that holds its sums, and how a delta is folded into it.
pub(crate) struct Mart {
    /// The table, with its schema.
    pub(crate) table: &'static str,
    /// Folds the facts of the silver batches in $1 into the table; absent where another mart's fold does it.
    pub(crate) fold: Option<&'static str>,
    /// Rows that the table has and a recomputation has not, or the other way round, as (side, row).
    pub(crate) compare: &'static str,
}

macro_rules! fold {
    ($name:literal) => {
        concat!(
            "WITH\n",
            sql!("gold/given_batches.sql"),
            "mart AS (\n",
            sql!("gold/", $name, ".sql"),
            ")\n",
            sql!("gold/", $name, ".fold.sql"),
        )
    };
}

macro_rules! mart {
    ($name:literal, $table:literal, $fold:expr) => {
        Mart {
            table: $table,
            fold: $fold,
            compare: concat!(
                "WITH\n",
                sql!("gold/given_everything.sql"),
                "mart AS (\n",
                sql!("gold/", $name, ".sql"),
                ")\nSELECT 'recomputed' AS side, to_jsonb(d)::text FROM (TABLE mart EXCEPT ALL TABLE ",
                $table,
                ") AS d\nUNION ALL\nSELECT 'stored', to_jsonb(d)::text FROM (TABLE ",
                $table,
                " EXCEPT ALL TABLE mart) AS d",
            ),
        }
    };
}

/// All marts, in the order in which every gold transaction locks them.
pub(crate) const MARTS: &[Mart] = &[
    mart!(
        "item_category_performance",
        "gold.item_category_performance_sums",
        Some(fold!("item_category_performance"))
    ),
    mart!(
        "product_performance",
        "gold.product_performance_sums",
        Some(fold!("product_performance"))
    ),
    mart!(
        "sales_customers",
        "gold.sales_customers",
        Some(fold!("sales_customers"))
    ),
    mart!("sales_customer_counts", "gold.sales_customer_counts", None),
    mart!(
        "sales_performance",
        "gold.sales_performance_sums",
        Some(fold!("sales_performance"))
    ),
];

/// What one gold transaction did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoldOutcome {
    /// Nothing waits.
    Idle,
    /// Another transformer is the gold writer at this moment.
    Standby,
    /// Silver batches were folded in.
    Folded {
        /// `ops.gold_batches.gold_batch_id`
        gold_batch_id: i64,
        /// Silver batches folded in.
        silver_batches: usize,
        /// Accepted events in them.
        events: i64,
        /// Order lines in them.
        lines: i64,
    },
}

/// Folds the oldest waiting silver batches, about `max_lines` lines of them, into all marts, in one transaction.
///
/// # Errors
/// See [`WarehouseError::class`]. After an error nothing is folded, or, if it was the commit's answer that got lost,
/// all of it; either way the next call goes on where the ledger stands.
pub async fn fold_next(
    session: &mut Session,
    max_lines: i64,
) -> Result<FoldOutcome, WarehouseError> {
    let transaction = session
        .transaction()
        .await
        .map_err(WarehouseError::database("beginning a gold transaction"))?;
    let doing = "becoming the gold writer";
    let is_writer: bool = transaction
        .query_one("SELECT pg_try_advisory_xact_lock($1)", &[&GOLD_WRITER_LOCK])
        .await
        .map_err(WarehouseError::database(doing))?
        .get(0);
    if !is_writer {
        return Ok(FoldOutcome::Standby);
    }
    let taken = next_batches(&transaction, max_lines).await?;
    if taken.ids.is_empty() {
        return Ok(FoldOutcome::Idle);
    }
    let histories = history::settle(&transaction, &taken.ids).await?;
    tracing::debug!(
        customers = histories.customers,
        products = histories.products,
        "settled histories"
    );
    for fold in MARTS.iter().filter_map(|mart| mart.fold) {
        let doing = "folding a mart";
        let statement = transaction
            .prepare_cached(fold)
            .await
            .map_err(WarehouseError::database(doing))?;
        transaction
            .execute(&statement, &[&taken.ids])
            .await
            .map_err(WarehouseError::database(doing))?;
    }
    let gold_batch_id = record(&transaction, &taken).await?;
    transaction
        .commit()
        .await
        .map_err(WarehouseError::database("committing a gold transaction"))?;
    Ok(FoldOutcome::Folded {
        gold_batch_id,
        silver_batches: taken.ids.len(),
        events: taken.events,
        lines: taken.lines,
    })
}

#[derive(Default)]
struct Taken {
    ids: Vec<i64>,
    events: i64,
    lines: i64,
}

async fn next_batches(
    transaction: &Transaction<'_>,
    max_lines: i64,
) -> Result<Taken, WarehouseError> {
    let doing = "looking for silver batches";
    let statement = transaction
        .prepare_cached(sql!("gold/next_batches.sql"))
        .await
        .map_err(WarehouseError::database(doing))?;
    let rows = transaction
        .query(&statement, &[&MAX_SILVER_BATCHES])
        .await
        .map_err(WarehouseError::database(doing))?;
    let mut taken = Taken::default();
    for row in &rows {
        let (events, lines): (i32, i32) = (row.get("accepted_count"), row.get("line_count"));
        taken.ids.push(row.get("silver_batch_id"));
        taken.events += i64::from(events);
        taken.lines += i64::from(lines);
        // An event without lines is work too.
        if taken.lines.max(taken.events) >= max_lines {
            break;
        }
    }
    Ok(taken)
}

async fn record(transaction: &Transaction<'_>, taken: &Taken) -> Result<i64, WarehouseError> {
    let doing = "recording a gold batch";
    let rows = transaction
        .query(
            sql!("gold/record_batch.sql"),
            &[&taken.ids, &taken.events, &taken.lines],
        )
        .await
        .map_err(WarehouseError::database(doing))?;
    match rows.first() {
        Some(row) if rows.len() == taken.ids.len() => Ok(row.get(0)),
        _ => Err(WarehouseError::Inconsistent(format!(
            "marked {} of {} silver batches as folded, though there is one gold writer",
            rows.len(),
            taken.ids.len()
        ))),
    }
}

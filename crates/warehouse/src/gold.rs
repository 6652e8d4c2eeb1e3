//! silver → gold: each mart is one SELECT over "the facts given". Given the facts of some silver batches it yields the
//! delta to fold in; given all facts it yields the whole mart, which verification holds against the stored one.

mod closing;
mod marts;

use crate::history;
use crate::transaction::LayeredTransaction;
use crate::{Layers, Session, WarehouseError, sql};

pub use closing::{CloseOutcome, close_days};
pub(crate) use marts::MARTS;

/// One gold writer at a time; "assaygol" in ASCII.
const LIVE_WRITER_LOCK: i64 = 0x6173_7361_7967_6f6c;
/// The same for the tables of a rebuild; "assaygnx" in ASCII.
const REBUILT_WRITER_LOCK: i64 = 0x6173_7361_7967_6e78;
/// Silver batches looked at for one gold transaction.
const MAX_SILVER_BATCHES: i64 = 512;

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
    let transaction = LayeredTransaction::begin(session, "beginning a gold transaction").await?;
    if !become_writer(&transaction).await? {
        return Ok(FoldOutcome::Standby);
    }
    let taken = next_batches(&transaction, max_lines).await?;
    if taken.ids.is_empty() {
        // Dropped, it would keep the writer's lock until its connection gets to it.
        transaction
            .roll_back("ending an idle gold transaction")
            .await?;
        return Ok(FoldOutcome::Idle);
    }
    let histories = history::settle(&transaction, &taken.ids).await?;
    tracing::debug!(
        customers = histories.customers,
        products = histories.products,
        "settled histories"
    );
    let restating_batch_id = restate(&transaction, &taken).await?;
    // What is given is joined with itself only, by hashing; what is looked up is named so in the SQL, by laterals. Left to
    // the planner, which takes a new warehouse for empty, the joins were quadratic until the first statistics came.
    transaction
        .execute("SET LOCAL enable_nestloop = off", &[], "preparing to fold")
        .await?;
    for fold in marts::FOLDS {
        transaction
            .execute(fold, &[&taken.ids], "folding marts")
            .await?;
    }
    let gold_batch_id = record(&transaction, &taken, restating_batch_id).await?;
    transaction.commit("committing a gold transaction").await?;
    Ok(FoldOutcome::Folded {
        gold_batch_id,
        silver_batches: taken.ids.len(),
        events: taken.events,
        lines: taken.lines,
    })
}

/// The advisory lock of the gold writer of these tables.
pub(crate) fn writer_lock(layers: Layers) -> i64 {
    match layers {
        Layers::Live => LIVE_WRITER_LOCK,
        Layers::Rebuilt => REBUILT_WRITER_LOCK,
    }
}

async fn become_writer(transaction: &LayeredTransaction<'_>) -> Result<bool, WarehouseError> {
    let lock = writer_lock(transaction.layers());
    let statement = "SELECT pg_try_advisory_xact_lock($1)";
    let row = transaction
        .query_one(statement, &[&lock], "becoming the gold writer")
        .await?;
    Ok(row.get(0))
}

#[derive(Default)]
struct Taken {
    ids: Vec<i64>,
    events: i64,
    lines: i64,
}

async fn next_batches(
    transaction: &LayeredTransaction<'_>,
    max_lines: i64,
) -> Result<Taken, WarehouseError> {
    let rows = transaction
        .query(
            sql!("gold/next_batches.sql"),
            &[&MAX_SILVER_BATCHES],
            "looking for silver batches",
        )
        .await?;
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

/// Notes which figures of closed days are about to change. Answers the id that the gold batch shall have, where it had to
/// be named beforehand. Batches that reach into no closed day, as nearly all do, cost one narrow query.
async fn restate(
    transaction: &LayeredTransaction<'_>,
    taken: &Taken,
) -> Result<Option<i64>, WarehouseError> {
    let late_days = sql!("gold/late_days.sql");
    let may_restate: bool = transaction
        .query_one(late_days, &[&taken.ids], "looking for late facts")
        .await?
        .get(0);
    if !may_restate {
        return Ok(None);
    }
    let doing = "noting restatements";
    let gold_batch_id: i64 = transaction
        .query_one(sql!("gold/next_gold_batch_id.sql"), &[], doing)
        .await?
        .get(0);
    for restated in marts::RESTATED {
        transaction
            .execute(
                restated.statement,
                &[&taken.ids, &gold_batch_id, &restated.mart, &restated.key],
                doing,
            )
            .await?;
    }
    Ok(Some(gold_batch_id))
}

async fn record(
    transaction: &LayeredTransaction<'_>,
    taken: &Taken,
    gold_batch_id: Option<i64>,
) -> Result<i64, WarehouseError> {
    let rows = transaction
        .query(
            sql!("gold/record_batch.sql"),
            &[&taken.ids, &taken.events, &taken.lines, &gold_batch_id],
            "recording a gold batch",
        )
        .await?;
    match rows.first() {
        Some(row) if rows.len() == taken.ids.len() => Ok(row.get(0)),
        _ => Err(WarehouseError::Inconsistent(format!(
            "marked {} of {} silver batches as folded, though there is one gold writer",
            rows.len(),
            taken.ids.len()
        ))),
    }
}

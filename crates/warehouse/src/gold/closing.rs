//! What becomes of days that are over: their figures count as published from some time on, and go into the sums of all
//! time.

use crate::gold::become_writer;
use crate::transaction::LayeredTransaction;
use crate::{Layers, Session, WarehouseError, sql};

/// Days closed at once to each side of those that are closed: bounds the transaction after a long history came in.
const MAX_DAYS: i64 = 1_000;

/// Days summed up at once: some 20,000 cells of a shop with 2,000 products and 10 currencies each.
const MAX_DAYS_SUMMED_UP: i32 = 31;

/// What an attempt to close days did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseOutcome {
    /// Another transformer is the gold writer at this moment.
    Standby,
    /// So many days were closed; 0 when none is due, or when not all that is known is in gold yet.
    Closed {
        /// Days closed.
        days: u64,
        /// Whether days may be left that are due.
        is_more_due: bool,
    },
}

/// Closes the days that ended more than a day ago, if everything that is known of them is in gold; and adds days that are
/// over to the sums of all time. Costs a few reads of narrow tables when no day is due.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn close_days(session: &mut Session) -> Result<CloseOutcome, WarehouseError> {
    if session.layers() == Layers::Rebuilt {
        // What nobody has seen yet cannot be restated.
        return Ok(CloseOutcome::Closed {
            days: 0,
            is_more_due: false,
        });
    }
    let doing = "closing days";
    let transaction = LayeredTransaction::begin(session, doing).await?;
    // A day must not be closed while a fold that reaches into it has found it open.
    if !become_writer(&transaction).await? {
        return Ok(CloseOutcome::Standby);
    }
    let days = transaction
        .execute(sql!("gold/close_days.sql"), &[&MAX_DAYS], doing)
        .await?;
    let summed_up = transaction
        .execute(
            sql!("gold/sum_up_days.sql"),
            &[&MAX_DAYS_SUMMED_UP],
            "summing up days",
        )
        .await?;
    transaction.commit(doing).await?;
    Ok(CloseOutcome::Closed {
        days,
        is_more_due: days > 0 || summed_up > 0,
    })
}

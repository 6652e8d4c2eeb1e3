//! Closing days: from then on the figures of a day count as published, and what changes them is noted.

use crate::gold::become_writer;
use crate::transaction::LayeredTransaction;
use crate::{Layers, Session, WarehouseError, sql};

/// Days closed at once to each side of those that are closed: bounds the transaction after a long history came in.
const MAX_DAYS: i64 = 1_000;

/// What an attempt to close days did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseOutcome {
    /// Another transformer is the gold writer at this moment.
    Standby,
    /// So many days were closed; 0 when none is due, or when not all that is known is in gold yet.
    Closed(u64),
}

/// Closes the days that ended more than a day ago, if everything that is known of them is in gold. Costs a few reads of
/// narrow tables when no day is due.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn close_days(session: &mut Session) -> Result<CloseOutcome, WarehouseError> {
    if session.layers() == Layers::Rebuilt {
        // What nobody has seen yet cannot be restated.
        return Ok(CloseOutcome::Closed(0));
    }
    let doing = "closing days";
    let transaction = LayeredTransaction::begin(session, doing).await?;
    // A day must not be closed while a fold that reaches into it has found it open.
    if !become_writer(&transaction).await? {
        return Ok(CloseOutcome::Standby);
    }
    let closed = transaction
        .execute(sql!("gold/close_days.sql"), &[&MAX_DAYS], doing)
        .await?;
    transaction.commit(doing).await?;
    Ok(CloseOutcome::Closed(closed))
}

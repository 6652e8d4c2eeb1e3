//! Gives quarantined records up for good.

use warehouse::quarantine::Filter;
use warehouse::silver::{RecordPosition, SilverTransaction};
use warehouse::{Session, WarehouseError};

/// Discards the next batch of open records, noting why; answers how many, 0 when none is left.
///
/// # Errors
/// See [`WarehouseError::class`]; the call may be made again.
pub async fn discard_batch(
    session: &mut Session,
    filter: &Filter,
    note: &str,
) -> Result<u64, WarehouseError> {
    let transaction = SilverTransaction::begin(session).await?;
    let locked = transaction
        .lock_quarantined(filter, super::release::BEGINNING)
        .await?;
    if locked.is_empty() {
        return Ok(0);
    }
    let positions: Vec<RecordPosition> = locked.iter().map(|record| record.position).collect();
    transaction.discard(&positions, note).await?;
    transaction.commit().await?;
    Ok(u64::try_from(positions.len()).unwrap_or(u64::MAX))
}

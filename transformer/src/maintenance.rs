//! Keeps the warehouse from growing for ever, hourly beside the stages or by hand: partitions of bronze made ahead, days
//! of bronze dropped that are older than the retention and fully in gold, the ledger merged by hour.
//!
//! Nothing here is urgent: what others are in the way of is left to the next hour.

use std::time::Duration;

use clap::Args;
use service_kit::{Failure, Outcome, PatienceArgs, Shutdown, parse_duration};
use warehouse::retention::{
    Maintained, RetiredDay, compact_ledger, ensure_partitions, retire_next_day,
};
use warehouse::service::{first_session, settings_from_environment};
use warehouse::{DatabaseSettings, ErrorClass, Warehouse, WarehouseError};

/// How often a running transformer does maintenance, from its start on.
const INTERVAL: Duration = Duration::from_secs(3600);
/// Steps of merging the ledger in one go: bounds how long others wait for the maintenance lock. What is left over comes
/// with the next hour.
const MAX_COMPACTIONS: usize = 500;
/// The shortest retention: the day that is being written is not dropped.
const SHORTEST: Duration = Duration::from_secs(24 * 3600);

/// How long bronze is kept.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct RetentionArgs {
    /// Drop days of bronze that are wholly older than this and that silver has judged and gold folded, e.g. 30d; nothing
    /// is dropped unless it is set
    #[arg(long, env = "ASSAY_BRONZE_RETENTION", value_name = "TIME", value_parser = parse_retention)]
    pub bronze_retention: Option<Duration>,
}

/// Of `maintain`.
#[derive(Debug, Args)]
pub struct MaintainArgs {
    #[command(flatten)]
    retention: RetentionArgs,
    #[command(flatten)]
    patience: PatienceArgs,
}

fn parse_retention(text: &str) -> Result<Duration, String> {
    let keep = parse_duration(text)?;
    if keep < SHORTEST {
        return Err(format!("{text} is less than a day; write for instance 30d"));
    }
    Ok(keep)
}

/// What one round of maintenance did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Round {
    /// Partitions of bronze made ahead.
    pub partitions_made: i32,
    /// Days older than the retention: dropped, or kept and why.
    pub days: Vec<RetiredDay>,
    /// Rows that the ledger is shorter by, about.
    pub ledger_rows_merged: i64,
    /// Whether another transformer was at it, or bronze too busy, so that something is left for later.
    pub is_incomplete: bool,
}

/// Does everything that is due.
///
/// # Errors
/// See [`WarehouseError::class`]; what was done before stays done.
pub async fn maintain(
    warehouse: &Warehouse,
    retention: Option<Duration>,
    shutdown: &Shutdown,
) -> Result<Round, WarehouseError> {
    let mut round = Round::default();
    let mut session = warehouse.connect().await?;
    match ensure_partitions(&mut session).await? {
        Maintained::Done(made) => round.partitions_made = made,
        Maintained::Standby => round.is_incomplete = true,
    }
    for _ in 0..MAX_COMPACTIONS {
        if shutdown.is_requested() {
            break;
        }
        match compact_ledger(&mut session).await? {
            Maintained::Done(0) => break,
            Maintained::Done(merged) => round.ledger_rows_merged += merged,
            Maintained::Standby => {
                round.is_incomplete = true;
                break;
            }
        }
    }
    session.release();
    if let Some(keep) = retention {
        retire(warehouse, keep, shutdown, &mut round).await?;
    }
    Ok(round)
}

async fn retire(
    warehouse: &Warehouse,
    keep: Duration,
    shutdown: &Shutdown,
    round: &mut Round,
) -> Result<(), WarehouseError> {
    let mut after = None;
    while !shutdown.is_requested() {
        let mut session = warehouse.connect().await?;
        match retire_next_day(&mut session, keep, after).await {
            Ok(Maintained::Done(Some(day))) => {
                after = Some(day.day);
                round.days.push(day);
            }
            Ok(Maintained::Done(None)) => {
                session.release();
                return Ok(());
            }
            Ok(Maintained::Standby) => {
                round.is_incomplete = true;
                return Ok(());
            }
            // Ingest, a reader or a verification is in the way: they go first.
            Err(error) if error.is_conflict() => {
                tracing::info!(%error, "bronze is busy: its oldest day is dropped another time");
                round.is_incomplete = true;
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        session.release();
    }
    Ok(())
}

/// Tells of a round what people want to know of it.
fn tell(round: &Round) {
    for day in &round.days {
        match &day.kept_because {
            Some(reason) => {
                tracing::warn!(day = %day.day, reason, "a day of bronze is due and kept");
            }
            None => {
                metrics::counter!("assay_transformer_bronze_retired_records_total")
                    .increment(day.records.unsigned_abs());
                tracing::info!(
                    day = %day.day,
                    records = day.records,
                    bytes = day.bytes,
                    open_quarantine = day.open_quarantine,
                    "dropped a day of bronze"
                );
            }
        }
    }
    if round.partitions_made > 0 || round.ledger_rows_merged > 0 {
        tracing::info!(
            partitions_made = round.partitions_made,
            ledger_rows_merged = round.ledger_rows_merged,
            "maintenance"
        );
    }
}

/// Maintenance beside the stages: at the start and every hour, until shutdown.
///
/// # Errors
/// What cannot be waited out. An outage is: the stages tell of it.
pub async fn keep_maintaining(
    settings: DatabaseSettings,
    retention: RetentionArgs,
    shutdown: Shutdown,
) -> Outcome {
    let warehouse = Warehouse::new(unhurried(settings), 1)?;
    while !shutdown.is_requested() {
        match maintain(&warehouse, retention.bronze_retention, &shutdown).await {
            Ok(round) => tell(&round),
            Err(error) if error.class() == ErrorClass::Retry => {
                tracing::warn!(%error, "maintenance is put off to the next hour");
            }
            Err(error) => return Err(error.into()),
        }
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = shutdown.requested() => {}
        }
    }
    Ok(())
}

/// `transformer maintain`: one round, now.
///
/// # Errors
/// [`Failure::DataNotInOrder`] where a day is due and cannot be dropped, since something in it is not in order or not in
/// gold.
pub async fn run(args: MaintainArgs, shutdown: Shutdown) -> Outcome {
    let settings = unhurried(settings_from_environment("transformer-maintain")?);
    let warehouse = Warehouse::new(settings, 1)?;
    first_session(&warehouse, args.patience.wait_for_dependencies, &shutdown)
        .await?
        .release();
    let round = maintain(&warehouse, args.retention.bronze_retention, &shutdown).await?;
    tell(&round);
    if shutdown.is_requested() {
        return Err(Failure::Interrupted);
    }
    if round.is_incomplete {
        tracing::info!("something is left to do: others are at work there, run it again later");
    }
    let kept = round.days.iter().filter(|day| day.kept_because.is_some());
    match kept.count() {
        0 => Ok(()),
        kept => Err(Failure::DataNotInOrder(format!(
            "{kept} days of bronze are older than the retention and were kept: the log says why of each; drain the \
             pipeline with `transformer once`, or see what `transformer verify` finds"
        ))),
    }
}

/// Counting a whole day takes as long as it takes.
fn unhurried(settings: DatabaseSettings) -> DatabaseSettings {
    settings.with_statement_timeout(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retention_is_a_day_at_least() {
        assert_eq!(parse_retention("30d"), Ok(Duration::from_secs(30 * 86_400)));
        assert_eq!(parse_retention("24h"), Ok(SHORTEST));
        for wrong in ["0", "23h", "-1d", "soon", ""] {
            assert!(parse_retention(wrong).is_err(), "{wrong} was taken");
        }
    }
}

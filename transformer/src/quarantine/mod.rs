//! `transformer quarantine`: look at what was refused, release it under the rules of today, or give it up.

mod discard;
pub mod display;
mod list;
pub mod release;
mod show;

use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use clap::{Args, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use service_kit::{Backoff, Failure, Outcome, PatienceArgs, Shutdown};
use uuid::Uuid;
use warehouse::quarantine::{Filter, count};
use warehouse::service::{first_session, settings_from_environment};
use warehouse::{ErrorClass, Warehouse, WarehouseError};

use crate::registry::RegistryArgs;
pub use discard::discard_batch;

pub use release::{BEGINNING, ReleaseOrder, Released, release_batch};

/// How often a batch is tried again that others were in the way of.
const MAX_FAILURES: u32 = 20;

/// What to do with quarantined records.
#[derive(Debug, Subcommand)]
pub enum QuarantineCommand {
    /// How many records there are for which reason; or, with --rows, the records
    List(ListArgs),
    /// Everything about one record, its value decoded as far as it goes
    Show(ShowArgs),
    /// Judge open records again by the rules of today, and load those that pass
    Release(ReleaseArgs),
    /// Give open records up for good
    Discard(DiscardArgs),
}

/// Which records are meant.
#[derive(Debug, Clone, Default, Args)]
pub struct FilterArgs {
    /// Reason code, for instance unknown_schema
    #[arg(long)]
    reason: Option<String>,
    /// Quarantined at or after: 2026-01-31 or 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    from: Option<DateTime<Utc>>,
    /// Quarantined before
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    to: Option<DateTime<Utc>>,
    /// The event's id
    #[arg(long, value_name = "UUID")]
    id: Option<Uuid>,
    /// The record's place
    #[arg(long, value_name = "TOPIC/PARTITION/OFFSET", value_parser = parse_place)]
    at: Option<(String, i32, i64)>,
}

impl FilterArgs {
    fn filter(&self, state: Option<&'static str>) -> Filter {
        Filter {
            reason: self.reason.clone(),
            from: self.from,
            to: self.to,
            event_id: self.id,
            at: self.at.clone(),
            state,
        }
    }

    fn is_empty(&self) -> bool {
        self.filter(None) == Filter::default()
    }

    /// What is to change many records must say which.
    fn required(&self, all: bool) -> Result<Filter, Failure> {
        if self.is_empty() && !all {
            return Err(Failure::Usage(
                "this would act on everything that is open: say which records with --reason, --from, --to, --id or \
                 --at, or give --all"
                    .into(),
            ));
        }
        Ok(self.filter(Some("open")))
    }
}

/// In which state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StateArg {
    Open,
    Released,
    Discarded,
    All,
}

impl StateArg {
    fn name(self) -> Option<&'static str> {
        match self {
            StateArg::Open => Some("open"),
            StateArg::Released => Some("released"),
            StateArg::Discarded => Some("discarded"),
            StateArg::All => None,
        }
    }
}

/// Of `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    which: FilterArgs,
    /// Only records in this state
    #[arg(long, value_enum, default_value = "open")]
    state: StateArg,
    /// Show records instead of reasons, the newest first
    #[arg(long)]
    rows: bool,
    /// At most so many lines
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    patience: PatienceArgs,
}

/// Of `show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    #[command(flatten)]
    which: FilterArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    patience: PatienceArgs,
}

/// Of `release`.
#[derive(Debug, Args)]
pub struct ReleaseArgs {
    #[command(flatten)]
    which: FilterArgs,
    /// Everything that is open
    #[arg(long, conflicts_with_all = ["reason", "from", "to", "id", "at"])]
    all: bool,
    /// Judge and try to load, but keep nothing
    #[arg(long)]
    dry_run: bool,
    /// Why, for those who look later
    #[arg(long)]
    note: Option<String>,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    registry: RegistryArgs,
    #[command(flatten)]
    patience: PatienceArgs,
}

/// Of `discard`.
#[derive(Debug, Args)]
pub struct DiscardArgs {
    #[command(flatten)]
    which: FilterArgs,
    /// Everything that is open
    #[arg(long, conflicts_with_all = ["reason", "from", "to", "id", "at"])]
    all: bool,
    /// Why they are given up
    #[arg(long, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    note: String,
    #[command(flatten)]
    patience: PatienceArgs,
}

/// Runs one of the commands.
///
/// # Errors
/// [`Failure::Usage`] where no record is named, [`Failure::DataNotInOrder`] where one that was named does not exist.
pub async fn run(command: QuarantineCommand, shutdown: Shutdown) -> Outcome {
    match command {
        QuarantineCommand::List(args) => {
            let warehouse = open(&args.patience, &shutdown).await?;
            list::run(&warehouse, &args).await
        }
        QuarantineCommand::Show(args) => {
            if args.which.id.is_none() && args.which.at.is_none() {
                return Err(Failure::Usage("say which record: --id or --at".into()));
            }
            let warehouse = open(&args.patience, &shutdown).await?;
            show::run(&warehouse, &args).await
        }
        QuarantineCommand::Release(args) => {
            let filter = args.which.required(args.all)?;
            let warehouse = open(&args.patience, &shutdown).await?;
            run_release(&warehouse, filter, args, &shutdown).await
        }
        QuarantineCommand::Discard(args) => {
            let filter = args.which.required(args.all)?;
            let warehouse = open(&args.patience, &shutdown).await?;
            run_discard(&warehouse, filter, &args.note, &shutdown).await
        }
    }
}

async fn open(patience: &PatienceArgs, shutdown: &Shutdown) -> Result<Warehouse, Failure> {
    let settings = settings_from_environment("transformer-quarantine")?;
    let warehouse = Warehouse::new(settings, 1)?;
    first_session(&warehouse, patience.wait_for_dependencies, shutdown)
        .await?
        .release();
    Ok(warehouse)
}

async fn run_release(
    warehouse: &Warehouse,
    filter: Filter,
    args: ReleaseArgs,
    shutdown: &Shutdown,
) -> Outcome {
    let bar = progress_bar(warehouse, &filter, "judged again").await?;
    let order = ReleaseOrder {
        filter,
        note: args.note,
        dry_run: args.dry_run,
        judge: args.registry.judge()?,
    };
    let mut sum = Released::default();
    let mut after = BEGINNING;
    while !shutdown.is_requested() {
        let batch = patiently(|| async {
            let mut session = warehouse.connect().await?;
            let batch = release_batch(&mut session, &order, after).await?;
            session.release();
            Ok(batch)
        })
        .await?;
        let Some(batch) = batch else { break };
        sum.add(batch.outcome);
        after = batch.last;
        bar.set_position(sum.records());
    }
    bar.finish_and_clear();
    list::print_release(&sum, args.dry_run, args.json)?;
    stopped_early(shutdown)
}

async fn run_discard(
    warehouse: &Warehouse,
    filter: Filter,
    note: &str,
    shutdown: &Shutdown,
) -> Outcome {
    let bar = progress_bar(warehouse, &filter, "discarded").await?;
    let mut sum = 0;
    while !shutdown.is_requested() {
        let discarded = patiently(|| async {
            let mut session = warehouse.connect().await?;
            let discarded = discard_batch(&mut session, &filter, note).await?;
            session.release();
            Ok(discarded)
        })
        .await?;
        if discarded == 0 {
            break;
        }
        sum += discarded;
        bar.set_position(sum);
    }
    bar.finish_and_clear();
    list::print(&format!("{sum} records discarded\n"));
    stopped_early(shutdown)
}

fn stopped_early(shutdown: &Shutdown) -> Outcome {
    if shutdown.is_requested() {
        return Err(Failure::Interrupted);
    }
    Ok(())
}

/// Tries a transaction again that others were in the way of.
async fn patiently<T, Fut>(mut step: impl FnMut() -> Fut) -> Result<T, Failure>
where
    Fut: Future<Output = Result<T, WarehouseError>>,
{
    let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(2));
    let mut failures = 0;
    loop {
        match step().await {
            Ok(value) => return Ok(value),
            Err(error) if error.class() == ErrorClass::Retry && failures < MAX_FAILURES => {
                failures += 1;
                tracing::warn!(%error, "trying again");
                tokio::time::sleep(backoff.next_delay()).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// On stderr, if that is a terminal.
async fn progress_bar(
    warehouse: &Warehouse,
    filter: &Filter,
    what: &'static str,
) -> Result<ProgressBar, Failure> {
    let session = warehouse.connect().await?;
    let records = count(&session, filter).await?;
    session.release();
    let target = ProgressDrawTarget::stderr_with_hz(5);
    let bar = ProgressBar::with_draw_target(u64::try_from(records).ok(), target);
    let template = "{bar:40} {human_pos}/{human_len} {msg}  {per_sec}  {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(what);
    Ok(bar)
}

fn parse_time(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(day.and_time(chrono::NaiveTime::MIN).and_utc());
    }
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .map_err(|error| format!("{error}; write 2026-01-31 or 2026-01-31T12:00:00Z"))
}

fn parse_place(text: &str) -> Result<(String, i32, i64), String> {
    let mut parts = text.rsplitn(3, '/');
    let place = (|| {
        let offset = parts.next()?.parse().ok()?;
        let partition = parts.next()?.parse().ok()?;
        let topic = parts.next().filter(|topic| !topic.is_empty())?;
        Some((topic.to_owned(), partition, offset))
    })();
    place.ok_or_else(|| "write it as topic/partition/offset, for instance orders/3/1712".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_times_in_their_usual_forms() {
        assert_eq!(parse_place("orders/3/1712"), Ok(("orders".into(), 3, 1712)));
        for wrong in ["", "orders", "orders/3", "/3/4", "orders/x/4", "orders/3/"] {
            assert!(parse_place(wrong).is_err(), "{wrong} was taken");
        }
        let noon = parse_time("2026-01-31T12:00:00+01:00").unwrap();
        assert_eq!(noon.to_rfc3339(), "2026-01-31T11:00:00+00:00");
        assert_eq!(
            parse_time("2026-01-31").unwrap().to_rfc3339(),
            "2026-01-31T00:00:00+00:00"
        );
        assert!(parse_time("yesterday").is_err());
    }

    #[test]
    fn acting_on_everything_must_be_said() {
        let nothing = FilterArgs::default();
        assert!(matches!(nothing.required(false), Err(Failure::Usage(_))));
        assert!(nothing.required(true).is_ok());
        let some = FilterArgs {
            reason: Some("tombstone".into()),
            ..FilterArgs::default()
        };
        assert_eq!(some.required(false).unwrap().state, Some("open"));
    }
}

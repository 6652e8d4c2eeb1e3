//! `transformer rebuild`: silver and gold once more from bronze, beside the live ones, with the ordinary stages.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use service_kit::{Failure, Outcome, PatienceArgs, Shutdown};
use tokio::task::JoinSet;
use warehouse::rebuild::{Difference, HeldRebuild, Rebuild, Verdicts};
use warehouse::service::{first_session, settings_from_environment};
use warehouse::silver::MAX_LOAD_EVENTS;
use warehouse::{DatabaseSettings, Layers, Warehouse};

use crate::gold::GoldStage;
use crate::judging::EventJudge;
use crate::registry::RegistryArgs;
use crate::silver::{LoadBudget, SilverStage};
use crate::stage::{Stage, Step};

/// Bytes of payload of one load: fewer and larger loads than the live path's, since nobody waits for one.
const LOAD_BYTES: usize = 64 * 1024 * 1024;
/// How long live gold may take to fold what is left, once silver is held.
const PATIENCE_WITH_GOLD: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Needs to connect as the owner of the warehouse, as `migrate` does. Ingest into bronze goes on all the while; silver and
/// gold go on too, except during the comparison.
#[derive(Debug, Args)]
pub(crate) struct RebuildArgs {
    /// Put the rebuilt tables in the place of the live ones, whatever differs; figures of closed days that change are
    /// recorded in ops.restatements
    #[arg(long)]
    swap: bool,
    /// Print so many differing figures at most
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    show: u32,
    /// Silver workers of the rebuild
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=32))]
    silver_workers: u8,
    #[command(flatten)]
    registry: RegistryArgs,
    #[command(flatten)]
    patience: PatienceArgs,
}

/// What the comparison found.
pub(crate) struct Comparison {
    live: Verdicts,
    rebuilt: Verdicts,
    total: i64,
    shown: Vec<Difference>,
}

/// A rebuild to be done.
pub(crate) struct RebuildOrder {
    /// Of the owner of the warehouse.
    pub(crate) owner: DatabaseSettings,
    /// The run that was asked for; none where a person calls the command.
    pub(crate) run_id: Option<i64>,
    pub(crate) judge: EventJudge,
    pub(crate) silver_workers: u8,
    pub(crate) swap: bool,
    /// So many differing figures are kept at most.
    pub(crate) show: u32,
    /// How long to wait for PostgreSQL at the beginning.
    pub(crate) patience: Duration,
}

/// Runs the command.
pub(crate) async fn run(args: RebuildArgs, service: &str, shutdown: Shutdown) -> Outcome {
    let order = RebuildOrder {
        owner: settings_from_environment(service)?,
        run_id: None,
        judge: args.registry.judge()?,
        silver_workers: args.silver_workers,
        swap: args.swap,
        show: args.show,
        patience: args.patience.wait_for_dependencies,
    };
    let comparison = carry_out(&order, &shutdown).await?;
    report(&comparison, args.swap).map_err(|error| Failure::Internal(error.into()))?;
    conclude(&comparison, args.swap)
}

/// Derives everything anew, compares, swaps where that is ordered, and records the run.
///
/// # Errors
/// What a rebuild cannot begin or go on with; figures that differ are none.
pub(crate) async fn carry_out(
    order: &RebuildOrder,
    shutdown: &Shutdown,
) -> Result<Comparison, Failure> {
    let settings = order.owner.clone().with_statement_timeout(Duration::ZERO);
    let control = Warehouse::new(settings.clone(), 1)?;
    let workers = usize::from(order.silver_workers);
    let work = Warehouse::new(settings.for_hot_path(), workers + 2)?;
    let session = first_session(&control, order.patience, shutdown).await?;
    let mut rebuild = Rebuild::begin(session, order.run_id).await?;
    match derive_and_compare(&mut rebuild, &work, order, shutdown).await {
        Ok(comparison) => {
            let words = in_one_line(&comparison, order.swap);
            rebuild
                .end(Ok((comparison.rebuilt.records, &words)))
                .await?;
            Ok(comparison)
        }
        Err(failure) => {
            // What ended the rebuild is what its user needs to hear, not that recording it failed too.
            let _ = rebuild.end(Err(&failure.to_string())).await;
            Err(failure)
        }
    }
}

async fn derive_and_compare(
    rebuild: &mut Rebuild,
    work: &Warehouse,
    order: &RebuildOrder,
    shutdown: &Shutdown,
) -> Result<Comparison, Failure> {
    let stages = Stages {
        warehouse: work.clone().on(Layers::Rebuilt),
        silver_workers: order.silver_workers,
        judge: order.judge.clone(),
    };
    let bar = progress_bar();
    let drained = stages.drain(shutdown);
    tokio::pin!(drained);
    loop {
        tokio::select! {
            outcome = &mut drained => break outcome?,
            () = tokio::time::sleep(Duration::from_millis(200)) => {
                let (live, rebuilt) = rebuild.progress().await?;
                bar.set_length(live.unsigned_abs());
                bar.set_position(rebuilt.unsigned_abs());
            }
        }
    }
    bar.finish_and_clear();
    // Little is left, so live silver is held for as long as that and the comparison take.
    let held = rebuild.hold().await?;
    stages.drain(shutdown).await?;
    let live_gold = GoldStage::new(work.clone());
    wait_for_live_gold(&held, live_gold).await?;
    held.hold_gold().await?;
    let (live, rebuilt) = held.verdicts().await?;
    let (total, shown) = held.differences(i64::from(order.show)).await?;
    if order.swap {
        held.swap().await?;
    }
    Ok(Comparison {
        live,
        rebuilt,
        total,
        shown,
    })
}

/// Live gold folds what live silver has loaded; where no transformer runs that would do it, this one does.
async fn wait_for_live_gold(held: &HeldRebuild<'_>, mut gold: GoldStage) -> Outcome {
    let began = tokio::time::Instant::now();
    while held.unfolded_batches().await? > 0 {
        if gold.step().await? == Step::Idle {
            if began.elapsed() > PATIENCE_WITH_GOLD {
                return Err(Failure::Unreachable(
                    "live gold does not come to an end: see what the transformer that holds it is doing, then try again"
                        .into(),
                ));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
    Ok(())
}

/// The ordinary stages, on the tables beside.
struct Stages {
    warehouse: Warehouse,
    silver_workers: u8,
    judge: EventJudge,
}

impl Stages {
    /// Works off what is there: silver by several workers, gold behind them.
    async fn drain(&self, shutdown: &Shutdown) -> Outcome {
        let budget = LoadBudget {
            max_records: MAX_LOAD_EVENTS,
            max_bytes: LOAD_BYTES,
        };
        let mut workers = JoinSet::new();
        for _ in 0..self.silver_workers {
            let stage = SilverStage::new(self.warehouse.clone(), budget, self.judge.clone());
            workers.spawn(crate::cli::drain(stage, shutdown.clone()));
        }
        let mut gold = GoldStage::new(self.warehouse.clone());
        loop {
            let is_silver_done = match workers.try_join_next() {
                Some(ended) => {
                    ended.map_err(|error| Failure::Internal(error.into()))??;
                    false
                }
                None => workers.is_empty(),
            };
            if shutdown.is_requested() {
                return Err(Failure::Interrupted);
            }
            if gold.step().await? == Step::Idle {
                if is_silver_done {
                    return Ok(());
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        }
    }
}

fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(
        "rebuilding {wide_bar} {human_pos} of {human_len} records, {per_sec}, {eta} to go",
    );
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn in_one_line(comparison: &Comparison, is_swapped: bool) -> String {
    let differing = match comparison.total {
        0 => "no figure differs".to_owned(),
        1 => "1 figure differs".to_owned(),
        several => format!("{several} figures differ"),
    };
    let end = if is_swapped {
        "the rebuilt tables are live"
    } else {
        "the live tables are as they were"
    };
    format!("{differing}; {end}")
}

fn report(comparison: &Comparison, is_swapped: bool) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<12} {:>14} {:>14}", "silver", "live", "rebuilt")?;
    let (live, rebuilt) = (comparison.live, comparison.rebuilt);
    for (what, live, rebuilt) in [
        ("records", live.records, rebuilt.records),
        ("accepted", live.accepted, rebuilt.accepted),
        ("duplicate", live.duplicates, rebuilt.duplicates),
        ("quarantined", live.quarantined, rebuilt.quarantined),
    ] {
        writeln!(out, "{what:<12} {live:>14} {rebuilt:>14}")?;
    }
    writeln!(out)?;
    for difference in &comparison.shown {
        let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "no row".into());
        writeln!(
            out,
            "gold.{} {} {}: {} → {}",
            difference.mart,
            difference.cell,
            difference.figure,
            side(&difference.live),
            side(&difference.rebuilt)
        )?;
    }
    let unshown = comparison.total - i64::try_from(comparison.shown.len()).unwrap_or(0);
    if unshown > 0 {
        writeln!(out, "… and {unshown} more (--show prints more)")?;
    }
    writeln!(out, "gold: {}", in_one_line(comparison, is_swapped))
}

fn conclude(comparison: &Comparison, is_swapped: bool) -> Outcome {
    if comparison.total == 0 || is_swapped {
        return Ok(());
    }
    Err(Failure::DataNotInOrder(
        "the live marts are not what bronze gives under the present rules: `transformer rebuild --swap` makes them so"
            .into(),
    ))
}

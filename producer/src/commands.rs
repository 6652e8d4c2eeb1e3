//! What the subcommands do: turns flags into settings, runs, and writes down the outcome.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use chrono::{SubsecRound, Utc};
use event_contract::truth::Truth;
use service_kit::{Failure, HttpArgs, Outcome, Readiness, Shutdown, endpoint};
use tempfile::NamedTempFile;

use crate::cli::{Cli, Command, RunArgs, TruthArgs};
use crate::disturb::{Disturbances, Disturber};
use crate::outlet::Outlet;
use crate::progress::Progress;
use crate::publish::PublishSettings;
use crate::run::{Rates, Report, Run};
use crate::shop::{Shop, ShopSettings};
use crate::source::{Backfill, EventClock, Limits, SIMULATED_EVENTS_PER_SECOND, Source};
use crate::truth_ledger::{Receipts, Tally};
use crate::truth_report;

/// Does what the command line says.
///
/// # Errors
/// The failure to end the process with.
pub async fn execute(cli: Cli, shutdown: Shutdown) -> Outcome {
    match cli.command {
        Command::Run(args) => run(*args, shutdown).await,
        Command::Import(args) => crate::import::command::import(args, shutdown).await,
        Command::Truth(args) => show_truth(&args),
        Command::Healthcheck(http) => healthcheck(&http).await,
        Command::Completions { shell } => {
            service_kit::print_completions::<Cli>(shell);
            Ok(())
        }
    }
}

async fn run(args: RunArgs, shutdown: Shutdown) -> Outcome {
    let readiness = Readiness::new();
    // The endpoint outlives the run, so that nobody sees a healthy producer refuse the connection while it flushes.
    let endpoint_shutdown = Shutdown::new();
    let metrics = endpoint::install_metrics();
    let http = args.http.clone();
    let mut serving = tokio::spawn({
        let (readiness, shutdown) = (readiness.clone(), endpoint_shutdown.clone());
        async move { endpoint::serve(&http, metrics, readiness, shutdown).await }
    });
    let mut publishing = tokio::task::spawn_blocking({
        let shutdown = shutdown.clone();
        move || publish(&args, &readiness, &shutdown)
    });
    tokio::select! {
        outcome = &mut publishing => {
            endpoint_shutdown.request();
            flatten(outcome)
        }
        // By itself the endpoint ends only where it cannot be served: its address is wrong or taken.
        outcome = &mut serving => {
            shutdown.request();
            flatten(publishing.await)?;
            flatten(outcome)
        }
    }
}

pub(crate) fn flatten(outcome: Result<Outcome, tokio::task::JoinError>) -> Outcome {
    outcome.unwrap_or_else(|error| Err(Failure::Internal(anyhow!("stopped unexpectedly: {error}"))))
}

/// The run itself; blocks.
fn publish(args: &RunArgs, readiness: &Readiness, shutdown: &Shutdown) -> Outcome {
    let truth_file = args
        .output
        .truth
        .as_deref()
        .map(TruthFile::create)
        .transpose()?;
    let (source, disturber) = plan(args)?;
    let (receipts, tally) = match truth_file {
        Some(_) => (Receipts::default(), Tally::default()),
        None => (Receipts::without_digest(), Tally::counts_only()),
    };
    let outlet = match open_outlet(args, receipts, shutdown) {
        // Nothing was sent yet, so there is nothing to finish.
        Err(Failure::Interrupted) => return Ok(()),
        opened => opened?,
    };
    readiness.ready();
    tracing::info!(topic = outlet.topic(), seed = args.shop.seed, "publishing");

    let run = Run {
        source,
        disturber,
        outlet,
        tally,
        rates: rates(args),
        seed: args.shop.seed,
    };
    let mut progress = Progress::new(expected_events(args));
    let report = run.to_the_end(&mut progress, shutdown)?;
    conclude(report, truth_file, args.output.json)
}

fn open_outlet(args: &RunArgs, receipts: Receipts, shutdown: &Shutdown) -> Result<Outlet, Failure> {
    if args.output.dry_run {
        return Ok(Outlet::Nowhere {
            topic: args.kafka.topic.clone(),
            receipts: Box::new(receipts),
        });
    }
    let settings = PublishSettings {
        kafka: args.kafka.clone(),
        compression: args.topic.compression,
        partitions: args.topic.partitions,
        patience: args.patience.wait_for_dependencies,
    };
    settings.connect(receipts, shutdown).map(Outlet::Kafka)
}

/// The events of a command line, and what happens to them on the way.
fn plan(args: &RunArgs) -> Result<(Source, Disturber), Failure> {
    let start = args.extent.start.unwrap_or_else(Utc::now).trunc_subsecs(6);
    if start > Utc::now() + chrono::Duration::hours(24) {
        tracing::warn!(%start, "the start is more than a day ahead: the pipeline will quarantine its events as ts_future");
    }
    let shop = Shop::new(ShopSettings {
        seed: args.shop.seed,
        start,
        customers: args.shop.customers,
        products: args.shop.products,
        categories: usize::from(args.shop.categories),
        lines_mean: args.shop.lines_mean,
        orders_only: args.shop.orders_only,
    })
    .map_err(|error| Failure::Usage(error.to_string()))?;
    let disturbances = Disturbances {
        late_percent: args.disturbances.late_pct,
        duplicate_percent: args.disturbances.duplicate_pct,
        bad_percent: args.disturbances.bad_pct,
        bad_mix: args.disturbances.bad_mix.clone(),
    };
    let disturber = Disturber::for_shop(&shop, &disturbances);

    let clock = if args.extent.start.is_some() {
        EventClock::Simulated {
            start,
            per_second: args.extent.rate.unwrap_or(SIMULATED_EVENTS_PER_SECOND),
        }
    } else {
        EventClock::Wall
    };
    let limits = Limits {
        count: args.extent.count,
        live_duration: args.extent.duration,
    };
    let source = Source::new(shop, backfill(args)?, clock, limits)
        .map_err(|error| Failure::Usage(format!("--backfill: {error}")))?;
    Ok((source, disturber))
}

fn backfill(args: &RunArgs) -> Result<Option<Backfill>, Failure> {
    let Some(length) = args.extent.backfill else {
        return Ok(None);
    };
    let length = chrono::Duration::from_std(length)
        .map_err(|error| Failure::Usage(format!("--backfill: {error}: choose a shorter past")))?;
    Ok(Some(Backfill {
        length,
        events: args.extent.count.unwrap_or(args.extent.backfill_events),
    }))
}

/// Where the count ends the run inside the past, there is nothing but the past that the rate could be meant for.
fn rates(args: &RunArgs) -> Rates {
    Rates {
        past: args.extent.rate.filter(|_| args.extent.count.is_some()),
        live: args.extent.rate,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive, and only the length of a progress bar"
)]
fn expected_events(args: &RunArgs) -> Option<u64> {
    let extent = &args.extent;
    if extent.count.is_some() {
        return extent.count;
    }
    let live = extent.duration?.as_secs_f64() * extent.rate?;
    let past = extent.backfill.map_or(0, |_| extent.backfill_events);
    Some(past + live as u64)
}

fn conclude(report: Report, truth_file: Option<TruthFile>, as_json: bool) -> Outcome {
    if let Some(file) = truth_file {
        let path = file.seal(report.truth)?;
        tracing::info!(file = %path.display(), "sealed the truth");
    }
    let text = if as_json {
        serde_json::to_string(&report.summary).context("cannot write the summary as JSON")?
    } else {
        report.summary.to_string()
    };
    print(&text)?;
    report.failure.map_or(Ok(()), Err)
}

pub(crate) fn print(text: &str) -> Outcome {
    match writeln!(std::io::stdout().lock(), "{text}") {
        // Somebody who reads only the first lines, as in `… | head`, is no failure.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::Internal(
            anyhow!("cannot write to stdout: {error}"),
        )),
        _ => Ok(()),
    }
}

/// The truth file to be: made at the start, so that a wrong path is found before anything is sent, and put in its place
/// at the end, so that there is never half a truth.
pub(crate) struct TruthFile {
    draft: NamedTempFile,
    path: PathBuf,
}

impl TruthFile {
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let wrong = |reason: String| {
            Failure::Configuration(format!(
                "cannot write the truth file {}: {reason}: choose a file in a directory that exists and is yours",
                path.display()
            ))
        };
        if path.is_dir() {
            return Err(wrong("it is a directory".to_owned()));
        }
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let draft = tempfile::Builder::new()
            .prefix(".truth-")
            .permissions(std::fs::Permissions::from_mode(0o644))
            .tempfile_in(directory)
            .map_err(|error| wrong(error.to_string()))?;
        Ok(TruthFile {
            draft,
            path: path.to_owned(),
        })
    }

    /// Seals the truth, and returns where it is.
    pub(crate) fn seal(mut self, truth: Truth) -> Result<PathBuf, Failure> {
        let sealed = truth.to_sealed_json().context("cannot seal the truth")?;
        let failed = || {
            format!(
                "cannot write the truth file {}: is the disk full?",
                self.path.display()
            )
        };
        self.draft
            .write_all(sealed.as_bytes())
            .and_then(|()| self.draft.as_file().sync_all())
            .with_context(failed)?;
        self.draft.persist(&self.path).with_context(failed)?;
        Ok(self.path)
    }
}

fn show_truth(args: &TruthArgs) -> Outcome {
    let file = args.file.display();
    let text = std::fs::read_to_string(&args.file).map_err(|error| {
        Failure::Configuration(format!(
            "cannot read {file}: {error}: name a file that `producer run --truth` wrote"
        ))
    })?;
    let truth = Truth::from_sealed_json(&text)
        .map_err(|error| Failure::DataNotInOrder(format!("{file}: {error}")))?;
    print(&truth_report::table(&truth))
}

async fn healthcheck(http: &HttpArgs) -> Outcome {
    let Some(address) = http.http_addr else {
        return Err(Failure::Usage(
            "no address to ask: give --http-addr, or set ASSAY_HTTP_ADDR as for `producer run`"
                .to_owned(),
        ));
    };
    service_kit::healthcheck(address).await
}

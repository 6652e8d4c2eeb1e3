//! What the subcommands do: turns flags into settings, runs, and writes down the outcome.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use chrono::Utc;
use event_contract::truth::Truth;
use service_kit::{Failure, HttpArgs, Outcome, Readiness, Shutdown, endpoint};
use tempfile::NamedTempFile;

use crate::cli::{Cli, Command, RunArgs, TruthArgs};
use crate::outlet::Outlet;
use crate::plan;
use crate::progress::Progress;
use crate::publish::PublishSettings;
use crate::run::{Report, Run};
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
    let plan = plan::plan(args, Utc::now())?;
    for warning in &plan.warnings {
        tracing::warn!("{warning}");
    }
    let (receipts, tally) = match truth_file {
        Some(_) => (Receipts::default(), Tally::of_shop(plan.lateness)),
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
        source: plan.source,
        disturber: plan.disturber,
        outlet,
        tally,
        rates: plan.rates,
        seed: args.shop.seed,
    };
    let mut progress = Progress::new(plan.expected_events);
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

//! `make bench`: how fast the pipeline is on this machine, against what PostgreSQL can do at most on this machine.
//!
//! Machines are noisy, so each figure that is a ratio has both of its sides measured in the same run.

mod api;
mod copy_limit;
mod end_to_end;
mod generator;
mod import;
mod ingest;
mod latency;
mod marts;
mod rebuild;
mod room;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use local_stack::{DataPolicy, Progress, Stack, StackOptions};
use serde::Serialize;

/// Measures throughput, latency and memory of the pipeline.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    /// What to measure; everything but the marts without
    #[command(subcommand)]
    only: Option<Only>,
    /// Events of the generator's runs
    #[arg(long, default_value_t = 2_000_000, global = true)]
    generator_events: u64,
    /// Rows of the file that is imported
    #[arg(long, default_value_t = 1_000_000, global = true)]
    import_rows: u64,
    /// Events of the preloaded topic for bronze_vs_copy
    #[arg(long, default_value_t = 2_000_000)]
    ingest_events: u64,
    /// Events of the end-to-end run
    #[arg(long, default_value_t = 1_000_000)]
    end_to_end_events: u64,
    /// Seconds of the latency run
    #[arg(long, default_value_t = 40)]
    latency_seconds: u64,
    /// Events a second of the latency run
    #[arg(long, default_value_t = 5_000)]
    latency_rate: u64,
    /// Seconds of each load of the console; it is measured twice
    #[arg(long, default_value_t = 10)]
    api_seconds: u64,
    /// Show which statements PostgreSQL spends its time on; costs some of the speed
    #[arg(long)]
    statements: bool,
    /// Where the figures go
    #[arg(long, default_value = "target/bench/bench.json")]
    output: PathBuf,
}

/// A part of the measurements.
#[derive(Debug, Clone, Subcommand)]
enum Only {
    /// How fast the marts answer a dashboard's queries
    Marts {
        /// Order lines placed, over a year
        #[arg(long, default_value_t = 5_000_000)]
        lines: u64,
        /// Where the figures go
        #[arg(long, default_value = "target/bench/marts.json")]
        output: PathBuf,
    },
    /// The mock shop: generating, generating and encoding, publishing to Kafka
    Generator {
        /// Without publishing, so that no Kafka is needed
        #[arg(long)]
        alone: bool,
    },
    /// Importing a file of real sales
    Import,
}

/// One measured figure and what is asked of it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figure {
    name: &'static str,
    value: f64,
    unit: &'static str,
    target: Option<Target>,
    is_met: bool,
}

/// What is asked of a figure.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

impl Figure {
    pub(crate) fn new(
        name: &'static str,
        value: f64,
        unit: &'static str,
        target: Option<Target>,
    ) -> Figure {
        let is_met = match target {
            Some(Target::AtLeast(bound)) => value >= bound,
            Some(Target::AtMost(bound)) => value <= bound,
            None => true,
        };
        Figure {
            name,
            value,
            unit,
            target,
            is_met,
        }
    }
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<()> {
    let figures = measure(cli)?;
    let output = match &cli.only {
        Some(Only::Marts { output, .. }) => output,
        _ => &cli.output,
    };
    report(&figures, output)
}

fn measure(cli: &Cli) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    // First, while nothing else runs.
    if cli.generator_events > 0 && matches!(cli.only, None | Some(Only::Generator { .. })) {
        figures.extend(generator::measure_alone(cli.generator_events)?);
    }
    if let Some(Only::Generator { alone: true }) = cli.only {
        return Ok(figures);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?;
    let mut options = StackOptions::named("bench");
    options.data = DataPolicy::Discard;
    options.progress = Progress::Stderr;
    if cli.statements {
        let library = (
            "shared_preload_libraries".to_owned(),
            "pg_stat_statements".to_owned(),
        );
        options.postgres_settings.push(library);
    }
    let stack = Stack::start(options)?;
    if let Some(Only::Marts { lines, .. }) = cli.only {
        return runtime.block_on(marts::measure(&stack, lines));
    }
    if let Some(Only::Import) = cli.only {
        return import::measure(&stack, cli.import_rows);
    }
    if cli.generator_events > 0 {
        let published = generator::measure_published(&stack, cli.generator_events)?;
        figures.extend(published);
    }
    if cli.only.is_some() {
        return Ok(figures);
    }
    if cli.import_rows > 0 {
        figures.extend(import::measure(&stack, cli.import_rows)?);
    }
    if cli.ingest_events > 0 {
        figures.extend(runtime.block_on(ingest::measure(&stack, cli.ingest_events))?);
    }
    if cli.end_to_end_events > 0 {
        figures.extend(runtime.block_on(end_to_end::measure(
            &stack,
            cli.end_to_end_events,
            cli.statements,
        ))?);
    }
    if cli.latency_seconds > 0 {
        let (rate, seconds) = (cli.latency_rate, cli.latency_seconds);
        figures.extend(runtime.block_on(latency::measure(
            &stack,
            rate,
            seconds,
            cli.statements,
        ))?);
    }
    if cli.api_seconds > 0 {
        figures.extend(runtime.block_on(api::measure(&stack, cli.api_seconds))?);
    }
    Ok(figures)
}

fn report(figures: &[Figure], output: &Path) -> Result<()> {
    print_table(figures);
    if let Some(directory) = output.parent() {
        std::fs::create_dir_all(directory)?;
    }
    std::fs::write(output, serde_json::to_string_pretty(figures)?)
        .with_context(|| format!("writing {}", output.display()))?;
    println!("\nwritten to {}", output.display());
    Ok(())
}

fn print_table(figures: &[Figure]) {
    println!(
        "\n{:<38} {:>14}  {:<9} {:>12}",
        "figure", "measured", "unit", "asked"
    );
    for figure in figures {
        let asked = match figure.target {
            Some(Target::AtLeast(bound)) => format!("≥ {bound}"),
            Some(Target::AtMost(bound)) => format!("≤ {bound}"),
            None => String::new(),
        };
        let mark = match (figure.target, figure.is_met) {
            (None, _) => "",
            (_, true) => "✔",
            (_, false) => "✘",
        };
        println!(
            "{:<38} {:>14.3}  {:<9} {asked:>12} {mark}",
            figure.name, figure.value, figure.unit
        );
    }
}

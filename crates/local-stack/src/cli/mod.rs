//! The command line: a thin shell around the library.

mod clean;
mod doctor;
mod down;
mod psql;
mod run;
mod signals;
mod up;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use local_stack::{Progress, Stack, StackError, StackOptions};
use thiserror::Error;
use tracing_subscriber::EnvFilter;

use signals::Signals;

const INTERRUPTED: u8 = 130;

const EXAMPLES: &str = "\
Examples:
  local-stack up                              both services, until Ctrl-C
  local-stack run -- cargo test --workspace   both services for one command
  local-stack psql --name demo                psql on the running stack `demo`
  local-stack psql -- -c 'SELECT 1'           what follows -- is for psql
  local-stack down --name demo                stop a stack that runs elsewhere
  local-stack doctor                          is everything installed?

Environment:
  DATABASE_URL              a PostgreSQL to use instead of starting one
  KAFKA_BOOTSTRAP_SERVERS   a Kafka (host:port) to use instead of starting one
  ASSAY_CACHE               where Kafka's jars are kept, default ~/.cache/assay
  ASSAY_KAFKA_JAVA_OPTIONS  options for Kafka's JVM, e.g. -Xmx1g

Exit codes:
  0 ok, 2 usage, 3 configuration, 4 a service cannot be started or reached, 130 interrupted;
  `run` exits as its command does, or with 128 + N when signal N ended it";

/// Starts a real PostgreSQL and a real Apache Kafka on this machine, without Docker.
#[derive(Debug, Parser)]
#[command(name = "local-stack", version, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start both services, print how to connect, and stop them at Ctrl-C. The data is kept.
    Up(up::UpArgs),
    /// Start both services, run a command with their addresses in its environment, and stop them. The data is
    /// discarded, unless the command fails.
    Run(run::RunArgs),
    /// Open psql on a running stack, as superuser.
    Psql(psql::PsqlArgs),
    /// Check that everything is installed that building and running needs.
    Doctor,
    /// Stop a stack that another process runs.
    Down(down::DownArgs),
    /// Remove the data and logs of stacks that do not run.
    Clean(clean::CleanArgs),
}

/// Where the stacks' state lies.
#[derive(Debug, Clone, Args)]
struct DirArgs {
    /// The directory that holds the stacks' state [default: .assay in the checkout]
    #[arg(long, env = "ASSAY_HOME", value_name = "DIRECTORY")]
    dir: Option<PathBuf>,
}

/// Which stack is to be started.
#[derive(Debug, Clone, Args)]
struct StackArgs {
    /// The stack's name: of a-z, 0-9 and -
    #[arg(long, default_value = local_stack::DEFAULT_NAME)]
    name: String,
    #[command(flatten)]
    dir: DirArgs,
}

impl StackArgs {
    fn options(&self) -> StackOptions {
        let mut options = StackOptions::named(&self.name);
        options.home.clone_from(&self.dir.dir);
        options.progress = Progress::Stderr;
        options
    }
}

/// How a command ended that did not go well.
#[derive(Debug, Error)]
enum Failure {
    /// The library says why.
    #[error("{0}")]
    Stack(#[from] StackError),
    /// A command could not be run.
    #[error("{0}")]
    Configuration(String),
    /// SIGINT or, while starting, SIGTERM.
    #[error("interrupted; what was started is being stopped")]
    Interrupted,
    /// Everything else.
    #[error("{0:#}")]
    Other(#[from] anyhow::Error),
}

impl Failure {
    fn exit_code(&self) -> u8 {
        match self {
            Failure::Stack(error) => error.exit_code(),
            Failure::Configuration(_) => 3,
            Failure::Interrupted => INTERRUPTED,
            Failure::Other(_) => 1,
        }
    }
}

/// The exit code, or why there is none better.
type Outcome = Result<u8, Failure>;

pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();

    let outcome = match cli.command {
        Command::Up(args) => with_runtime(up::up(args)),
        Command::Run(args) => with_runtime(run::run(args)),
        Command::Psql(args) => psql::psql(&args),
        Command::Doctor => doctor::doctor(),
        Command::Down(args) => down::down(&args),
        Command::Clean(args) => clean::clean(&args),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn with_runtime(command: impl Future<Output = Outcome>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)?;
    let outcome = runtime.block_on(command);
    // An interrupted start goes on in a thread that nobody can stop; the guard stops what it has started once this
    // process is gone.
    runtime.shutdown_background();
    outcome
}

/// Starts a stack, unless a signal comes first.
async fn start(options: StackOptions, signals: &mut Signals) -> Result<Stack, Failure> {
    let starting = tokio::task::spawn_blocking(|| Stack::start(options));
    tokio::select! {
        started = starting => Ok(started.map_err(anyhow::Error::from)??),
        _signal = signals.next() => Err(Failure::Interrupted),
    }
}

/// Stops a stack, unless a second signal says not to wait for that.
async fn stop(stack: Stack, signals: &mut Signals) -> Result<(), Failure> {
    let stopping = tokio::task::spawn_blocking(|| stack.stop());
    tokio::select! {
        stopped = stopping => Ok(stopped.map_err(anyhow::Error::from)??),
        _signal = signals.next() => Err(Failure::Interrupted),
    }
}

/// To stdout; a reader that has gone away is no failure.
fn print(text: &str) {
    let _reader_gone = writeln!(std::io::stdout(), "{text}");
}

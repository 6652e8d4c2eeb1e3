//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use service_kit::{
    BoxFuture, Failure, HttpArgs, Outcome, PatienceArgs, Readiness, Shutdown, endpoint,
    parse_duration, secret_from_env,
};
use warehouse::migrate::RolePassword;
use warehouse::service::{
    first_session, owner_settings_from_environment, settings_from_environment,
};
use warehouse::{DatabaseSettings, Warehouse, silver};

use crate::export::ExportArgs;
use crate::gold::GoldStage;
use crate::judging::EventJudge;
use crate::maintenance::{MaintainArgs, RetentionArgs};
use crate::quarantine::QuarantineCommand;
use crate::rebuild::RebuildArgs;
use crate::registry::RegistryArgs;
use crate::report::{VerifyOptions, verify};
use crate::runs::{Runner, drive_schedule};
use crate::schedule::Schedule;
use crate::silver::{LoadBudget, SilverStage};
use crate::stage::{Pace, Stage, Step, drive};
use crate::watch;

const SERVICE: &str = "transformer";

/// Moves events from bronze to silver and gold, exactly once, and proves it.
#[derive(Debug, Parser)]
#[command(name = "transformer", version, about, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
The database comes from DATABASE_URL, or from the file that DATABASE_URL_FILE names; never from a flag.

Examples:
  transformer migrate                     bring the warehouse to this version (as its owner)
  transformer run                         both stages, until stopped
  transformer run --schedule '0 2 * * *'  in batches instead, here every night at 02:00 UTC
  transformer once                        work off what is there, then exit
  transformer verify                      recount everything; exit code 5 when anything is off
  transformer verify --truth truth.json   … and hold it against what the producer swears to
  transformer rebuild                     derive everything anew and compare (as the warehouse's owner)
  transformer rebuild --swap              … and put it in the place of the live marts
  transformer export --mart sales_summary --to csv
  transformer quarantine list             what was refused, and why
  transformer quarantine release --reason unknown_schema --dry-run

Exit codes: 0 ok, 2 usage, 3 configuration, 4 PostgreSQL unreachable, 5 data not in order, 130 interrupted";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run both stages until stopped
    Run(RunArgs),
    /// Work off everything that bronze holds now, then exit
    Once(OnceArgs),
    /// Recount everything and hold it against the ledger; exits with 5 when anything is off
    Verify(VerifyArgs),
    /// Derive silver and gold anew from bronze beside the live ones, and print what differs; exits with 5 when anything does
    Rebuild(RebuildArgs),
    /// Carry a mart elsewhere: into a CSV or Parquet file, or a table of MySQL
    Export(ExportArgs),
    /// Look at what was refused, release it under the rules of today, or give it up
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// Drop days of bronze beyond their retention, merge the ledger's old rows; `run` does it hourly
    Maintain(MaintainArgs),
    /// Create or upgrade the warehouse; needs to connect as the owner of the database
    Migrate(MigrateArgs),
    /// Ask a running transformer on this machine whether it is alive
    Healthcheck(HttpArgs),
    /// Print a completion script for a shell
    Completions {
        /// bash, zsh, fish, elvish or powershell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Clone, Args)]
struct WorkArgs {
    /// Silver workers in this process
    #[arg(long, env = "ASSAY_SILVER_WORKERS", default_value_t = 2,
          value_parser = clap::value_parser!(u8).range(1..=32))]
    silver_workers: u8,
    /// The most records of one silver transaction
    #[arg(long, env = "ASSAY_SILVER_BATCH_MAX_ROWS", default_value_t = 10_000,
          value_parser = clap::value_parser!(u32).range(1..=65_536))]
    batch_max_rows: u32,
    /// The most payload bytes of one silver transaction
    #[arg(long, env = "ASSAY_SILVER_BATCH_MAX_BYTES", default_value_t = 16 * 1024 * 1024,
          value_parser = clap::value_parser!(u32).range(1..=268_435_456))]
    batch_max_bytes: u32,
    /// How often to look for work when no notification comes
    #[arg(long, env = "ASSAY_POLL_INTERVAL", default_value = "500ms", value_parser = parse_duration)]
    poll_interval: Duration,
    #[command(flatten)]
    registry: RegistryArgs,
}

#[derive(Debug, Args)]
struct RunArgs {
    /// Work in batches at these times instead of continuously: minute hour day month weekday, as in cron, in UTC
    #[arg(long, env = "ASSAY_SCHEDULE", value_name = "CRON")]
    schedule: Option<Schedule>,
    #[command(flatten)]
    work: WorkArgs,
    #[command(flatten)]
    retention: RetentionArgs,
    #[command(flatten)]
    http: HttpArgs,
    #[command(flatten)]
    patience: PatienceArgs,
}

#[derive(Debug, Args)]
struct OnceArgs {
    #[command(flatten)]
    work: WorkArgs,
    #[command(flatten)]
    patience: PatienceArgs,
}

#[derive(Debug, Args)]
struct VerifyArgs {
    /// A sealed truth file of `producer run --truth`; repeat it for every producer that wrote to this warehouse
    #[arg(long, value_name = "FILE")]
    truth: Vec<PathBuf>,
    /// Allow for what was sent more than once: a producer was killed, and run again with the same --seed and --start
    #[arg(long, requires = "truth")]
    allow_repeats: bool,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    patience: PatienceArgs,
}

/// Passwords come from BRONZE_WRITER_PASSWORD, TRANSFORMER_PASSWORD, DASHBOARD_READER_PASSWORD and CONSOLE_PASSWORD, or from
/// the files that the same names with _FILE give; a role whose variable is not set keeps the password that it has.
#[derive(Debug, Args)]
struct MigrateArgs {
    #[command(flatten)]
    patience: PatienceArgs,
}

/// The command line, for those who look at its settings.
pub fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

/// Parses the command line and runs the command.
pub fn run() -> ExitCode {
    match Cli::parse().command {
        Command::Completions { shell } => {
            service_kit::print_completions::<Cli>(shell);
            ExitCode::SUCCESS
        }
        command => service_kit::launch(SERVICE, 2, |shutdown| execute(command, shutdown)),
    }
}

async fn execute(command: Command, shutdown: Shutdown) -> Outcome {
    match command {
        Command::Run(args) => run_stages(args, shutdown).await,
        Command::Once(args) => run_once(args, shutdown).await,
        Command::Verify(args) => run_verify(args, shutdown).await,
        Command::Rebuild(args) => crate::rebuild::run(args, SERVICE, shutdown).await,
        Command::Export(args) => crate::export::run(args, SERVICE, shutdown).await,
        Command::Quarantine(command) => crate::quarantine::run(command, shutdown).await,
        Command::Maintain(args) => crate::maintenance::run(args, shutdown).await,
        Command::Migrate(args) => run_migrate(args, shutdown).await,
        Command::Healthcheck(http) => run_healthcheck(http).await,
        Command::Completions { .. } => Ok(()),
    }
}

async fn run_stages(args: RunArgs, shutdown: Shutdown) -> Outcome {
    let settings = settings_from_environment(SERVICE)?;
    let metrics = endpoint::install_metrics();
    watch::describe();
    let readiness = Readiness::new();
    let judge = args.work.registry.judge()?;
    let warehouse = working_warehouse(&args.work)?;
    let session = first_session(&warehouse, args.patience.wait_for_dependencies, &shutdown).await?;
    silver::discover_cursors(&session).await?;
    session.release();
    readiness.ready();
    tracing::info!(
        target = settings.target(),
        workers = args.work.silver_workers,
        "transforming"
    );
    let mut tasks: Tasks = Vec::new();
    let runner = Runner {
        warehouse: warehouse.clone(),
        settings: settings.clone(),
        owner: owner_settings_from_environment(SERVICE)?,
        budget: budget(&args.work),
        judge: judge.clone(),
        silver_workers: args
            .schedule
            .as_ref()
            .map_or(1, |_| args.work.silver_workers),
        retry_after: Duration::from_secs(1),
    };
    tasks.push(("runs", Box::pin(runner.drive(shutdown.clone()))));
    let watched = Warehouse::new(
        settings.clone().with_statement_timeout(watch::LOOK_TIMEOUT),
        1,
    )?;
    tasks.push(("watch", Box::pin(watch::watch(watched, shutdown.clone()))));
    let maintaining =
        crate::maintenance::keep_maintaining(settings.clone(), args.retention, shutdown.clone());
    tasks.push(("maintenance", Box::pin(maintaining)));
    match args.schedule {
        Some(schedule) => {
            let driven = drive_schedule(schedule, warehouse, shutdown.clone());
            tasks.push(("schedule", Box::pin(driven)));
        }
        None => tasks.extend(continuous_stages(
            &args.work, &warehouse, &settings, &judge, &readiness, &shutdown,
        )),
    }
    let http_shutdown = shutdown.clone();
    tasks.push((
        "http",
        Box::pin(
            async move { endpoint::serve(&args.http, metrics, readiness, http_shutdown).await },
        ),
    ));
    service_kit::supervise(tasks, shutdown, Duration::from_secs(10)).await
}

type Tasks = Vec<(&'static str, BoxFuture<'static, Outcome>)>;

/// Silver's workers and gold, as they work without a schedule.
fn continuous_stages(
    work: &WorkArgs,
    warehouse: &Warehouse,
    settings: &DatabaseSettings,
    judge: &EventJudge,
    readiness: &Readiness,
    shutdown: &Shutdown,
) -> Tasks {
    let pace = Pace {
        poll_interval: work.poll_interval,
    };
    let mut tasks: Tasks = Vec::new();
    for _ in 0..work.silver_workers {
        let stage = SilverStage::new(warehouse.clone(), budget(work), judge.clone());
        let driven = drive(
            stage,
            settings.clone(),
            pace,
            readiness.clone(),
            shutdown.clone(),
        );
        tasks.push((SilverStage::NAME, Box::pin(driven)));
    }
    let stage = GoldStage::new(warehouse.clone());
    let driven = drive(
        stage,
        settings.clone(),
        pace,
        readiness.clone(),
        shutdown.clone(),
    );
    tasks.push((GoldStage::NAME, Box::pin(driven)));
    tasks
}

async fn run_once(args: OnceArgs, shutdown: Shutdown) -> Outcome {
    let judge = args.work.registry.judge()?;
    let warehouse = working_warehouse(&args.work)?;
    first_session(&warehouse, args.patience.wait_for_dependencies, &shutdown)
        .await?
        .release();
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..args.work.silver_workers {
        let stage = SilverStage::new(warehouse.clone(), budget(&args.work), judge.clone());
        workers.spawn(drain(stage, shutdown.clone()));
    }
    while let Some(ended) = workers.join_next().await {
        ended.map_err(|error| Failure::Internal(error.into()))??;
    }
    drain(GoldStage::new(warehouse), shutdown).await
}

/// Steps until there is nothing to do. What another transformer has claimed is left to it.
pub(crate) async fn drain<S: Stage>(mut stage: S, shutdown: Shutdown) -> Outcome {
    let mut backoff = service_kit::Backoff::new(Duration::from_millis(50), Duration::from_secs(2));
    let mut failures = 0;
    loop {
        if shutdown.is_requested() {
            return Err(Failure::Interrupted);
        }
        match stage.step().await {
            Ok(Step::Worked) => failures = 0,
            Ok(Step::Idle) => return Ok(()),
            Ok(Step::Stalled) if failures < 20 => {
                failures += 1;
                tokio::time::sleep(backoff.next_delay()).await;
            }
            Ok(Step::Stalled) => {
                return Err(Failure::Unreachable(
                    "the schema registry stayed away: start it, or check SCHEMA_REGISTRY_URL"
                        .into(),
                ));
            }
            Err(error) if error.class() == warehouse::ErrorClass::Retry && failures < 20 => {
                failures += 1;
                tracing::warn!(stage = S::NAME, %error, "trying again");
                tokio::time::sleep(backoff.next_delay()).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

async fn run_verify(args: VerifyArgs, shutdown: Shutdown) -> Outcome {
    // Recounting takes as long as it takes.
    let settings = settings_from_environment(SERVICE)?.with_statement_timeout(Duration::ZERO);
    let warehouse = Warehouse::new(settings, 1)?;
    first_session(&warehouse, args.patience.wait_for_dependencies, &shutdown)
        .await?
        .release();
    let options = VerifyOptions {
        truth_files: args.truth,
        allows_repeats: args.allow_repeats,
        json: args.json,
    };
    tokio::select! {
        outcome = verify(&warehouse, &options) => outcome,
        () = shutdown.requested() => Err(Failure::Interrupted),
    }
}

async fn run_migrate(args: MigrateArgs, shutdown: Shutdown) -> Outcome {
    let settings = settings_from_environment(SERVICE)?;
    let warehouse = Warehouse::new(settings.clone(), 1)?;
    first_session(&warehouse, args.patience.wait_for_dependencies, &shutdown)
        .await?
        .release();
    let passwords = role_passwords()?;
    let migrated = warehouse::migrate::run(&settings, &passwords).await?;
    match migrated.applied.as_slice() {
        [] => tracing::info!("the warehouse is up to date"),
        applied => tracing::info!(migrations = applied.join(", "), "migrated the warehouse"),
    }
    Ok(())
}

fn role_passwords() -> Result<Vec<RolePassword>, Failure> {
    let mut passwords = Vec::new();
    for (variable, role) in [
        ("BRONZE_WRITER_PASSWORD", "bronze_writer"),
        ("TRANSFORMER_PASSWORD", "transformer"),
        ("DASHBOARD_READER_PASSWORD", "dashboard_reader"),
        ("CONSOLE_PASSWORD", "console"),
    ] {
        if let Some(password) = secret_from_env(variable)? {
            passwords.push(RolePassword {
                role,
                password: password.expose().to_owned(),
            });
        }
    }
    Ok(passwords)
}

async fn run_healthcheck(http: HttpArgs) -> Outcome {
    let address = http.http_addr.ok_or_else(|| {
        Failure::Usage("no address to ask: give --http-addr or set ASSAY_HTTP_ADDR".into())
    })?;
    service_kit::healthcheck(address).await
}

/// A pool with a connection for each worker and one for gold; and for a run, which has workers of its own, each with a
/// connection to look how far it has come.
fn working_warehouse(work: &WorkArgs) -> Result<Warehouse, Failure> {
    let settings = settings_from_environment(SERVICE)?.for_hot_path();
    Ok(Warehouse::new(
        settings,
        3 * usize::from(work.silver_workers) + 4,
    )?)
}

fn budget(work: &WorkArgs) -> LoadBudget {
    LoadBudget {
        max_records: usize::try_from(work.batch_max_rows).unwrap_or(usize::MAX),
        max_bytes: usize::try_from(work.batch_max_bytes).unwrap_or(usize::MAX),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}

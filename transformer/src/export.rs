//! `transformer export`: a mart as a file, or as a table of another database.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use mart_export::{ExportError, csv_file, mysql, parquet_file};
use service_kit::{Failure, Outcome, PatienceArgs, Shutdown, secret_from_env};
use warehouse::export::MARTS;
use warehouse::service::{first_session, settings_from_environment};
use warehouse::{Warehouse, export};

/// Replaces what is there, and never shows half of it: a file is written beside and renamed, a table likewise.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The mart
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(MARTS))]
    mart: String,
    /// Where it goes: a file, or a table of the database that MYSQL_URL (or the file that MYSQL_URL_FILE names) leads to
    #[arg(long, value_enum)]
    to: Target,
    /// The file; <mart>.csv or <mart>.parquet here unless given
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    patience: PatienceArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    Csv,
    Parquet,
    Mysql,
}

/// Runs the command.
pub(crate) async fn run(args: ExportArgs, service: &str, shutdown: Shutdown) -> Outcome {
    if args.to == Target::Mysql && args.output.is_some() {
        return Err(Failure::Usage(
            "--output names a file: leave it out with --to mysql".into(),
        ));
    }
    // A mart takes as long to read as it takes.
    let settings = settings_from_environment(service)?.with_statement_timeout(Duration::ZERO);
    let warehouse = Warehouse::new(settings, 1)?;
    let session = first_session(&warehouse, args.patience.wait_for_dependencies, &shutdown).await?;
    let carried = async {
        let rows = export::open(&session, &args.mart).await?;
        carry(&args, rows).await
    };
    let (count, place) = tokio::select! {
        carried = carried => carried?,
        () = shutdown.requested() => return Err(Failure::Interrupted),
    };
    session.release();
    tracing::info!(mart = args.mart, rows = count, place, "exported");
    Ok(())
}

async fn carry(args: &ExportArgs, rows: export::MartRows) -> Result<(u64, String), Failure> {
    let file = |extension: &str| {
        let usual = PathBuf::from(format!("{}.{extension}", args.mart));
        args.output.clone().unwrap_or(usual)
    };
    match args.to {
        Target::Csv => {
            let target = file("csv");
            let count = csv_file::write(rows, &target).await.map_err(failure)?;
            Ok((count, target.display().to_string()))
        }
        Target::Parquet => {
            let target = file("parquet");
            let count = parquet_file::write(rows, &target).await.map_err(failure)?;
            Ok((count, target.display().to_string()))
        }
        Target::Mysql => {
            let url = secret_from_env("MYSQL_URL")?.ok_or_else(|| {
                Failure::Configuration(
                    "MYSQL_URL is not set: set it to mysql://user:password@localhost:3306/marts, or MYSQL_URL_FILE to a file \
                     that holds it"
                        .into(),
                )
            })?;
            let count = mysql::write(rows, url.expose(), &args.mart)
                .await
                .map_err(failure)?;
            Ok((count, format!("the table {}", args.mart)))
        }
    }
}

fn failure(error: ExportError) -> Failure {
    let text = error.to_string();
    match error {
        ExportError::Warehouse(error) => error.into(),
        ExportError::File { .. } | ExportError::Configuration(_) => Failure::Configuration(text),
        ExportError::MySql(_) => Failure::Unreachable(text),
        ExportError::Value(_) => Failure::DataNotInOrder(text),
    }
}

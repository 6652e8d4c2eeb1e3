//! The command line.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use service_kit::{
    BoxFuture, Failure, HttpArgs, Outcome, PatienceArgs, Readiness, Shutdown, endpoint,
    secret_from_env,
};
use tokio::net::TcpListener;
use warehouse::service::{first_session, settings_from_environment};
use warehouse::{DatabaseSettings, Warehouse};

use crate::app::{App, router};
use crate::guard::Guard;

const SERVICE: &str = "console";
/// The dashboard's role has the same bound; the pool's own settings would lift it.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
const CONNECTION_GRACE: Duration = Duration::from_secs(2);

/// An API and a page over gold and the ledger.
#[derive(Debug, Parser)]
#[command(name = "console", version, about, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
DATABASE_URL connects as dashboard_reader and is all that reading needs. CONSOLE_DATABASE_URL connects as the role
`console`, which may do one thing: ask for a run. Without it, nobody can ask for one here. Either may come from a file,
by DATABASE_URL_FILE and CONSOLE_DATABASE_URL_FILE.

ASSAY_API_TOKEN, or the file that ASSAY_API_TOKEN_FILE names, is the token that writing needs. Without one, writing is
off unless --listen is an address of this machine alone.

Examples:
  console serve                            the page and the API at http://127.0.0.1:8080
  console serve --listen 0.0.0.0:8080      for other machines too; writing then needs ASSAY_API_TOKEN

Exit codes: 0 ok, 2 usage, 3 configuration, 4 PostgreSQL unreachable, 130 interrupted";

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the page and the API until stopped
    Serve(ServeArgs),
    /// Ask a running console on this machine whether it is alive
    Healthcheck(HttpArgs),
    /// Print a completion script for a shell
    Completions {
        /// bash, zsh, fish, elvish or powershell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
struct ServeArgs {
    /// Where the page and the API are served
    #[arg(
        long,
        env = "ASSAY_CONSOLE_ADDR",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8080"
    )]
    listen: SocketAddr,
    /// Connections to the warehouse for reading
    #[arg(long, env = "ASSAY_CONSOLE_CONNECTIONS", default_value_t = 8,
          value_parser = clap::value_parser!(u8).range(1..=64))]
    connections: u8,
    /// Pages of these origins may write too, e.g. https://assay.example; the console's own always may
    #[arg(
        long,
        env = "ASSAY_CONSOLE_ALLOWED_ORIGINS",
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    allowed_origin: Vec<String>,
    #[command(flatten)]
    http: HttpArgs,
    #[command(flatten)]
    patience: PatienceArgs,
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
        Command::Serve(args) => serve(args, shutdown).await,
        Command::Healthcheck(http) => {
            let address = http.http_addr.ok_or_else(|| {
                Failure::Usage("no address to ask: give --http-addr or set ASSAY_HTTP_ADDR".into())
            })?;
            service_kit::healthcheck(address).await
        }
        Command::Completions { .. } => Ok(()),
    }
}

async fn serve(args: ServeArgs, shutdown: Shutdown) -> Outcome {
    let settings = settings_from_environment(SERVICE)?.with_statement_timeout(STATEMENT_TIMEOUT);
    let reader = Warehouse::new(settings, usize::from(args.connections))?;
    let writer = writer_from_environment()?;
    let token = secret_from_env("ASSAY_API_TOKEN")?;
    let listener = TcpListener::bind(args.listen).await.map_err(|error| {
        Failure::Configuration(format!(
            "cannot listen at {}: {error}: choose another --listen (ASSAY_CONSOLE_ADDR)",
            args.listen
        ))
    })?;
    let metrics = endpoint::install_metrics();
    let readiness = Readiness::new();
    first_session(&reader, args.patience.wait_for_dependencies, &shutdown)
        .await?
        .release();
    let guard = Guard::new(token.as_ref(), args.listen, args.allowed_origin);
    let app = App::new(reader, writer, guard, shutdown.clone());
    if let Some(why) = app.why_not_write() {
        tracing::info!("{why}");
    }
    readiness.ready();
    let live = app.clone();
    let http_shutdown = shutdown.clone();
    let http = args.http;
    let tasks: Vec<(&'static str, BoxFuture<'static, Outcome>)> = vec![
        ("api", Box::pin(serve_on(listener, app, shutdown.clone()))),
        ("live", Box::pin(async move { live.watch().await })),
        (
            "http",
            Box::pin(
                async move { endpoint::serve(&http, metrics, readiness, http_shutdown).await },
            ),
        ),
    ];
    service_kit::supervise(tasks, shutdown, Duration::from_secs(10)).await
}

fn writer_from_environment() -> Result<Option<Warehouse>, Failure> {
    let Some(url) = secret_from_env("CONSOLE_DATABASE_URL")? else {
        return Ok(None);
    };
    let authority = std::env::var_os("DATABASE_CA_FILE").map(Into::into);
    let settings = DatabaseSettings::parse(url.expose(), SERVICE)?
        .with_certificate_authority(authority)
        .with_statement_timeout(STATEMENT_TIMEOUT);
    Ok(Some(Warehouse::new(settings, 2)?))
}

/// Serves the paths on a listener until shutdown.
///
/// # Errors
/// [`Failure::Internal`] where the listener fails.
pub async fn serve_on(listener: TcpListener, app: Arc<App>, shutdown: Shutdown) -> Outcome {
    if let Ok(address) = listener.local_addr() {
        tracing::info!("the console is at http://{address}");
    }
    let stop = shutdown.clone();
    let server = axum::serve(listener, router(app))
        .with_graceful_shutdown(async move { stop.requested().await });
    let grace_is_over = async {
        shutdown.requested().await;
        tokio::time::sleep(CONNECTION_GRACE).await;
    };
    tokio::select! {
        served = server => served.map_err(|error| Failure::Internal(error.into())),
        () = grace_is_over => Ok(()),
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

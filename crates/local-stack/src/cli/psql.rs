use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use clap::Args;
use local_stack::{StackRecord, Stacks};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::{DirArgs, Failure, Outcome};

#[derive(Debug, Args)]
pub(crate) struct PsqlArgs {
    /// The stack's name [default: the one that runs]
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    dir: DirArgs,
    /// Arguments for psql
    #[arg(last = true, value_name = "ARGUMENTS")]
    arguments: Vec<OsString>,
}

pub(crate) fn psql(args: &PsqlArgs) -> Outcome {
    let stack = Stacks::of(args.dir.dir.as_deref())?.find(args.name.as_deref())?;
    let program = match stack.postgres_bin.as_ref().map(|bin| bin.join("psql")) {
        Some(beside_the_server) if beside_the_server.is_file() => beside_the_server,
        _ => PathBuf::from("psql"),
    };
    // Takes this process's place, and only returns when it cannot.
    let error = Command::new(&program)
        .args(&args.arguments)
        .envs(connection(&stack)?)
        .exec();
    Err(Failure::Configuration(format!(
        "cannot run {} ({error}): scripts/install-prerequisites installs it",
        program.display()
    )))
}

/// As variables: arguments, a password among them, could be read by every user of the machine.
fn connection(stack: &StackRecord) -> Result<Vec<(&'static str, String)>, Failure> {
    let config: Config = stack.superuser_url.parse().map_err(|error| {
        Failure::Configuration(format!(
            "the stack's connection URL cannot be read: {error}"
        ))
    })?;
    let mut variables = Vec::new();
    match config.get_hosts().first() {
        Some(Host::Tcp(name)) => variables.push(("PGHOST", name.clone())),
        Some(Host::Unix(path)) => variables.push(("PGHOST", path.display().to_string())),
        None => {}
    }
    variables.extend(
        config
            .get_ports()
            .first()
            .map(|port| ("PGPORT", port.to_string())),
    );
    variables.extend(config.get_user().map(|user| ("PGUSER", user.to_owned())));
    variables.extend(
        config
            .get_dbname()
            .map(|name| ("PGDATABASE", name.to_owned())),
    );
    variables.extend(
        config
            .get_password()
            .map(|password| ("PGPASSWORD", String::from_utf8_lossy(password).into_owned())),
    );
    if config.get_ssl_mode() == SslMode::Require {
        variables.push(("PGSSLMODE", "require".to_owned()));
    }
    Ok(variables)
}

use std::time::Duration;

use clap::Args;
use local_stack::{DataPolicy, External, Stack, StackError};

use super::signals::{Asked, Signals};
use super::{INTERRUPTED, Outcome, StackArgs, print, start, stop};

/// How often the servers are looked after.
const WATCH: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    #[command(flatten)]
    stack: StackArgs,
    /// Remove the data at the end
    #[arg(long)]
    discard: bool,
}

pub(crate) async fn up(args: UpArgs) -> Outcome {
    let mut signals = Signals::listen()?;
    let mut options = args.stack.options();
    if args.discard {
        options.data = DataPolicy::Discard;
    }
    let stack = start(options, &mut signals).await?;
    print(&describe(&stack));

    let ended = tokio::select! {
        asked = signals.next() => Ok(asked),
        lost = lost_server(&stack) => Err(lost),
    };
    if ended.is_err() {
        stack.keep_data()?;
    }
    eprintln!("local-stack: stopping `{}`", stack.name());
    stop(stack, &mut signals).await?;
    match ended? {
        Asked::Interrupt => Ok(INTERRUPTED),
        Asked::Terminate => Ok(0),
    }
}

fn describe(stack: &Stack) -> String {
    let name = stack.name();
    let mut lines = vec![format!(
        "The stack `{name}` is ready (state and logs in {}):",
        stack.dir().display()
    )];
    lines.extend(
        stack
            .environment()
            .into_iter()
            .map(|(name, value)| format!("  {name}={value}")),
    );
    lines.push(format!(
        "psql: local-stack psql --name {name}      stop: Ctrl-C, or local-stack down --name {name}"
    ));
    lines.join("\n")
}

/// Ends when a server that we started has ended by itself.
async fn lost_server(stack: &Stack) -> StackError {
    let external = External::from_environment();
    loop {
        tokio::time::sleep(WATCH).await;
        let lost = if !external.has_postgres() && stack.postgres_pid().is_none() {
            Some(("PostgreSQL", "postgres.log"))
        } else if !external.has_kafka() && stack.kafka_pid().is_none() {
            Some(("Kafka", "kafka.log"))
        } else {
            None
        };
        if let Some((service, log)) = lost {
            return StackError::Unreachable {
                what: format!("{service} any longer"),
                reason: "its process has ended by itself".to_owned(),
                remedy: format!("Its log is {}", stack.dir().join(log).display()),
            };
        }
    }
}

use std::ffi::OsString;
use std::io::IsTerminal;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use clap::Args;
use local_stack::{DataPolicy, Stack};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};

use super::signals::{Asked, Signals};
use super::{Failure, Outcome, StackArgs, start, stop};

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    stack: StackArgs,
    /// Keep the data at the end
    #[arg(long)]
    keep: bool,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

pub(crate) async fn run(args: RunArgs) -> Outcome {
    let mut signals = Signals::listen()?;
    let mut options = args.stack.options();
    options.data = if args.keep {
        DataPolicy::Keep
    } else {
        DataPolicy::Discard
    };
    let stack = start(options, &mut signals).await?;

    let code = run_command(&args.command, &stack, &mut signals).await;
    if !matches!(code, Ok(0)) {
        stack.keep_data()?;
        eprintln!(
            "local-stack: the command failed; data and logs stay in {}",
            stack.dir().display()
        );
    }
    stop(stack, &mut signals).await?;
    code
}

async fn run_command(command: &[OsString], stack: &Stack, signals: &mut Signals) -> Outcome {
    let Some((program, arguments)) = command.split_first() else {
        return Err(Failure::Configuration("no command given".to_owned()));
    };
    let mut child = Command::new(program)
        .args(arguments)
        .envs(stack.environment())
        .spawn()
        .map_err(|error| {
            Failure::Configuration(format!("cannot run {}: {error}", program.display()))
        })?;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(exit_code(status.map_err(anyhow::Error::from)?)),
            asked = signals.next() => pass_on(asked, &child),
        }
    }
}

/// The command decides how it ends, and its end is ours.
fn pass_on(asked: Asked, child: &Child) {
    let signal = match asked {
        // From a terminal the command has got it, too.
        Asked::Interrupt if std::io::stdin().is_terminal() => return,
        Asked::Interrupt => Signal::SIGINT,
        Asked::Terminate => Signal::SIGTERM,
    };
    if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
        // It may end at this very moment; then there is nothing to tell it.
        let _ended_meanwhile = kill(Pid::from_raw(pid), signal);
    }
}

/// As a shell has it.
fn exit_code(status: ExitStatus) -> u8 {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

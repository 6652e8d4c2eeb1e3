//! From `main` to the exit code: the one place that owns the runtime, the signals and the last word on stderr.

use std::future::Future;
use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use crate::{Failure, Outcome, Shutdown, telemetry};

const EXIT_INTERRUPTED: u8 = 130;

/// How long blocking work that nobody waits for may hold up the end of the process.
const RUNTIME_GRACE: Duration = Duration::from_secs(2);

/// Runs a service and says how the process is to end.
///
/// Sets up logging and a runtime with `worker_threads` threads (at least one), turns SIGTERM and SIGINT into a request on
/// the [`Shutdown`] that `main` is given, and runs `main`. A second signal ends the process at once with 130. A failure is
/// printed as one line on stderr and becomes its exit code; success is 0, and 130 where it followed SIGINT.
pub fn launch<Main, Fut>(service: &'static str, worker_threads: usize, main: Main) -> ExitCode
where
    Main: FnOnce(Shutdown) -> Fut,
    Fut: Future<Output = Outcome>,
{
    telemetry::init(service);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(worker_threads.max(1))
        .thread_name(service)
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return conclude(Err(start_failure("threads", &error)), false),
    };

    let shutdown = Shutdown::new();
    let outcome = runtime.block_on(async {
        listen_for_signals(shutdown.clone())?;
        main(shutdown.clone()).await
    });
    runtime.shutdown_timeout(RUNTIME_GRACE);
    conclude(outcome, shutdown.was_interrupted())
}

fn start_failure(what: &str, error: &std::io::Error) -> Failure {
    Failure::Internal(anyhow::anyhow!(
        "cannot set up {what}: {error}: check the limits of this user and container"
    ))
}

/// Installs the handlers before it returns, so that no signal that comes later meets the default behaviour.
fn listen_for_signals(shutdown: Shutdown) -> Outcome {
    let mut terminate = signal(SignalKind::terminate())
        .map_err(|error| start_failure("the handler of SIGTERM", &error))?;
    let mut interrupt = signal(SignalKind::interrupt())
        .map_err(|error| start_failure("the handler of SIGINT", &error))?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {
                tracing::info!("SIGTERM: finishing what is in hand");
                shutdown.request();
            }
            _ = interrupt.recv() => {
                tracing::info!("interrupted: finishing what is in hand; once more ends at once");
                shutdown.request_by_interrupt();
            }
        }
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::warn!("second signal: ending at once");
        // Nothing waits for this: whatever hangs is the reason why somebody asked twice.
        std::process::exit(i32::from(EXIT_INTERRUPTED));
    });
    Ok(())
}

fn conclude(outcome: Outcome, was_interrupted: bool) -> ExitCode {
    if let Err(failure) = &outcome {
        eprintln!("error: {}", failure.to_line());
    }
    ExitCode::from(exit_code(&outcome, was_interrupted))
}

fn exit_code(outcome: &Outcome, was_interrupted: bool) -> u8 {
    match outcome {
        Err(failure) => failure.exit_code(),
        Ok(()) if was_interrupted => EXIT_INTERRUPTED,
        Ok(()) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_tells_how_it_ended() {
        assert_eq!(exit_code(&Ok(()), false), 0);
        assert_eq!(exit_code(&Ok(()), true), 130);
        assert_eq!(exit_code(&Err(Failure::Interrupted), false), 130);
        let failure = Failure::DataNotInOrder("x".into());
        assert_eq!(exit_code(&Err(failure), true), 5);
    }

    #[test]
    fn main_runs_in_a_runtime_and_its_failure_decides() {
        let code = launch("test", 0, |shutdown| async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            assert!(!shutdown.is_requested());
            Err(Failure::Configuration("expected by the test".into()))
        });
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::from(3)));
    }
}

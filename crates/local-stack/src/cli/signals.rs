//! SIGINT and SIGTERM as values.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Failure;

/// What somebody asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGTERM: an orderly end, as by `local-stack down`.
    Terminate,
}

/// Both signals; from its creation on, neither ends the process by itself.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(crate) fn listen() -> Result<Signals, Failure> {
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt()).map_err(anyhow::Error::from)?,
            terminate: signal(SignalKind::terminate()).map_err(anyhow::Error::from)?,
        })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> Asked {
        tokio::select! {
            _received = self.interrupt.recv() => Asked::Interrupt,
            _received = self.terminate.recv() => Asked::Terminate,
        }
    }
}

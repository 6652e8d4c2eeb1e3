//! The loop that drives a stage: work while there is work, then wait to be woken; wait out what passes by itself, stop
//! at what does not.

use std::future::Future;
use std::time::Duration;

use service_kit::{Backoff, Outage, Outcome, Readiness, Shutdown};
use warehouse::listen::Listener;
use warehouse::{DatabaseSettings, ErrorClass, WarehouseError};

/// What one step of a stage did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// One transaction was committed; there may be more to do.
    Worked,
    /// There is nothing to do at this moment, or others do it.
    Idle,
    /// There is work, but what it needs besides PostgreSQL is away: nothing was done, step again after a pause.
    Stalled,
}

/// One stage of the pipeline.
pub trait Stage: Send {
    /// For logs and metrics.
    const NAME: &'static str;
    /// The channel on which the stage before this one tells that it has committed.
    const WAKE_CHANNEL: &'static str;

    /// Does one transaction's worth of work. An error has left nothing behind, or all of it; either way the next step
    /// goes on where the ledger stands.
    fn step(&mut self) -> impl Future<Output = Result<Step, WarehouseError>> + Send;
}

/// How a stage waits.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How often to look when no notification comes.
    pub poll_interval: Duration,
}

/// Drives a stage until shutdown.
///
/// # Errors
/// What cannot be waited out: wrong settings, a damaged warehouse, a defect.
pub async fn drive<S: Stage>(
    mut stage: S,
    settings: DatabaseSettings,
    pace: Pace,
    readiness: Readiness,
    shutdown: Shutdown,
) -> Outcome {
    let mut outage = Outage::new(format!("PostgreSQL at {} ({})", settings.target(), S::NAME));
    let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(5));
    let mut wake = Wake::new(settings, S::WAKE_CHANNEL, pace);
    let mut is_stalled = false;
    while !shutdown.is_requested() {
        let pause = match stage.step().await {
            Ok(Step::Stalled) => {
                is_stalled = true;
                readiness.not_ready("the schema registry is away");
                Some(backoff.next_delay())
            }
            Ok(step) => {
                if outage.back().is_some() || std::mem::take(&mut is_stalled) {
                    readiness.ready();
                }
                backoff.reset();
                match step {
                    Step::Worked => continue,
                    Step::Idle | Step::Stalled => None,
                }
            }
            Err(error) if error.is_conflict() => {
                metrics::counter!("assay_transformer_conflicts_total", "stage" => S::NAME)
                    .increment(1);
                tracing::debug!(stage = S::NAME, %error, "another writer was first, trying again");
                Some(backoff.next_delay())
            }
            Err(error) if error.class() == ErrorClass::Retry => {
                outage.away(&error);
                readiness.not_ready("PostgreSQL is away");
                Some(backoff.next_delay())
            }
            Err(error) => return Err(error.into()),
        };
        tokio::select! {
            () = wait(&mut wake, pause) => {}
            () = shutdown.requested() => {}
        }
    }
    Ok(())
}

async fn wait(wake: &mut Wake, pause: Option<Duration>) {
    match pause {
        Some(pause) => tokio::time::sleep(pause).await,
        None => wake.wait().await,
    }
}

/// Waits for the stage before; a poll stands behind the notification, which can get lost with its connection.
struct Wake {
    settings: DatabaseSettings,
    channel: &'static str,
    pace: Pace,
    listener: Option<Listener>,
}

impl Wake {
    fn new(settings: DatabaseSettings, channel: &'static str, pace: Pace) -> Self {
        Wake {
            settings,
            channel,
            pace,
            listener: None,
        }
    }

    async fn wait(&mut self) {
        if self.listener.as_ref().is_none_or(Listener::is_closed) {
            // What was committed before we listened is not told: look once more before waiting.
            self.listener = Listener::open(&self.settings, self.channel).await.ok();
            if self.listener.is_some() {
                return;
            }
        }
        let poll = tokio::time::sleep(self.pace.poll_interval);
        match &self.listener {
            Some(listener) => tokio::select! {
                () = listener.notified() => {}
                () = poll => {}
            },
            None => poll.await,
        }
    }
}

//! Several tasks that live and die together: one that fails takes its siblings with it, and waiting is bounded.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};

use crate::{Failure, Outcome, Shutdown};

/// A boxed future that can move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Runs named tasks until all have ended.
///
/// The first failure (an error or a panic) requests `shutdown`. From a request on, whoever made it, the tasks have `grace`
/// to finish; those that have not are aborted. A task that ends well leaves the others running.
///
/// # Errors
/// The first failure; or, where there was none, [`Failure::Internal`] naming the tasks that had to be aborted.
pub async fn supervise(
    tasks: Vec<(&'static str, BoxFuture<'static, Outcome>)>,
    shutdown: Shutdown,
    grace: Duration,
) -> Outcome {
    let mut running = RunningTasks::start(tasks);
    let mut first_failure: Option<Failure> = None;

    while !running.names.is_empty() && !shutdown.is_requested() {
        tokio::select! {
            () = shutdown.requested() => {}
            ended = running.next_end() => if let Some(failure) = ended {
                first_failure.get_or_insert(failure);
                shutdown.request();
            },
        }
    }

    let all_ended = async {
        while !running.names.is_empty() {
            if let Some(failure) = running.next_end().await {
                first_failure.get_or_insert(failure);
            }
        }
    };
    if tokio::time::timeout(grace, all_ended).await.is_err() {
        let stuck = running.abort();
        tracing::error!(tasks = stuck, "did not end within {grace:?}: aborted");
        first_failure.get_or_insert_with(|| {
            Failure::Internal(anyhow::anyhow!("{stuck} did not end within {grace:?}"))
        });
    }
    first_failure.map_or(Ok(()), Err)
}

struct RunningTasks {
    set: JoinSet<Outcome>,
    names: HashMap<Id, &'static str>,
}

impl RunningTasks {
    fn start(tasks: Vec<(&'static str, BoxFuture<'static, Outcome>)>) -> Self {
        let mut set = JoinSet::new();
        let names = tasks
            .into_iter()
            .map(|(name, task)| (set.spawn(task).id(), name))
            .collect();
        RunningTasks { set, names }
    }

    /// Waits for one task to end; its failure, if it failed. Cancel safe.
    async fn next_end(&mut self) -> Option<Failure> {
        let joined = self.set.join_next_with_id().await?;
        let id = match &joined {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        let name = self.names.remove(&id).unwrap_or("task");
        match joined {
            Ok((_, Ok(()))) => {
                tracing::debug!(task = name, "ended");
                None
            }
            Ok((_, Err(failure))) => {
                tracing::debug!(task = name, %failure, "failed");
                Some(failure)
            }
            Err(error) => Some(describe_panic(name, &error)),
        }
    }

    /// Ends what still runs, and names it.
    fn abort(&mut self) -> String {
        self.set.abort_all();
        let mut names: Vec<&str> = self.names.values().copied().collect();
        names.sort_unstable();
        names.join(", ")
    }
}

fn describe_panic(name: &str, error: &JoinError) -> Failure {
    Failure::Internal(anyhow::anyhow!("{name} stopped unexpectedly: {error}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Instant;

    use super::*;

    const GRACE: Duration = Duration::from_millis(200);

    fn failing(text: &'static str) -> BoxFuture<'static, Outcome> {
        Box::pin(async move { Err(Failure::DataNotInOrder(text.into())) })
    }

    #[tokio::test]
    async fn all_well_means_ok_and_an_early_end_leaves_the_others_alone() {
        let shutdown = Shutdown::new();
        let finished = Arc::new(AtomicBool::new(false));
        let flag = finished.clone();
        let slow = Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            flag.store(true, Ordering::SeqCst);
            Ok(())
        });
        let outcome = supervise(
            vec![("quick", Box::pin(async { Ok(()) })), ("slow", slow)],
            shutdown.clone(),
            GRACE,
        );
        outcome.await.unwrap();
        assert!(finished.load(Ordering::SeqCst));
        assert!(!shutdown.is_requested());
    }

    #[tokio::test]
    async fn the_first_failure_requests_shutdown_and_is_returned() {
        let shutdown = Shutdown::new();
        let seen = shutdown.clone();
        let sibling = Box::pin(async move {
            seen.requested().await;
            Err(Failure::Interrupted)
        });
        let outcome = supervise(
            vec![("sibling", sibling), ("failing", failing("first"))],
            shutdown.clone(),
            GRACE,
        );
        let failure = outcome.await.unwrap_err();
        assert_eq!(failure.to_string(), "first");
        assert!(shutdown.is_requested());
    }

    #[tokio::test]
    async fn a_panic_is_a_failure_that_names_the_task() {
        let panicking = Box::pin(async { panic!("expected by the test") });
        let outcome = supervise(vec![("juggler", panicking)], Shutdown::new(), GRACE);
        let failure = outcome.await.unwrap_err();
        assert_eq!(failure.exit_code(), 1);
        assert!(failure.to_string().contains("juggler"), "{failure}");
    }

    #[tokio::test]
    async fn waiting_for_a_stuck_task_is_bounded() {
        let stuck = Box::pin(async {
            std::future::pending::<()>().await;
            Ok(())
        });
        let begin = Instant::now();
        let outcome = supervise(
            vec![("stuck", stuck), ("failing", failing("first"))],
            Shutdown::new(),
            GRACE,
        );
        assert_eq!(outcome.await.unwrap_err().to_string(), "first");
        assert!(begin.elapsed() >= GRACE);
        assert!(begin.elapsed() < GRACE * 10);
    }

    #[tokio::test]
    async fn a_task_that_ignores_a_requested_shutdown_is_named() {
        let stuck = Box::pin(async {
            std::future::pending::<()>().await;
            Ok(())
        });
        let shutdown = Shutdown::new();
        shutdown.request();
        let failure = supervise(vec![("deaf", stuck)], shutdown, GRACE)
            .await
            .unwrap_err();
        assert!(failure.to_string().contains("deaf"), "{failure}");
    }

    #[tokio::test]
    async fn nothing_to_do_is_done() {
        supervise(Vec::new(), Shutdown::new(), GRACE).await.unwrap();
    }
}

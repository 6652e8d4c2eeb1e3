//! Asynchronous work for synchronous callers, also from within somebody's runtime.

use std::future::Future;
use std::thread;
use std::time::Duration;

/// Runs a future to its end, at most for `longest`, on a thread and a runtime of its own, and waits for it.
///
/// A thread of its own, because blocking on a future within a runtime's worker would panic, and the callers here are
/// tests of every kind.
pub(crate) fn run<F, T>(longest: Duration, make: impl FnOnce() -> F + Send) -> Result<T, String>
where
    F: Future<Output = Result<T, String>>,
    T: Send,
{
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| format!("no runtime: {error}"))?;
        runtime.block_on(async {
            match tokio::time::timeout(longest, make()).await {
                Ok(done) => done,
                Err(_) => Err(format!("no answer within {longest:?}")),
            }
        })
    };
    thread::scope(|scope| match scope.spawn(work).join() {
        Ok(done) => done,
        Err(_) => Err("the thread doing it panicked".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn works_within_a_runtime() {
        let answer = run(Duration::from_secs(5), || async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Ok(42)
        });
        assert_eq!(answer, Ok(42));
    }

    #[test]
    fn ends_at_the_deadline() {
        let answer: Result<(), String> = run(Duration::from_millis(20), || async {
            std::future::pending().await
        });
        assert!(answer.unwrap_err().contains("no answer within 20ms"));
    }
}

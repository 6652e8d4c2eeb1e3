//! The wish that the service end, shared by all its tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::CancellationToken;

/// The wish that the service end. Clones share one state; once requested, it stays so.
///
/// It is a wish: each task finishes what it has in hand, and returns. [`crate::supervise`] bounds how long that may take.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    token: CancellationToken,
    was_interrupted: Arc<AtomicBool>,
}

impl Shutdown {
    /// Nothing requested yet. Only tests need more than the one that [`crate::launch`] passes on.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits until the end is wished for; at once if it already is.
    pub async fn requested(&self) {
        self.token.cancelled().await;
    }

    /// Whether the end is wished for.
    pub fn is_requested(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Wishes for the end. Doing it twice is doing it once.
    pub fn request(&self) {
        self.token.cancel();
    }

    /// Remembers that the wish came from the keyboard, which decides the exit code.
    pub(crate) fn request_by_interrupt(&self) {
        self.was_interrupted.store(true, Ordering::SeqCst);
        self.request();
    }

    pub(crate) fn was_interrupted(&self) -> bool {
        self.was_interrupted.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_request_reaches_every_clone_and_stays() {
        let shutdown = Shutdown::new();
        let clone = shutdown.clone();
        assert!(!clone.is_requested());
        let not_yet = tokio::time::timeout(Duration::from_millis(20), clone.requested()).await;
        assert!(not_yet.is_err(), "requested() returned before the request");

        shutdown.request();
        clone.requested().await;
        clone.requested().await;
        assert!(clone.is_requested());
        assert!(!clone.was_interrupted());
    }

    #[test]
    fn an_interrupt_is_remembered() {
        let shutdown = Shutdown::new();
        shutdown.clone().request_by_interrupt();
        assert!(shutdown.is_requested());
        assert!(shutdown.was_interrupted());
    }
}

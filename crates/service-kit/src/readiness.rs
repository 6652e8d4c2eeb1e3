//! Whether the service can do its work right now, as `/readyz` reports it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Whether the service can do its work right now. Clones share one state. A new one is not ready: "starting".
#[derive(Debug, Clone)]
pub struct Readiness {
    obstacle: Arc<Mutex<Option<String>>>,
}

impl Readiness {
    /// Not ready yet: "starting".
    pub fn new() -> Self {
        Readiness {
            obstacle: Arc::new(Mutex::new(Some("starting".to_owned()))),
        }
    }

    /// The service does its work.
    pub fn ready(&self) {
        *self.lock() = None;
    }

    /// The service cannot work at present; `why` is shown to whoever asks. Without secrets.
    pub fn not_ready(&self, why: impl Into<String>) {
        *self.lock() = Some(why.into());
    }

    /// What stands in the way; nothing when ready.
    pub fn obstacle(&self) -> Option<String> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        // A task that panicked while it held the lock left a whole value behind: it is a plain assignment.
        self.obstacle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Readiness {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_unready_and_clones_share() {
        let readiness = Readiness::new();
        assert_eq!(readiness.obstacle().as_deref(), Some("starting"));
        readiness.clone().ready();
        assert_eq!(readiness.obstacle(), None);
        readiness.clone().not_ready("no database");
        assert_eq!(readiness.obstacle().as_deref(), Some("no database"));
    }
}

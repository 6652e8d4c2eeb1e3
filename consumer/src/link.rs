//! Between the thread that reads Kafka and the task that writes PostgreSQL: one set on its way at a time, and its end.

use std::sync::mpsc as blocking;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::assembly::WriteSet;
use crate::writer::WriteEnd;

/// The reading thread's end. It holds at most one set in flight; the next one is being filled meanwhile.
#[derive(Debug)]
pub struct WriterLink {
    sets: mpsc::Sender<WriteSet>,
    ends: blocking::Receiver<WriteEnd>,
    in_flight: bool,
    unread_end: Option<WriteEnd>,
}

/// The writing task's end.
#[derive(Debug)]
pub struct SetSource {
    /// The sets to write.
    pub sets: mpsc::Receiver<WriteSet>,
    /// Where to report the end of each.
    pub ends: blocking::Sender<WriteEnd>,
}

/// A connected pair.
pub fn link() -> (WriterLink, SetSource) {
    let (set_sender, set_receiver) = mpsc::channel(1);
    let (end_sender, end_receiver) = blocking::channel();
    let link = WriterLink {
        sets: set_sender,
        ends: end_receiver,
        in_flight: false,
        unread_end: None,
    };
    let source = SetSource {
        sets: set_receiver,
        ends: end_sender,
    };
    (link, source)
}

impl WriterLink {
    /// Whether a set can be sent: none is in flight and no end is unread.
    pub fn is_idle(&self) -> bool {
        !self.in_flight && self.unread_end.is_none()
    }

    /// Hands a set over. Only when idle; a set that cannot be handed over comes back.
    ///
    /// # Errors
    /// The set itself, where the writer is busy or gone.
    pub fn send(&mut self, set: WriteSet) -> Result<(), WriteSet> {
        if !self.is_idle() {
            return Err(set);
        }
        self.sets.try_send(set).map_err(|error| match error {
            mpsc::error::TrySendError::Full(set) | mpsc::error::TrySendError::Closed(set) => set,
        })?;
        self.in_flight = true;
        Ok(())
    }

    /// Waits until the set in flight has ended, at most for `limit`. Its end stays to be taken. True where nothing is in
    /// flight any more.
    pub fn settle(&mut self, limit: Duration) -> bool {
        if !self.in_flight {
            return true;
        }
        match self.ends.recv_timeout(limit) {
            Ok(end) => self.unread_end = Some(end),
            Err(blocking::RecvTimeoutError::Timeout) => return false,
            Err(blocking::RecvTimeoutError::Disconnected) => {
                self.unread_end = Some(WriteEnd::WriterGone)
            }
        }
        self.in_flight = false;
        true
    }

    /// The end of the last set, once, if it comes within `limit`.
    pub fn take_end(&mut self, limit: Duration) -> Option<WriteEnd> {
        self.settle(limit);
        self.unread_end.take()
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;

    fn set() -> WriteSet {
        WriteSet {
            topic_id: 1,
            ingested_at: Utc::now(),
            batches: Vec::new(),
        }
    }

    #[test]
    fn one_set_at_a_time_and_its_end_is_taken_once() {
        let (mut link, mut source) = link();
        assert!(link.is_idle());
        assert!(link.take_end(Duration::ZERO).is_none());
        link.send(set()).unwrap();
        assert!(!link.is_idle());
        assert!(link.send(set()).is_err());
        assert!(!link.settle(Duration::from_millis(5)));

        source.sets.try_recv().unwrap();
        source.ends.send(WriteEnd::Fenced("x".into())).unwrap();
        assert!(link.settle(Duration::from_secs(5)));
        assert!(
            !link.is_idle(),
            "an end that nobody has read yet must not be overtaken"
        );
        assert!(link.send(set()).is_err());
        assert!(matches!(
            link.take_end(Duration::ZERO),
            Some(WriteEnd::Fenced(_))
        ));
        assert!(link.take_end(Duration::ZERO).is_none());
        assert!(link.is_idle());
    }

    #[test]
    fn a_writer_that_is_gone_is_noticed() {
        let (mut link, source) = link();
        link.send(set()).unwrap();
        drop(source);
        assert!(matches!(
            link.take_end(Duration::from_secs(5)),
            Some(WriteEnd::WriterGone)
        ));
        assert!(link.send(set()).is_err());
    }
}

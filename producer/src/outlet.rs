//! Where records go: to Kafka, or nowhere, to see how fast the shop is by itself.

use std::ops::Deref;
use std::sync::MutexGuard;

use service_kit::{Failure, Shutdown};

use crate::disturb::Outgoing;
use crate::publish::{Handover, Publisher};
use crate::truth_ledger::Receipts;

/// Where records go.
pub enum Outlet {
    /// To Kafka.
    Kafka(Publisher),
    /// Nowhere; every record counts as acknowledged.
    Nowhere {
        /// The name of the topic that the records would go to.
        topic: String,
        /// The receipts that this outlet writes by itself.
        receipts: Box<Receipts>,
    },
}

impl Outlet {
    /// Hands a record over; may wait.
    ///
    /// # Errors
    /// As [`Publisher::send`].
    pub fn send(
        &mut self,
        outgoing: &Outgoing<'_>,
        shutdown: &Shutdown,
    ) -> Result<Handover, Failure> {
        match self {
            Outlet::Kafka(publisher) => publisher.send(outgoing, shutdown),
            Outlet::Nowhere { receipts, .. } => {
                receipts.acknowledge(outgoing.kind, outgoing.payload);
                Ok(Handover::Accepted)
            }
        }
    }

    /// Waits until there is a receipt for every record.
    pub fn flush(&self, shutdown: &Shutdown) {
        if let Outlet::Kafka(publisher) = self {
            publisher.flush(shutdown);
        }
    }

    /// Whether a record failed for good.
    pub fn has_failed(&self) -> bool {
        match self {
            Outlet::Kafka(publisher) => publisher.has_failed(),
            Outlet::Nowhere { .. } => false,
        }
    }

    /// Records without a receipt yet.
    pub fn queued(&self) -> usize {
        match self {
            Outlet::Kafka(publisher) => publisher.queued(),
            Outlet::Nowhere { .. } => 0,
        }
    }

    /// The receipts so far.
    pub fn receipts(&self) -> impl Deref<Target = Receipts> + '_ {
        match self {
            Outlet::Kafka(publisher) => ReceiptsGuard::Locked(publisher.receipts()),
            Outlet::Nowhere { receipts, .. } => ReceiptsGuard::Own(receipts),
        }
    }

    /// The topic.
    pub fn topic(&self) -> &str {
        match self {
            Outlet::Kafka(publisher) => publisher.topic(),
            Outlet::Nowhere { topic, .. } => topic,
        }
    }
}

enum ReceiptsGuard<'a> {
    Locked(MutexGuard<'a, Receipts>),
    Own(&'a Receipts),
}

impl Deref for ReceiptsGuard<'_> {
    type Target = Receipts;

    fn deref(&self) -> &Receipts {
        match self {
            ReceiptsGuard::Locked(guard) => guard,
            ReceiptsGuard::Own(receipts) => receipts,
        }
    }
}

//! The live status: one look at the warehouse a second, shared by all who listen, and none while nobody does.

use std::sync::Arc;
use std::time::Duration;

use chrono::{SecondsFormat, Utc};
use serde::Serialize;
use service_kit::{Outage, Outcome, Shutdown};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use warehouse::console::{self, FreshnessOfStage, LedgerOfPartition, Run};
use warehouse::status::{self, Status};
use warehouse::{Warehouse, WarehouseError};

const LOOK_EVERY: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(6);
const MOST_LISTENERS: usize = 256;

/// What listeners are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Happening {
    /// The status, as JSON.
    Status(Arc<str>),
    /// The warehouse cannot be read.
    Outage(Arc<str>),
}

/// Where listeners listen.
pub struct LiveFeed {
    warehouse: Warehouse,
    shutdown: Shutdown,
    newest: watch::Sender<Option<Happening>>,
    somebody_listens: Notify,
    places: Arc<Semaphore>,
}

/// One who listens; gives the place back when dropped.
pub(crate) struct Listener {
    newest: watch::Receiver<Option<Happening>>,
    shutdown: Shutdown,
    _place: OwnedSemaphorePermit,
}

#[derive(Serialize)]
struct LiveStatus {
    kafka_records: i64,
    kafka_pending: i64,
    bronze: i64,
    bronze_bytes: i64,
    bronze_pending: i64,
    judged: i64,
    accepted: i64,
    duplicate: i64,
    quarantined: i64,
    silver_pending: i64,
    gold: i64,
    is_balanced: bool,
}

impl From<Status> for LiveStatus {
    fn from(status: Status) -> Self {
        LiveStatus {
            kafka_records: status.bronze + status.kafka_pending,
            kafka_pending: status.kafka_pending,
            bronze: status.bronze,
            bronze_bytes: status.bronze_bytes,
            bronze_pending: status.bronze_pending,
            judged: status.bronze - status.bronze_pending,
            accepted: status.accepted,
            duplicate: status.duplicate,
            quarantined: status.quarantined,
            silver_pending: status.silver_pending,
            gold: status.accepted - status.silver_pending,
            is_balanced: status.is_balanced,
        }
    }
}

/// What is compared from one look to the next.
#[derive(Serialize)]
struct Seen {
    status: LiveStatus,
    freshness: Vec<FreshnessOfStage>,
    ledger: Vec<LedgerOfPartition>,
    run: Option<Run>,
}

impl LiveFeed {
    pub(crate) fn new(warehouse: Warehouse, shutdown: Shutdown) -> LiveFeed {
        LiveFeed {
            warehouse,
            shutdown,
            newest: watch::Sender::new(None),
            somebody_listens: Notify::new(),
            places: Arc::new(Semaphore::new(MOST_LISTENERS)),
        }
    }

    /// A place to listen, unless there are too many already.
    pub(crate) fn listen(&self) -> Option<Listener> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        let mut newest = self.newest.subscribe();
        // What is there already is news to this one.
        newest.mark_changed();
        self.somebody_listens.notify_one();
        Some(Listener {
            newest,
            shutdown: self.shutdown.clone(),
            _place: place,
        })
    }

    /// Looks at the warehouse until shutdown, while somebody listens.
    ///
    /// # Errors
    /// None: an outage is told to the listeners and waited out.
    pub async fn drive(&self) -> Outcome {
        let target = self.warehouse.settings().target();
        let mut outage = Outage::new(format!("PostgreSQL at {target} (live status)"));
        let mut last_seen = String::new();
        while !self.shutdown.is_requested() {
            if self.newest.receiver_count() == 0 {
                // The next listener shall not be told what is old by then.
                self.newest.send_replace(None);
                last_seen.clear();
                tokio::select! {
                    () = self.somebody_listens.notified() => {}
                    () = self.shutdown.requested() => break,
                }
                continue;
            }
            match tokio::time::timeout(PATIENCE, self.look()).await {
                Ok(Ok(seen)) => {
                    outage.back();
                    if seen != last_seen {
                        self.newest
                            .send_replace(Some(Happening::Status(dated(&seen).into())));
                        last_seen = seen;
                    }
                }
                Ok(Err(error)) => self.tell_outage(&mut outage, &mut last_seen, &error),
                Err(_) => self.tell_outage(&mut outage, &mut last_seen, &"no answer in time"),
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = self.shutdown.requested() => break,
            }
        }
        Ok(())
    }

    /// The members of the status as JSON, without the braces around them.
    async fn look(&self) -> Result<String, WarehouseError> {
        let session = self.warehouse.connect().await?;
        let seen = Seen {
            status: status::read(&session).await?.into(),
            freshness: console::freshness(&session).await?,
            ledger: console::ledger(&session).await?,
            run: console::runs(&session, None, 1).await?.into_iter().next(),
        };
        session.release();
        serde_json::to_string(&seen).map_err(|error| {
            WarehouseError::Inconsistent(format!("the status is no JSON: {error}"))
        })
    }

    fn tell_outage(
        &self,
        outage: &mut Outage,
        last_seen: &mut String,
        why: &dyn std::fmt::Display,
    ) {
        outage.away(why);
        last_seen.clear();
        let at = now();
        let told = format!(
            r#"{{"at":"{at}","detail":"the warehouse is away or did not answer in time: the figures are those of before"}}"#
        );
        self.newest
            .send_replace(Some(Happening::Outage(told.into())));
    }
}

impl Listener {
    /// Waits for the next happening; nothing when it is over.
    pub(crate) async fn next(&mut self) -> Option<Happening> {
        loop {
            tokio::select! {
                changed = self.newest.changed() => changed.ok()?,
                () = self.shutdown.requested() => return None,
            }
            if let Some(happening) = self.newest.borrow_and_update().clone() {
                return Some(happening);
            }
        }
    }
}

fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn dated(seen: &str) -> String {
    let members = seen.strip_prefix('{').unwrap_or(seen);
    format!(r#"{{"at":"{}",{members}"#, now())
}

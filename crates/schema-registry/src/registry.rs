use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use event_contract::{RegisteredSchema, SchemaBook};
use futures_util::StreamExt;
use service_kit::{Failure, Outage};
use thiserror::Error;

use crate::cache::{Cache, unknown};
use crate::client::Client;
use crate::{Answer, RegistrySettings};

/// Look-ups under way at once.
const CONCURRENCY: usize = 8;

/// A registry and what it has said so far. Meant to be shared by all who judge.
#[derive(Debug)]
pub struct SchemaRegistry {
    client: Client,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    cache: Cache,
    outage: Outage,
    /// The id whose look-up failed last, while the registry is away.
    failed_id: Option<u32>,
}

/// The registry cannot be asked at this moment. Wait and ask again; refuse nothing for it.
#[derive(Debug, Clone, Error)]
#[error("cannot look up schema id {id} at {target}: {why}")]
pub struct RegistryAway {
    id: u32,
    target: String,
    why: String,
}

impl SchemaRegistry {
    /// A registry that nobody has asked yet: no connection is made.
    ///
    /// # Errors
    /// [`Failure::Configuration`] where there is nothing to verify its certificate with.
    pub fn new(settings: RegistrySettings) -> Result<SchemaRegistry, Failure> {
        let outage = Outage::new(format!("the schema registry at {}", settings.target()));
        metrics::gauge!("assay_schema_registry_away").set(0.0);
        Ok(SchemaRegistry {
            client: Client::new(settings)?,
            state: Mutex::new(State {
                cache: Cache::default(),
                outage,
                failed_id: None,
            }),
        })
    }

    /// What the registry says of these ids. It is asked for those that it was not asked for before, up to eight at once.
    ///
    /// # Errors
    /// [`RegistryAway`] as soon as one of them cannot be found out about. What was found out is remembered.
    pub async fn book_for(&self, ids: &BTreeSet<u32>) -> Result<SchemaBook, RegistryAway> {
        let mut book = SchemaBook::default();
        let mut missing = Vec::new();
        let now = Instant::now();
        self.with_state(|state| {
            for id in ids {
                match state.cache.get(*id, now) {
                    Some(schema) => book.insert(*id, schema),
                    None => missing.push(*id),
                }
            }
        });
        let look_ups = missing
            .into_iter()
            .map(|id| async move { (id, self.look_up(id).await) });
        let mut answers = futures_util::stream::iter(look_ups).buffer_unordered(CONCURRENCY);
        while let Some((id, answer)) = answers.next().await {
            book.insert(id, answer?);
        }
        Ok(book)
    }

    /// Asks again for what the registry failed to answer last, if it did: whether it is worth while to go on.
    ///
    /// # Errors
    /// [`RegistryAway`] where it still fails.
    pub async fn check_is_back(&self) -> Result<(), RegistryAway> {
        match self.with_state(|state| state.failed_id) {
            Some(id) => self.look_up(id).await.map(drop),
            None => Ok(()),
        }
    }

    async fn look_up(&self, id: u32) -> Result<RegisteredSchema, RegistryAway> {
        // Ids are positive 32-bit numbers; registries answer others as a wrong address, not as an unknown schema.
        if i32::try_from(id).is_err() {
            return Ok(unknown());
        }
        let answer = self.client.ask(id).await;
        let outcome = match &answer {
            Ok(Answer::Schema(_)) => "found",
            Ok(Answer::Unknown) => "unknown",
            Ok(Answer::Unusable(_)) => "unusable",
            Err(_) => "away",
        };
        metrics::counter!("assay_schema_registry_lookups_total", "outcome" => outcome).increment(1);
        match answer {
            Ok(answer) => Ok(self.with_state(|state| {
                // One id that is answered says nothing about another that is not.
                if state.failed_id.is_none_or(|failed| failed == id) {
                    state.failed_id = None;
                    if state.outage.back().is_some() {
                        metrics::gauge!("assay_schema_registry_away").set(0.0);
                    }
                }
                state.cache.remember(id, answer, Instant::now())
            })),
            Err(why) => {
                let away = RegistryAway {
                    id,
                    target: self.client.settings().target(),
                    why,
                };
                self.with_state(|state| {
                    state.failed_id = Some(id);
                    if state.outage.away(&away) {
                        metrics::gauge!("assay_schema_registry_away").set(1.0);
                    }
                });
                Err(away)
            }
        }
    }

    fn with_state<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        // Nothing in here can be left half done: a panic of another holder is no reason to stop.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        act(&mut state)
    }
}

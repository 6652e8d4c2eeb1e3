//! Judges records, with the schemas that their frames name.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use event_contract::judge::{Verdict, judge_with_schemas, schema_id};
use event_contract::{Limits, SchemaBook};
use schema_registry::{RegistryAway, SchemaRegistry};

/// A record as a judge sees it.
#[derive(Debug, Clone, Copy)]
pub struct Judgeable<'r> {
    /// The Kafka value; nothing for a tombstone.
    pub payload: Option<&'r [u8]>,
    /// When bronze took it.
    pub received_at: DateTime<Utc>,
}

/// Judges records by the contract; clones share the registry and what it said.
#[derive(Debug, Clone, Default)]
pub struct EventJudge {
    limits: Limits,
    registry: Option<Arc<SchemaRegistry>>,
}

impl EventJudge {
    /// A judge with the default limits. Without a registry every Confluent frame is refused as `unknown_schema`.
    pub fn new(registry: Option<Arc<SchemaRegistry>>) -> EventJudge {
        EventJudge {
            limits: Limits::default(),
            registry,
        }
    }

    /// The verdicts on these records, in their order. First all schemas that are not known yet are looked up, each once;
    /// that takes no time where no frame names one.
    ///
    /// Blocks the thread while it judges, which is pure computation: needs a runtime of several threads.
    ///
    /// # Errors
    /// [`RegistryAway`]: nothing is judged, and nothing may be refused for it. Try again later.
    pub async fn judge_all<'r, Records>(
        &self,
        records: Records,
    ) -> Result<Vec<Verdict>, RegistryAway>
    where
        Records: Iterator<Item = Judgeable<'r>> + Clone,
    {
        let schemas = match &self.registry {
            Some(registry) => {
                let ids: BTreeSet<u32> = records
                    .clone()
                    .filter_map(|record| schema_id(record.payload, &self.limits))
                    .collect();
                registry.book_for(&ids).await?
            }
            None => SchemaBook::default(),
        };
        let judge = |record: Judgeable<'r>| {
            judge_with_schemas(record.payload, record.received_at, &self.limits, &schemas)
        };
        Ok(tokio::task::block_in_place(|| records.map(judge).collect()))
    }

    /// Whether it is worth while to judge: the registry is not away, or is back.
    pub async fn is_ready(&self) -> bool {
        match &self.registry {
            Some(registry) => registry.check_is_back().await.is_ok(),
            None => true,
        }
    }
}

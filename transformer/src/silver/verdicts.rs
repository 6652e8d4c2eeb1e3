//! What becomes of each record: accepted, duplicate or quarantined. Pure; the database's part is given as arguments.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use event_contract::judge::{Accepted, Verdict};
use event_contract::{Reason, TransactionEvent};
use uuid::Uuid;
use warehouse::silver::{DuplicateRow, KnownEvent, RecordPosition};

/// A record with what the contract's judge said of it.
#[derive(Debug, Clone)]
pub struct JudgedRecord {
    /// The record.
    pub position: RecordPosition,
    /// `bronze.events.ingested_at`
    pub ingested_at: DateTime<Utc>,
    /// The judge's word; what it accepts can still be a duplicate.
    pub verdict: Verdict,
}

/// An event to be loaded.
#[derive(Debug, Clone, Copy)]
pub struct LoadableEvent<'j> {
    /// Its record.
    pub position: RecordPosition,
    /// The event.
    pub event: &'j TransactionEvent,
    /// The hash of its content.
    pub content_hash: [u8; 16],
    /// Pieces in its lines.
    pub units: i32,
    /// What they cost the shop, in hundredths.
    pub cost_cents: i64,
}

/// A record to be quarantined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinedRecord {
    /// The record.
    pub position: RecordPosition,
    /// `bronze.events.ingested_at`
    pub ingested_at: DateTime<Utc>,
    /// The event's id, where it could be read.
    pub event_id: Option<Uuid>,
    /// Why.
    pub reason: Reason,
    /// What was found.
    pub detail: String,
}

/// All records of a load, each in exactly one of the three.
#[derive(Debug, Default)]
pub struct SortedRecords<'j> {
    /// In order of partition, then event id: the order in which their rows are written.
    pub accepted: Vec<LoadableEvent<'j>>,
    /// Copies.
    pub duplicates: Vec<DuplicateRow>,
    /// Refused.
    pub quarantined: Vec<QuarantinedRecord>,
}

/// The ids that may be loaded, sorted: what to ask the warehouse about.
pub fn acceptable_ids(judged: &[JudgedRecord]) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> = judged
        .iter()
        .filter_map(|record| match &record.verdict {
            Verdict::Accepted(accepted) => Some(accepted.event.event_id),
            Verdict::Quarantined(_) => None,
        })
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Gives each record its verdict.
///
/// The first record of an event is kept; `judged` is in order of partition and offset. `known` are the events that were
/// accepted before this load, `refused` the records that the database would not take, with its words.
pub fn sort_out<'j>(
    judged: &'j [JudgedRecord],
    known: &HashMap<Uuid, KnownEvent>,
    refused: &HashMap<RecordPosition, String>,
) -> SortedRecords<'j> {
    let mut kept: HashMap<Uuid, KnownEvent> = HashMap::with_capacity(judged.len());
    let mut sorted = SortedRecords::default();
    for record in judged {
        let accepted = match &record.verdict {
            Verdict::Accepted(accepted) => accepted,
            Verdict::Quarantined(refusal) => {
                let detail = refusal.detail.clone();
                sorted.quarantine(record, refusal.event_id, refusal.reason, detail);
                continue;
            }
        };
        let event_id = accepted.event.event_id;
        if let Some(words) = refused.get(&record.position) {
            sorted.quarantine(record, Some(event_id), Reason::DbReject, words.clone());
            continue;
        }
        if let Some(earlier) = known.get(&event_id).or_else(|| kept.get(&event_id)) {
            sorted.meet_again(record, accepted, *earlier);
            continue;
        }
        match measure(record.position, accepted) {
            Ok(loadable) => {
                let first = KnownEvent {
                    position: record.position,
                    content_hash: loadable.content_hash,
                };
                kept.insert(event_id, first);
                sorted.accepted.push(loadable);
            }
            Err(detail) => {
                sorted.quarantine(record, Some(event_id), Reason::AmountRange, detail);
            }
        }
    }
    // Two loads that meet the same events insert them in the same order within a partition.
    sorted.accepted.sort_by_key(|loadable| {
        let RecordPosition {
            topic_id,
            kafka_partition,
            ..
        } = loadable.position;
        (topic_id, kafka_partition, loadable.event.event_id)
    });
    sorted
}

impl SortedRecords<'_> {
    fn quarantine(
        &mut self,
        record: &JudgedRecord,
        event_id: Option<Uuid>,
        reason: Reason,
        detail: String,
    ) {
        self.quarantined.push(QuarantinedRecord {
            position: record.position,
            ingested_at: record.ingested_at,
            event_id,
            reason,
            detail,
        });
    }

    fn meet_again(&mut self, record: &JudgedRecord, accepted: &Accepted, earlier: KnownEvent) {
        let event_id = accepted.event.event_id;
        if earlier.content_hash == accepted.content_hash {
            self.duplicates.push(DuplicateRow {
                position: record.position,
                event_id,
                kept: earlier.position,
            });
        } else {
            let detail = conflict_detail(&earlier);
            self.quarantine(record, Some(event_id), Reason::IdConflict, detail);
        }
    }
}

fn conflict_detail(earlier: &KnownEvent) -> String {
    let RecordPosition {
        topic_id,
        kafka_partition,
        kafka_offset,
    } = earlier.position;
    format!(
        "the event id was accepted with other content from topic {topic_id} partition {kafka_partition} offset \
         {kafka_offset}"
    )
}

fn measure(position: RecordPosition, accepted: &Accepted) -> Result<LoadableEvent<'_>, String> {
    let event = &accepted.event;
    let mut units = 0i32;
    let mut cost_cents = 0i64;
    for item in &event.items {
        let line_cost = item.cost.checked_times(item.quantity);
        let sums = line_cost.and_then(|cost| {
            Some((
                units.checked_add(item.quantity)?,
                cost_cents.checked_add(cost.cents())?,
            ))
        });
        let Some(sums) = sums else {
            return Err(format!(
                "the cost of {} pieces at {} leaves the range of amounts",
                item.quantity, item.cost
            ));
        };
        (units, cost_cents) = sums;
    }
    Ok(LoadableEvent {
        position,
        event,
        content_hash: accepted.content_hash,
        units,
        cost_cents,
    })
}

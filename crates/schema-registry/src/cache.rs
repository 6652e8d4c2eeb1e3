//! What was looked up, bounded.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use event_contract::{RegisteredSchema, WriterSchema};

use crate::Answer;

/// How long it is remembered that an id does not exist.
///
/// A schema is registered before the first record that is written with it, so a miss is final for the records at hand, and
/// a stream of bad ids must not become a stream of requests: a load has at most 65,536 records, and all their ids are
/// looked up well before the first is forgotten. Not for good, because a registry that lost its data gets it back.
pub const UNKNOWN_IS_KEPT_FOR: Duration = Duration::from_secs(300);

/// Schemas kept at most; a plan takes some 10 KB. Beyond them all are forgotten and asked for again.
const MAX_KNOWN: usize = 1_000;

/// Unknown ids kept at most.
const MAX_UNKNOWN: usize = 131_072;

#[derive(Debug, Default)]
pub(crate) struct Cache {
    known: HashMap<u32, RegisteredSchema>,
    unknown_since: HashMap<u32, Instant>,
}

impl Cache {
    /// What is remembered of an id.
    pub(crate) fn get(&self, id: u32, now: Instant) -> Option<RegisteredSchema> {
        if let Some(schema) = self.known.get(&id) {
            return Some(schema.clone());
        }
        let since = self.unknown_since.get(&id)?;
        (now.duration_since(*since) < UNKNOWN_IS_KEPT_FOR).then(unknown)
    }

    /// Remembers an answer, and gives what it means for a judge.
    pub(crate) fn remember(&mut self, id: u32, answer: Answer, now: Instant) -> RegisteredSchema {
        let schema = match answer {
            Answer::Unknown => {
                self.remember_unknown(id, now);
                return unknown();
            }
            Answer::Unusable(why) => RegisteredSchema::Unusable(why.into()),
            Answer::Schema(text) => match WriterSchema::parse(&text) {
                Ok(schema) => RegisteredSchema::Readable(Arc::new(schema)),
                Err(why) => RegisteredSchema::Unusable(
                    format!("no event of ours can be read from it: {why}").into(),
                ),
            },
        };
        if self.known.len() >= MAX_KNOWN {
            self.known.clear();
        }
        self.unknown_since.remove(&id);
        self.known.insert(id, schema.clone());
        schema
    }

    fn remember_unknown(&mut self, id: u32, now: Instant) {
        if self.unknown_since.len() >= MAX_UNKNOWN {
            self.unknown_since
                .retain(|_, since| now.duration_since(*since) < UNKNOWN_IS_KEPT_FOR);
        }
        if self.unknown_since.len() >= MAX_UNKNOWN {
            self.unknown_since.clear();
        }
        self.unknown_since.insert(id, now);
    }
}

pub(crate) fn unknown() -> RegisteredSchema {
    RegisteredSchema::Unusable("the schema registry knows no such schema".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_kept_for_good_and_a_miss_for_a_while() {
        let mut cache = Cache::default();
        let now = Instant::now();
        assert!(cache.get(1, now).is_none());
        let text = event_contract::schema::TRANSACTION_EVENT_V1.to_owned();
        assert!(matches!(
            cache.remember(1, Answer::Schema(text), now),
            RegisteredSchema::Readable(_)
        ));
        cache.remember(2, Answer::Unknown, now);
        cache.remember(3, Answer::Schema("\"string\"".into()), now);
        let just_before = now + UNKNOWN_IS_KEPT_FOR - Duration::from_millis(1);
        assert!(cache.get(2, just_before).is_some());
        let later = now + UNKNOWN_IS_KEPT_FOR;
        assert!(cache.get(2, later).is_none());
        assert!(cache.get(1, later).is_some());
        assert!(matches!(
            cache.get(3, later),
            Some(RegisteredSchema::Unusable(_))
        ));
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let mut cache = Cache::default();
        let now = Instant::now();
        for id in 0..300_000 {
            cache.remember(id, Answer::Unknown, now);
        }
        assert!(cache.unknown_since.len() <= MAX_UNKNOWN);
        for id in 0..3_000 {
            cache.remember(id, Answer::Unusable("x".into()), now);
        }
        assert!(cache.known.len() <= MAX_KNOWN);
    }
}

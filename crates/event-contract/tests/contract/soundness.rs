//! What must hold of every verdict, whatever the payload was.

use chrono::{DateTime, Utc};
use event_contract::judge::{MAX_DETAIL_CHARS, Quarantine, Verdict, judge_with_schemas};
use event_contract::{Limits, Reason, SchemaBook, TransactionEvent, encode};

use crate::registered::book;

pub(crate) fn received_at() -> DateTime<Utc> {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

pub(crate) fn encoded(event: &TransactionEvent) -> Vec<u8> {
    let mut payload = Vec::new();
    encode::single_object(event, &mut payload);
    payload
}

/// Judges, and holds the verdict against what is promised of all verdicts.
pub(crate) fn sound_verdict(payload: Option<&[u8]>) -> Verdict {
    sound_verdict_with(payload, book())
}

/// As [`sound_verdict`], with schemas of its own.
pub(crate) fn sound_verdict_with(payload: Option<&[u8]>, book: &SchemaBook) -> Verdict {
    let judge = |payload| judge_with_schemas(payload, received_at(), &Limits::default(), book);
    let verdict = judge(payload);
    let again = judge(payload);
    assert_eq!(verdict, again, "a verdict depends on the payload alone");
    match &verdict {
        Verdict::Quarantined(quarantine) => check_detail(quarantine),
        Verdict::Accepted(accepted) => {
            let hash = encode::content_hash(&accepted.event);
            assert_eq!(
                accepted.content_hash, hash,
                "the hash is that of the canonical datum"
            );
            let of_canonical = judge(Some(&encoded(&accepted.event)));
            // Only an older shop's envelope may break the identities that its canonical form is held against.
            let is_envelope = payload.is_some_and(|payload| payload.starts_with(b"{"));
            if !(is_envelope && class(&of_canonical) == "amount_identity") {
                assert_eq!(
                    verdict, of_canonical,
                    "the canonical form is the same content"
                );
            }
        }
    }
    verdict
}

fn check_detail(quarantine: &Quarantine) {
    let detail = &quarantine.detail;
    assert!(!detail.is_empty());
    assert!(detail.chars().count() <= MAX_DETAIL_CHARS, "{detail}");
    let is_harmless = |character: char| {
        !character.is_control()
            && !matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    assert!(detail.chars().all(is_harmless), "{detail:?}");
}

/// `accepted`, or the code of the reason.
pub(crate) fn class(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted(_) => "accepted",
        Verdict::Quarantined(quarantine) => quarantine.reason.as_str(),
    }
}

pub(crate) fn reason_of(payload: &[u8]) -> Option<Reason> {
    match sound_verdict(Some(payload)) {
        Verdict::Accepted(_) => None,
        Verdict::Quarantined(quarantine) => Some(quarantine.reason),
    }
}

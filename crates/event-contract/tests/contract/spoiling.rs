//! Payloads spoilt on purpose are refused for exactly what was done to them.

use std::collections::BTreeSet;

use event_contract::Reason;
use event_contract::judge::Verdict;
use event_contract::spoil::{KINDS, spoil};
use proptest::prelude::*;

use crate::generate::good_event;
use crate::soundness::{encoded, reason_of, sound_verdict};

proptest! {
    #[test]
    fn every_kind_is_refused_for_what_it_is(event in good_event()) {
        let payload = encoded(&event);
        for kind in KINDS {
            let spoiled = spoil(*kind, &event, &payload);
            let spoiled = spoiled.unwrap_or_else(|| panic!("{kind} gave nothing"));
            prop_assert_eq!(reason_of(&spoiled), Some(*kind), "{}", kind);
        }
    }

    #[test]
    fn what_is_readable_keeps_the_event_id(event in good_event()) {
        let payload = encoded(&event);
        for kind in [Reason::BadUnion, Reason::Truncated, Reason::AmountIdentity, Reason::BadCurrency] {
            let spoiled = spoil(kind, &event, &payload).unwrap();
            match sound_verdict(Some(&spoiled)) {
                Verdict::Quarantined(quarantine) => prop_assert_eq!(quarantine.event_id, Some(event.event_id)),
                Verdict::Accepted(_) => prop_assert!(false, "{} was accepted", kind),
            }
        }
    }

    #[test]
    fn other_kinds_give_nothing(event in good_event()) {
        let payload = encoded(&event);
        for reason in Reason::ALL.iter().filter(|reason| !KINDS.contains(reason)) {
            prop_assert_eq!(spoil(*reason, &event, &payload), None, "{}", reason);
        }
    }
}

#[test]
fn kinds_are_distinct() {
    let distinct: BTreeSet<_> = KINDS.iter().collect();
    assert_eq!(distinct.len(), KINDS.len());
}

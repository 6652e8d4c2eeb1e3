//! What must hold for random events and random bytes.

use event_contract::encode::SINGLE_OBJECT_HEADER_BYTES;
use event_contract::judge::Verdict;
use event_contract::{Reason, encode};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::generate::{any_event, good_event};
use crate::loose;
use crate::soundness::{encoded, reason_of, sound_verdict};

/// One change of some bytes.
#[derive(Debug, Clone)]
enum Mutation {
    Set(Index, u8),
    Flip(Index, u32),
    Insert(Index, u8),
    Remove(Index),
    CutAt(Index),
    Double(Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let place = any::<Index>;
    prop_oneof![
        (place(), any::<u8>()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        (place(), 0..8_u32).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        (place(), any::<u8>()).prop_map(|(at, byte)| Mutation::Insert(at, byte)),
        place().prop_map(Mutation::Remove),
        place().prop_map(Mutation::CutAt),
        place().prop_map(Mutation::Double),
    ]
}

fn mutate(payload: &mut Vec<u8>, mutation: &Mutation) {
    if payload.is_empty() {
        return;
    }
    let length = payload.len();
    match mutation {
        Mutation::Set(at, byte) => payload[at.index(length)] = *byte,
        Mutation::Flip(at, bit) => payload[at.index(length)] ^= 1 << bit,
        Mutation::Insert(at, byte) => payload.insert(at.index(length), *byte),
        Mutation::Remove(at) => drop(payload.remove(at.index(length))),
        Mutation::CutAt(at) => payload.truncate(at.index(length)),
        Mutation::Double(at) => payload.extend_from_within(at.index(length)..),
    }
}

proptest! {
    #[test]
    fn a_good_event_is_accepted_as_it_was(event in good_event()) {
        match sound_verdict(Some(&encoded(&event))) {
            Verdict::Accepted(accepted) => prop_assert_eq!(accepted.event, event),
            refused => prop_assert!(false, "{refused:?}"),
        }
    }

    #[test]
    fn every_valid_encoding_is_the_same_event(event in good_event(), seed: u64) {
        let canonical = sound_verdict(Some(&encoded(&event)));
        prop_assert_eq!(sound_verdict(Some(&loose::single_object(&event, seed))), canonical);
    }

    #[test]
    fn any_event_has_a_sound_verdict(event in any_event()) {
        sound_verdict(Some(&encoded(&event)));
    }

    #[test]
    fn changed_bytes_have_a_sound_verdict(
        event in good_event(),
        mutations in vec(mutation(), 1..6),
    ) {
        let mut payload = encoded(&event);
        for mutation in &mutations {
            mutate(&mut payload, mutation);
        }
        sound_verdict(Some(&payload));
    }

    #[test]
    fn changed_datums_have_a_sound_verdict(
        event in good_event(),
        mutations in vec(mutation(), 1..4),
    ) {
        // The frame is left alone, so that every change reaches the decoder.
        let mut payload = encoded(&event);
        let mut datum = payload.split_off(SINGLE_OBJECT_HEADER_BYTES);
        for mutation in &mutations {
            mutate(&mut datum, mutation);
        }
        payload.extend(datum);
        sound_verdict(Some(&payload));
    }

    #[test]
    fn random_bytes_have_a_sound_verdict(bytes in vec(any::<u8>(), 0..200)) {
        sound_verdict(Some(&bytes));
        let framed = [&[0xC3, 0x01][..], &event_contract::schema::FINGERPRINT_V1, &bytes].concat();
        sound_verdict(Some(&framed));
        sound_verdict(Some(&[b"{", &bytes[..]].concat()));
    }

    #[test]
    fn changed_json_has_a_sound_verdict(event in good_event(), mutations in vec(mutation(), 1..6)) {
        let mut payload = Vec::new();
        encode::json(&event, &mut payload);
        for mutation in &mutations {
            mutate(&mut payload, mutation);
        }
        sound_verdict(Some(&payload));
    }
}

proptest! {
    // Each case judges every prefix, some 400 of them.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_truncation_is_refused_as_one(event in good_event(), seed: u64) {
        for payload in [encoded(&event), loose::single_object(&event, seed)] {
            for cut in 0..payload.len() {
                let expected = match cut {
                    0 => Reason::Empty,
                    1..SINGLE_OBJECT_HEADER_BYTES => Reason::ShortHeader,
                    _ => Reason::Truncated,
                };
                prop_assert_eq!(reason_of(&payload[..cut]), Some(expected), "cut at {}", cut);
            }
        }
    }

    #[test]
    fn whatever_follows_an_event_is_refused(event in good_event(), surplus in vec(any::<u8>(), 1..20)) {
        let payload = [encoded(&event), surplus].concat();
        prop_assert_eq!(reason_of(&payload), Some(Reason::TrailingBytes));
    }
}

//! The corpus in tests/corpus: given inputs, expected outcomes.

use std::collections::{BTreeMap, BTreeSet};

use event_contract::Reason;
use event_contract::judge::Verdict;
use event_contract::schema::SchemaVersion;
use serde_json::{Map, Value};

use crate::document::EncodedFields;
use crate::registered::confluent_header;
use crate::soundness::{class, received_at, sound_verdict};

/// What no payload can be refused for any more, or not by the judge; everything else must occur in the corpus.
const NOT_GIVEN: [Reason; 3] = [
    Reason::UnsupportedFraming,
    Reason::IdConflict,
    Reason::DbReject,
];

struct Corpus {
    bases: Bases,
    cases: Vec<Value>,
}

/// What the cases change.
struct Bases {
    event: Value,
    envelope: Value,
}

fn corpus() -> Corpus {
    let file: Value = serde_json::from_str(include_str!("../corpus/judge.json")).unwrap();
    assert_eq!(file["received_at"], "2026-06-01T12:00:00Z");
    assert_eq!(received_at().to_rfc3339(), "2026-06-01T12:00:00+00:00");
    Corpus {
        bases: Bases {
            event: file["base"].clone(),
            envelope: file["envelope"].clone(),
        },
        cases: file["cases"].as_array().unwrap().clone(),
    }
}

#[test]
fn every_case_ends_as_expected() {
    let corpus = corpus();
    let mut failures = Vec::new();
    for case in &corpus.cases {
        let payload = payload_of(case, &corpus.bases);
        let verdict = sound_verdict(payload.as_deref());
        let (name, expected) = (&case["name"], case["expect"].as_str().unwrap());
        if class(&verdict) != expected {
            failures.push(format!("{name}: expected {expected}, got {verdict:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn other_spellings_are_the_same_content() {
    let corpus = corpus();
    let hash_of = |case: &Value| match sound_verdict(payload_of(case, &corpus.bases).as_deref()) {
        Verdict::Accepted(accepted) => accepted.content_hash,
        Verdict::Quarantined(quarantine) => panic!("{}: {quarantine:?}", case["name"]),
    };
    let base_hash = hash_of(&corpus.cases[0]);
    for case in &corpus.cases {
        if case["same_content"] == true {
            assert_eq!(hash_of(case), base_hash, "{}", case["name"]);
        } else if case["expect"] == "accepted" {
            assert_ne!(hash_of(case), base_hash, "{}", case["name"]);
        }
    }
}

#[test]
fn every_reason_that_the_judge_can_give_occurs() {
    let occurring: BTreeSet<String> = corpus()
        .cases
        .iter()
        .map(|case| case["expect"].as_str().unwrap().to_owned())
        .collect();
    for reason in Reason::ALL {
        let is_expected = !NOT_GIVEN.contains(reason);
        assert_eq!(occurring.contains(reason.as_str()), is_expected, "{reason}");
    }
}

#[test]
fn no_case_stands_twice() {
    let corpus = corpus();
    let mut names_by_payload = BTreeMap::new();
    let mut names = BTreeSet::new();
    for case in &corpus.cases {
        let name = case["name"].as_str().unwrap();
        assert!(names.insert(name), "{name} stands twice");
        let earlier = names_by_payload.insert(payload_of(case, &corpus.bases), name);
        assert_eq!(earlier, None, "{name} has the same payload");
    }
}

#[test]
fn the_event_id_is_told_where_it_can_be_read() {
    let corpus = corpus();
    let event_id = corpus.bases.event["event_id"].as_str().unwrap();
    let told = |name: &str| {
        let case = corpus
            .cases
            .iter()
            .find(|case| case["name"] == name)
            .unwrap();
        match sound_verdict(payload_of(case, &corpus.bases).as_deref()) {
            Verdict::Quarantined(quarantine) => quarantine.event_id.map(|id| id.to_string()),
            Verdict::Accepted(_) => panic!("{name} is accepted"),
        }
    };
    assert_eq!(told("union branch 7").as_deref(), Some(event_id));
    assert_eq!(told("a total off by one cent").as_deref(), Some(event_id));
    assert_eq!(told("a datum and one byte more").as_deref(), Some(event_id));
    assert_eq!(told("event id that is no UUID"), None);
    assert_eq!(told("raw text"), None);
}

#[test]
fn a_breach_of_an_identity_tells_both_figures() {
    let corpus = corpus();
    let detail_of = |name: &str| {
        let case = corpus
            .cases
            .iter()
            .find(|case| case["name"] == name)
            .unwrap();
        match sound_verdict(payload_of(case, &corpus.bases).as_deref()) {
            Verdict::Quarantined(quarantine) => quarantine.detail,
            Verdict::Accepted(_) => panic!("{name} is accepted"),
        }
    };
    assert_eq!(
        detail_of("a total off by one cent"),
        "order.total_amount: 139.79 is stated, but subtotal + tax_amount + shipping_amount - discount_amount give 139.78"
    );
    assert_eq!(
        detail_of("a product beyond 64 bits"),
        "order.subtotal: 114.90 is stated, but the lines' unit_price * quantity give 9999999999999999990089.90"
    );
}

/// The bytes of a case; nothing for a null value.
fn payload_of(case: &Value, bases: &Bases) -> Option<Vec<u8>> {
    let case = case.as_object().unwrap();
    check_keys(case);
    if case.contains_key("payload_null") {
        return None;
    }
    if let Some(text) = case.get("payload_text") {
        return Some(spliced(text).into_bytes());
    }
    if let Some(hex) = case.get("payload_hex") {
        return Some(bytes_of_hex(hex));
    }

    match case.get("frame").and_then(Value::as_str) {
        None => Some(avro_payload(case, &bases.event)),
        Some("json") => Some(json_payload(case, &bases.event)),
        Some("envelope") => Some(json_payload(case, &bases.envelope)),
        Some(frame) => panic!("unknown frame {frame}"),
    }
}

fn avro_payload(case: &Map<String, Value>, base: &Value) -> Vec<u8> {
    let mut event = base.clone();
    for (pointer, value) in entries(case, "patch") {
        let field = event.pointer_mut(pointer);
        *field.unwrap_or_else(|| panic!("no field {pointer}")) = unfolded(value);
    }
    let raw = entries(case, "raw")
        .map(|(pointer, hex)| (pointer.clone(), bytes_of_hex(hex)))
        .collect();
    let cut_before = case.get("cut_before").and_then(Value::as_str);
    let version = match case.get("version").and_then(Value::as_u64) {
        None => SchemaVersion::V1,
        Some(2) => SchemaVersion::V2,
        Some(version) => panic!("no version {version}"),
    };

    let mut payload = match (case.get("header"), case.get("schema")) {
        (Some(hex), _) => bytes_of_hex(hex),
        (None, Some(id)) => confluent_header(u32::try_from(id.as_u64().unwrap()).unwrap()),
        (None, None) => [&[0xC3, 0x01][..], &version.fingerprint()].concat(),
    };
    payload.extend(EncodedFields::of(&event, version).join(&raw, cut_before));
    let cut_bytes = case
        .get("cut_bytes")
        .map_or(0, |count| count.as_u64().unwrap());
    payload.truncate(payload.len() - usize::try_from(cut_bytes).unwrap());
    payload.extend(case.get("append").map(bytes_of_hex).unwrap_or_default());
    payload
}

fn json_payload(case: &Map<String, Value>, base: &Value) -> Vec<u8> {
    let mut document = base.clone();
    let mut bare_texts = Vec::new();
    for (pointer, value) in entries(case, "patch") {
        let value = match value.get("$raw").and_then(Value::as_str) {
            Some(bare) => {
                bare_texts.push(bare);
                Value::String(format!("@@{}@@", bare_texts.len() - 1))
            }
            None => unfolded(value),
        };
        put(&mut document, pointer, value);
    }
    for pointer in case
        .get("remove")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let (parent, field) = pointer.as_str().unwrap().rsplit_once('/').unwrap();
        let parent = document.pointer_mut(parent).and_then(Value::as_object_mut);
        let removed = parent.and_then(|parent| parent.remove(field));
        assert!(removed.is_some(), "no field {pointer}");
    }
    let mut text = document.to_string();
    for (number, bare) in bare_texts.iter().enumerate() {
        text = text.replace(&format!("\"@@{number}@@\""), bare);
    }
    text.into_bytes()
}

/// Sets a field of a document, which may be new to its object.
fn put(document: &mut Value, pointer: &str, value: Value) {
    if let Some(field) = document.pointer_mut(pointer) {
        *field = value;
        return;
    }
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).and_then(Value::as_object_mut);
    let parent = parent.unwrap_or_else(|| panic!("nothing to hold {pointer}"));
    parent.insert(field.to_owned(), value);
}

/// A misspelt key would silently make a case another one.
fn check_keys(case: &Map<String, Value>) {
    const KNOWN: [&str; 16] = [
        "name",
        "expect",
        "same_content",
        "payload_null",
        "payload_text",
        "payload_hex",
        "patch",
        "raw",
        "header",
        "cut_before",
        "cut_bytes",
        "append",
        "version",
        "frame",
        "schema",
        "remove",
    ];
    for key in case.keys() {
        assert!(KNOWN.contains(&key.as_str()), "unknown key {key}");
    }
}

fn entries<'a>(
    case: &'a Map<String, Value>,
    key: &str,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    case.get(key)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

fn repetition(value: &Value) -> Option<(&Value, usize)> {
    let [repeated, count] = value.get("$repeat")?.as_array()?.as_slice() else {
        return None;
    };
    Some((repeated, usize::try_from(count.as_u64()?).ok()?))
}

/// A patch's value, repetitions written out.
fn unfolded(value: &Value) -> Value {
    match repetition(value) {
        Some((Value::String(text), count)) => Value::String(text.repeat(count)),
        Some((repeated, count)) => Value::Array(vec![repeated.clone(); count]),
        None => value.clone(),
    }
}

/// Text of one part or several.
fn spliced(value: &Value) -> String {
    match value {
        Value::Array(parts) => parts.iter().map(spliced).collect(),
        part => unfolded(part).as_str().unwrap().to_owned(),
    }
}

fn bytes_of_hex(value: &Value) -> Vec<u8> {
    let digits = spliced(value);
    assert_eq!(digits.len() % 2, 0, "{digits}");
    (0..digits.len())
        .step_by(2)
        .map(|start| u8::from_str_radix(&digits[start..start + 2], 16).unwrap())
        .collect()
}

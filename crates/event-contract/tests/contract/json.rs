//! Events as JSON: the same content as their Avro form, and what the older shops' envelope becomes.

use event_contract::judge::{Accepted, Verdict, judge};
use event_contract::{Channel, EventType, Limits, Money, encode};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::generate::good_event;
use crate::soundness::{encoded, received_at, sound_verdict};

proptest! {
    #[test]
    fn a_good_event_as_json_is_the_same_content(event in good_event()) {
        let mut document = Vec::new();
        encode::json(&event, &mut document);
        prop_assert_eq!(sound_verdict(Some(&document)), sound_verdict(Some(&encoded(&event))));
    }

    /// 16 significant digits are what a float keeps of any decimal.
    #[test]
    fn an_envelopes_amounts_survive_the_float(cents in 0..1_000_000_000_000_i64) {
        let mut envelope = envelope();
        let amount = Money::from_cents(cents);
        let float: f64 = amount.to_string().parse().unwrap();
        envelope["data"]["transaction_details"]["items"][0]["cost"] = json!(float);
        prop_assert_eq!(accepted(&envelope).event.items[0].cost, amount);
    }
}

fn envelope() -> Value {
    let corpus: Value = serde_json::from_str(include_str!("../corpus/judge.json")).unwrap();
    corpus["envelope"].clone()
}

fn accepted(envelope: &Value) -> Accepted {
    accepted_text(&envelope.to_string())
}

fn accepted_text(document: &str) -> Accepted {
    match sound_verdict(Some(document.as_bytes())) {
        Verdict::Accepted(accepted) => *accepted,
        refused => panic!("{refused:?}"),
    }
}

#[test]
fn an_envelope_becomes_an_order_placed() {
    let event = accepted(&envelope()).event;
    // UUID v5 of "<transaction id>/purchase", computed apart from this crate. Changing it would double every purchase.
    assert_eq!(
        event.event_id.to_string(),
        "a080616f-c006-5800-981b-0f655484bb01"
    );
    assert_eq!(event.event_type, EventType::OrderPlaced);
    assert_eq!(event.channel, Channel::Import);
    assert_eq!(
        event.event_timestamp.to_rfc3339(),
        "2026-06-01T11:59:58+00:00"
    );
    let order = &event.order;
    let texts = [&order.status, &order.payment_method, &order.currency];
    assert_eq!(texts, ["placed", "credit_card", "EUR"]);
    let cents = [
        order.subtotal,
        order.tax_amount,
        order.shipping_amount,
        order.discount_amount,
        order.total_amount,
    ]
    .map(Money::cents);
    assert_eq!(cents, [11_490, 2_248, 490, 1_000, 13_228]);
    let line = &event.items[0];
    assert_eq!((line.name.as_str(), line.quantity), ("", 2));
    // 1.25 a piece, twice.
    let cents = [line.unit_price, line.discount, line.cost].map(Money::cents);
    assert_eq!(cents, [1_250, 250, 500]);
}

#[test]
fn numbers_of_an_envelope_are_mapped_one_by_one() {
    let mapped = |field: &str, number: i64| {
        let mut envelope = envelope();
        envelope["data"]["transaction_details"]["order"][field] = json!(number);
        let order = accepted(&envelope).event.order;
        match field {
            "status" => order.status,
            "payment_method" => order.payment_method,
            _ => order.currency,
        }
    };
    let all = |field, count| {
        (1..=count)
            .map(|number| mapped(field, number))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        all("status", 5),
        ["placed", "to_ship", "shipped", "returned", "completed"]
    );
    assert_eq!(all("payment_method", 3), ["credit_card", "paypal", "cash"]);
    assert_eq!(all("currency", 2), ["EUR", "USD"]);
}

#[test]
fn the_same_purchase_in_other_words_is_a_duplicate_and_another_one_is_not() {
    let first = accepted(&envelope());
    let mut again = envelope();
    again["data"]["processed_status"] = json!("processed");
    // The same float, in more digits.
    let again = again.to_string().replace("132.28", "132.280000000000001");
    let again = accepted_text(&again);
    assert_eq!(again.content_hash, first.content_hash);
    let mut other = envelope();
    other["data"]["transaction_details"]["transaction_id"] = json!("txn_other");
    assert_ne!(accepted(&other).event.event_id, first.event.event_id);
}

#[test]
fn a_refused_envelope_still_tells_its_event_id() {
    let mut broken = envelope();
    broken["data"]["transaction_details"]["order"]["status"] = json!(9);
    let verdict = judge(
        Some(broken.to_string().as_bytes()),
        received_at(),
        &Limits::default(),
    );
    match verdict {
        Verdict::Quarantined(quarantine) => assert_eq!(
            quarantine.event_id,
            Some(accepted(&envelope()).event.event_id)
        ),
        accepted => panic!("{accepted:?}"),
    }
}

//! Bad payloads on demand: turns a good event into bytes that the judge must quarantine with one given reason.
//!
//! The producer mixes them into its stream, so that a run can prove that each was refused for what it is.

use chrono::{DateTime, TimeDelta};

use crate::encode::{self, SINGLE_OBJECT_HEADER_BYTES, SINGLE_OBJECT_MAGIC};
use crate::encode_json;
use crate::schema::{FINGERPRINT_V1, SchemaVersion};
use crate::{EventType, Item, Money, Reason, TransactionEvent};

/// The reasons that [`spoil`] can provoke.
///
/// Not among them: `tombstone` (there are no bytes to give; send a null value), `oversize` (depends on the judge's
/// limit, and the broker has one of its own), and what no payload of contract version 1 can be refused for.
pub const KINDS: &[Reason] = &[
    Reason::Empty,
    Reason::BadMagic,
    Reason::ShortHeader,
    Reason::UnknownSchema,
    Reason::NonFinite,
    Reason::DecimalScale,
    Reason::UnknownType,
    Reason::BadJson,
    Reason::Truncated,
    Reason::TrailingBytes,
    Reason::BadLength,
    Reason::AllocLimit,
    Reason::BadVarint,
    Reason::IntOverflow,
    Reason::BadUnion,
    Reason::BadEnum,
    Reason::BadUtf8,
    Reason::BadDecimal,
    Reason::DecimalPrecision,
    Reason::BadUuid,
    Reason::UnknownVersion,
    Reason::TsRange,
    Reason::TsTooOld,
    Reason::TsFuture,
    Reason::NulChar,
    Reason::ControlChar,
    Reason::FieldTooLong,
    Reason::MissingField,
    Reason::UnexpectedItems,
    Reason::BadCountry,
    Reason::BadCurrency,
    Reason::QuantityRange,
    Reason::AmountRange,
    Reason::AmountIdentity,
];

/// Payload bytes that are quarantined with exactly the reason `kind`, made from a good event.
///
/// `event` must be one that the judge accepts, and `encoded` what [`encode::single_object`] writes for it; from
/// anything else the outcome may be another reason. Always some bytes for a kind of [`KINDS`], nothing otherwise.
/// Most payloads keep the event's id readable. The same arguments give the same bytes.
pub fn spoil(kind: Reason, event: &TransactionEvent, encoded: &[u8]) -> Option<Vec<u8>> {
    if SchemaVersion::needed_by(event) != SchemaVersion::V1 {
        return spoil_without_newer_fields(kind, event);
    }
    spoil_frame(kind, event, encoded)
        .or_else(|| spoil_wire_form(kind, event, encoded))
        .or_else(|| spoil_meaning(kind, event))
        .or_else(|| spoil_json(kind, event))
}

/// What is spoilt are bytes of version 1, so what that has no field for goes first.
fn spoil_without_newer_fields(kind: Reason, event: &TransactionEvent) -> Option<Vec<u8>> {
    let mut event = event.clone();
    event.coupon_code = None;
    event.customer.segment = None;
    let mut encoded = Vec::new();
    encode::single_object_as(SchemaVersion::V1, &event, &mut encoded);
    spoil(kind, &event, &encoded)
}

/// Faults that are found before the first field is read, or after the last.
fn spoil_frame(kind: Reason, event: &TransactionEvent, encoded: &[u8]) -> Option<Vec<u8>> {
    match kind {
        Reason::Empty => Some(Vec::new()),
        Reason::BadMagic => Some(format!("event {} as plain text", event.event_id).into_bytes()),
        Reason::ShortHeader => encoded
            .get(..SINGLE_OBJECT_HEADER_BYTES - 1)
            .map(<[u8]>::to_vec),
        Reason::UnknownSchema => {
            let mut payload = SINGLE_OBJECT_MAGIC.to_vec();
            payload.extend(FINGERPRINT_V1.map(|byte| !byte));
            payload.extend_from_slice(encoded.get(SINGLE_OBJECT_HEADER_BYTES..)?);
            Some(payload)
        }
        Reason::BadJson => Some(format!(r#"{{"event_id":"{}","#, event.event_id).into_bytes()),
        Reason::Truncated => encoded
            .get(..encoded.len().saturating_sub(1))
            .map(<[u8]>::to_vec),
        Reason::TrailingBytes => Some([encoded, &[0]].concat()),
        _ => None,
    }
}

/// Faults in how a field is written: bytes that no encoder of this schema would produce.
fn spoil_wire_form(kind: Reason, event: &TransactionEvent, encoded: &[u8]) -> Option<Vec<u8>> {
    let mut payload = encoded.get(..SINGLE_OBJECT_HEADER_BYTES)?.to_vec();
    match kind {
        // The first field is a string, which opens with its length.
        Reason::BadLength => encode::write_long(-1, &mut payload),
        Reason::AllocLimit => encode::write_long(500_000_000, &mut payload),
        Reason::BadVarint => payload.extend([0xFF; 11]),
        Reason::IntOverflow => {
            payload.extend([0xFF; 9]);
            payload.push(0x02);
        }
        Reason::BadUuid => {
            encode::write_string("not-a-uuid", &mut payload);
            let after_event_id = SINGLE_OBJECT_HEADER_BYTES + EVENT_ID_BYTES;
            payload.extend_from_slice(encoded.get(after_event_id..)?);
        }
        Reason::BadEnum => {
            let event_type_at = SINGLE_OBJECT_HEADER_BYTES + EVENT_ID_BYTES;
            payload.extend_from_slice(encoded.get(payload.len()..event_type_at)?);
            encode::write_long(99, &mut payload);
            payload.extend_from_slice(encoded.get(event_type_at + 1..)?);
        }
        Reason::TsRange => {
            let event_version_at = SINGLE_OBJECT_HEADER_BYTES + EVENT_ID_BYTES + 1;
            payload.extend_from_slice(encoded.get(payload.len()..event_version_at)?);
            encode::write_string(&event.event_version, &mut payload);
            encode::write_long(i64::MAX, &mut payload);
        }
        Reason::BadUnion => {
            encode::write_head(event, &mut payload);
            encode::write_long(7, &mut payload);
        }
        Reason::BadUtf8 => {
            encode::write_head(event, &mut payload);
            encode::write_long(1, &mut payload);
            encode::write_bytes(&[0xC3, 0x28], &mut payload);
        }
        Reason::BadDecimal => {
            write_up_to_subtotal(event, &mut payload);
            encode::write_bytes(&[], &mut payload);
        }
        Reason::DecimalPrecision => {
            // 10^18 in hundredths: the smallest amount with 19 digits.
            write_up_to_subtotal(event, &mut payload);
            encode::write_bytes(&1_000_000_000_000_000_000_i64.to_be_bytes(), &mut payload);
        }
        _ => return None,
    }
    Some(payload)
}

/// The event id on the wire: one byte of length, 36 of text.
const EVENT_ID_BYTES: usize = 37;

fn write_up_to_subtotal(event: &TransactionEvent, payload: &mut Vec<u8>) {
    encode::write_head(event, payload);
    encode::write_customer(&event.customer, payload);
    encode::write_order_text(&event.order, payload);
}

/// Faults of meaning: flawless bytes of an event that the contract does not allow.
fn spoil_meaning(kind: Reason, event: &TransactionEvent) -> Option<Vec<u8>> {
    let mut spoiled = event.clone();
    match kind {
        Reason::UnknownVersion => spoiled.event_version = "9.9".to_owned(),
        Reason::TsTooOld => {
            // The common mistake: seconds sent as microseconds land in January 1970.
            let seconds = event.event_timestamp.timestamp();
            spoiled.event_timestamp = DateTime::from_timestamp_micros(seconds)?;
        }
        Reason::TsFuture => {
            const CENTURY: TimeDelta = TimeDelta::days(36_525);
            spoiled.event_timestamp = event.event_timestamp.checked_add_signed(CENTURY)?;
        }
        Reason::NulChar => spoiled.customer.city = "Ber\0lin".to_owned(),
        Reason::ControlChar => spoiled.customer.city = "\u{1B}[31mBerlin".to_owned(),
        Reason::FieldTooLong => spoiled.customer.city = "x".repeat(1_000),
        Reason::MissingField => spoiled.transaction_id.clear(),
        Reason::UnexpectedItems => {
            with_a_line(&mut spoiled);
            spoiled.event_type = EventType::OrderPaid;
        }
        Reason::BadCountry => spoiled.customer.country = "ZZ".to_owned(),
        Reason::BadCurrency => spoiled.order.currency = "XXX".to_owned(),
        Reason::QuantityRange => {
            with_a_line(&mut spoiled);
            spoiled.items.first_mut()?.quantity = 0;
        }
        Reason::AmountRange => spoiled.order.total_amount = Money::from_cents(-1),
        Reason::AmountIdentity => {
            let one_cent_off = event.order.total_amount.cents() ^ 1;
            spoiled.order.total_amount = Money::from_cents(one_cent_off);
        }
        _ => return None,
    }
    let mut payload = Vec::new();
    encode::single_object(&spoiled, &mut payload);
    Some(payload)
}

/// Faults that only text can have: the event as JSON, with one value changed.
fn spoil_json(kind: Reason, event: &TransactionEvent) -> Option<Vec<u8>> {
    let mut document = encode_json::document(event);
    let (pointer, value) = match kind {
        Reason::NonFinite => ("/order/total_amount", "NaN".to_owned()),
        Reason::DecimalScale => {
            let with_a_tenth_of_a_cent = format!("{}1", event.order.total_amount);
            ("/order/total_amount", with_a_tenth_of_a_cent)
        }
        Reason::UnknownType => ("/event_type", "order_teleported".to_owned()),
        _ => return None,
    };
    *document.pointer_mut(pointer)? = value.into();
    Some(document.to_string().into_bytes())
}

/// Makes sure that there is a line to spoil: an event without lines becomes the placing of an order with one, for free.
fn with_a_line(event: &mut TransactionEvent) {
    if !event.items.is_empty() {
        return;
    }
    event.event_type = EventType::OrderPlaced;
    event.items.push(Item {
        id: "SPOILED".to_owned(),
        name: "A spoiled line".to_owned(),
        category: "spoiled".to_owned(),
        unit_price: Money::ZERO,
        quantity: 1,
        discount: Money::ZERO,
        cost: Money::ZERO,
    });
}

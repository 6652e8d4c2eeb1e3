//! Writes events for the wire, in Avro's single-object encoding.
//!
//! Written by hand for these schemas instead of through a generic value tree: it allocates nothing but the output.
//! The bytes are canonical: an event has exactly one encoding, which is why a content hash can be taken over it.
//! Tests hold every byte against apache-avro's own writer.

use ring::digest;

use crate::encode_json;
use crate::schema::SchemaVersion;
use crate::{Channel, Customer, CustomerType, EventType, Item, Money, Order, TransactionEvent};

/// The two bytes that open an Avro single-object encoding; the schema's fingerprint follows.
pub const SINGLE_OBJECT_MAGIC: [u8; 2] = [0xC3, 0x01];

/// Bytes before the datum in a single-object encoding: magic and fingerprint.
pub const SINGLE_OBJECT_HEADER_BYTES: usize = 10;

const UNION_BRANCH_NULL: i64 = 0;
const UNION_BRANCH_STRING: i64 = 1;

/// Appends the event as one Kafka value: `C3 01`, the fingerprint of its schema, the datum. The schema is the oldest that
/// holds all of the event ([`SchemaVersion::needed_by`]): version 1 for an event without coupon and segment.
///
/// Infallible for any event, also for one that no judge would accept: amounts are written with up to 8 bytes, which
/// hold every `i64` of cents, even those beyond `decimal(18,2)`; times are cut to whole microseconds, downwards.
pub fn single_object(event: &TransactionEvent, output: &mut Vec<u8>) {
    single_object_as(SchemaVersion::needed_by(event), event, output);
}

/// As [`single_object`], in the schema of this version. One that is older than the event needs leaves out what it has no
/// field for.
pub fn single_object_as(version: SchemaVersion, event: &TransactionEvent, output: &mut Vec<u8>) {
    output.reserve(SINGLE_OBJECT_HEADER_BYTES + datum_size_hint(event));
    output.extend_from_slice(&SINGLE_OBJECT_MAGIC);
    output.extend_from_slice(&version.fingerprint());
    datum_as(version, event, output);
}

/// Appends the bare Avro datum, without any frame, in the oldest schema that holds all of the event. The only such
/// encoding of this event: one array block with a positive count (none for no items), decimals and integers in their
/// shortest form.
pub fn datum(event: &TransactionEvent, output: &mut Vec<u8>) {
    datum_as(SchemaVersion::needed_by(event), event, output);
}

/// As [`datum`], in the schema of this version, which may be another than the event needs.
pub fn datum_as(version: SchemaVersion, event: &TransactionEvent, output: &mut Vec<u8>) {
    write_head(event, output);
    write_customer(&event.customer, output);
    if version >= SchemaVersion::V2 {
        write_optional_string(event.customer.segment.as_deref(), output);
    }
    write_order(&event.order, output);
    write_items(&event.items, output);
    if version >= SchemaVersion::V2 {
        write_optional_string(event.coupon_code.as_deref(), output);
    }
}

/// Appends the event in our own JSON form, as one object: `src/decode_json.rs` describes its fields. For people, tests
/// and senders without Avro; about twice the size of the datum.
pub fn json(event: &TransactionEvent, output: &mut Vec<u8>) {
    output.extend_from_slice(encode_json::document(event).to_string().as_bytes());
}

/// What makes two events the same content: the first 16 bytes of SHA-256 over [`datum`], whatever frame and version they
/// came in.
pub fn content_hash(event: &TransactionEvent) -> [u8; 16] {
    let mut bytes = Vec::with_capacity(datum_size_hint(event));
    datum(event, &mut bytes);
    hash_of_canonical_datum(&bytes)
}

/// [`content_hash`] of the event that `datum` is the canonical encoding of.
pub(crate) fn hash_of_canonical_datum(datum: &[u8]) -> [u8; 16] {
    // ring's SHA-256 rather than sha2's: the same on a CPU with SHA instructions, about twice as fast on one without,
    // where hashing is more than half of judging.
    let sha_256 = digest::digest(&digest::SHA256, datum);
    let mut head = [0; 16];
    head.copy_from_slice(sha_256.as_ref().first_chunk::<16>().unwrap_or(&[0; 16]));
    head
}

/// The fields before `customer`.
pub(crate) fn write_head(event: &TransactionEvent, output: &mut Vec<u8>) {
    let mut hyphenated = [0; uuid::fmt::Hyphenated::LENGTH];
    write_string(
        event.event_id.hyphenated().encode_lower(&mut hyphenated),
        output,
    );
    write_long(event_type_ordinal(event.event_type), output);
    write_string(&event.event_version, output);
    write_long(event.event_timestamp.timestamp_micros(), output);
    write_string(&event.transaction_id, output);
    write_long(channel_ordinal(event.channel), output);
}

/// The customer's fields of version 1.
pub(crate) fn write_customer(customer: &Customer, output: &mut Vec<u8>) {
    write_optional_string(customer.id.as_deref(), output);
    write_long(customer_type_ordinal(customer.customer_type), output);
    write_string(&customer.country, output);
    write_string(&customer.city, output);
}

pub(crate) fn write_order(order: &Order, output: &mut Vec<u8>) {
    write_order_text(order, output);
    write_decimal(order.subtotal, output);
    write_decimal(order.tax_amount, output);
    write_decimal(order.shipping_amount, output);
    write_decimal(order.discount_amount, output);
    write_decimal(order.total_amount, output);
}

/// The order's fields before its amounts.
pub(crate) fn write_order_text(order: &Order, output: &mut Vec<u8>) {
    write_string(&order.status, output);
    write_string(&order.payment_method, output);
    write_string(&order.currency, output);
}

pub(crate) fn write_items(items: &[Item], output: &mut Vec<u8>) {
    if !items.is_empty() {
        write_size(items.len(), output);
        for item in items {
            write_item(item, output);
        }
    }
    write_long(0, output);
}

fn write_item(item: &Item, output: &mut Vec<u8>) {
    write_string(&item.id, output);
    write_string(&item.name, output);
    write_string(&item.category, output);
    write_decimal(item.unit_price, output);
    write_long(i64::from(item.quantity), output);
    write_decimal(item.discount, output);
    write_decimal(item.cost, output);
}

fn write_optional_string(text: Option<&str>, output: &mut Vec<u8>) {
    match text {
        None => write_long(UNION_BRANCH_NULL, output),
        Some(text) => {
            write_long(UNION_BRANCH_STRING, output);
            write_string(text, output);
        }
    }
}

/// Avro's `int` and `long` alike: zig-zag, then seven bits a byte, lowest first.
pub(crate) fn write_long(value: i64, output: &mut Vec<u8>) {
    let zig_zag = (value << 1) ^ (value >> 63);
    write_unsigned_varint(zig_zag.cast_unsigned(), output);
}

fn write_unsigned_varint(mut value: u64, output: &mut Vec<u8>) {
    loop {
        let [low_byte, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            output.push(low_byte);
            return;
        }
        output.push(low_byte | 0x80);
    }
}

/// A length or count. No allocation exceeds `isize::MAX` bytes, so no length needs the sign bit.
fn write_size(size: usize, output: &mut Vec<u8>) {
    write_unsigned_varint((size as u64) << 1, output);
}

pub(crate) fn write_string(text: &str, output: &mut Vec<u8>) {
    write_bytes(text.as_bytes(), output);
}

pub(crate) fn write_bytes(bytes: &[u8], output: &mut Vec<u8>) {
    write_size(bytes.len(), output);
    output.extend_from_slice(bytes);
}

/// The unscaled value in the fewest bytes that keep its sign, two's complement, big endian; zero is one byte 00.
fn write_decimal(amount: Money, output: &mut Vec<u8>) {
    let bytes = amount.cents().to_be_bytes();
    let redundant_bytes = redundant_sign_bytes(amount.cents());
    write_bytes(bytes.get(redundant_bytes..).unwrap_or(&bytes), output);
}

/// How many of the 8 bytes only repeat the sign: at most 7, since one must stay.
fn redundant_sign_bytes(value: i64) -> usize {
    let sign_bits = if value < 0 {
        value.leading_ones()
    } else {
        value.leading_zeros()
    };
    // One sign bit must survive in the byte that is kept first.
    (sign_bits.saturating_sub(1) / 8) as usize
}

const fn event_type_ordinal(event_type: EventType) -> i64 {
    match event_type {
        EventType::OrderPlaced => 0,
        EventType::OrderPaid => 1,
        EventType::OrderShipped => 2,
        EventType::OrderCompleted => 3,
        EventType::OrderReturned => 4,
        EventType::OrderCancelled => 5,
    }
}

const fn channel_ordinal(channel: Channel) -> i64 {
    match channel {
        Channel::Web => 0,
        Channel::Mobile => 1,
        Channel::InStore => 2,
        Channel::Import => 3,
    }
}

const fn customer_type_ordinal(customer_type: CustomerType) -> i64 {
    match customer_type {
        CustomerType::New => 0,
        CustomerType::Returning => 1,
    }
}

/// About as many bytes as the datum will take, so that the output grows at most once.
fn datum_size_hint(event: &TransactionEvent) -> usize {
    const FIXED_BYTES: usize = 128;
    const ITEM_BYTES: usize = 32;
    let customer_id_bytes = event.customer.id.as_ref().map_or(0, String::len);
    let items_bytes: usize = event
        .items
        .iter()
        .map(|item| ITEM_BYTES + item.id.len() + item.name.len() + item.category.len())
        .sum();
    FIXED_BYTES
        + event.transaction_id.len()
        + customer_id_bytes
        + event.customer.city.len()
        + event.order.status.len()
        + event.order.payment_method.len()
        + items_bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal_bytes(cents: i64) -> Vec<u8> {
        let mut output = Vec::new();
        write_decimal(Money::from_cents(cents), &mut output);
        output
    }

    #[test]
    fn decimals_take_the_fewest_bytes_that_keep_the_sign() {
        assert_eq!(decimal_bytes(0), [2, 0x00]);
        assert_eq!(decimal_bytes(1), [2, 0x01]);
        assert_eq!(decimal_bytes(127), [2, 0x7F]);
        assert_eq!(decimal_bytes(128), [4, 0x00, 0x80]);
        assert_eq!(decimal_bytes(-1), [2, 0xFF]);
        assert_eq!(decimal_bytes(-128), [2, 0x80]);
        assert_eq!(decimal_bytes(-129), [4, 0xFF, 0x7F]);
        assert_eq!(decimal_bytes(i64::MIN), [16, 0x80, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(
            decimal_bytes(i64::MAX),
            [16, 0x7F, 255, 255, 255, 255, 255, 255, 255]
        );
    }

    #[test]
    fn the_hash_is_the_head_of_sha_256() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb924";
        let hash = hash_of_canonical_datum(b"");
        assert_eq!(crate::fault::hex(&hash), empty);
    }

    #[test]
    fn longs_are_zig_zag_varints() {
        let written = |value| {
            let mut output = Vec::new();
            write_long(value, &mut output);
            output
        };
        assert_eq!(written(0), [0]);
        assert_eq!(written(-1), [1]);
        assert_eq!(written(1), [2]);
        assert_eq!(written(64), [0x80, 0x01]);
        assert_eq!(
            written(i64::MAX),
            [254, 255, 255, 255, 255, 255, 255, 255, 255, 1]
        );
        assert_eq!(
            written(i64::MIN),
            [255, 255, 255, 255, 255, 255, 255, 255, 255, 1]
        );
    }

    #[test]
    fn ordinals_are_positions_in_the_list_of_symbols() {
        for (position, event_type) in EventType::ALL.iter().enumerate() {
            assert_eq!(event_type_ordinal(*event_type), position as i64);
        }
        for (position, channel) in Channel::ALL.iter().enumerate() {
            assert_eq!(channel_ordinal(*channel), position as i64);
        }
        for (position, customer_type) in CustomerType::ALL.iter().enumerate() {
            assert_eq!(customer_type_ordinal(*customer_type), position as i64);
        }
    }
}

//! Reads a datum of one of our own schemas into an event. The wire form is judged here, the meaning in [`crate::validate`].
//!
//! Fields are read in the order of the schema and the first fault ends it. What has no place in a
//! [`TransactionEvent`] is refused here as well: an id that is no UUID, a time that no calendar reaches, a quantity
//! beyond 32 bits.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::fault::{Fault, hex, quoted};
use crate::limits::{TextField, text_fields};
use crate::reader::{Block, Reader};
use crate::schema::SchemaVersion;
use crate::validate::Identities;
use crate::{
    Channel, Customer, CustomerType, EventType, Item, Limits, Money, Order, Reason,
    TransactionEvent,
};

/// A line's fields take at least one byte each, and its decimals two: what a line announces itself with at the least.
const SMALLEST_LINE_BYTES: usize = 10;

/// An event as read, not yet validated.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) event: TransactionEvent,
    pub(crate) identities: Identities,
    /// Whether the datum is, byte for byte, what [`crate::encode::datum`] writes for the event.
    pub(crate) is_canonical: bool,
}

/// Why a datum could not be read, and the event's id where that much was readable.
#[derive(Debug)]
pub(crate) struct Undecodable {
    pub(crate) fault: Fault,
    pub(crate) event_id: Option<Uuid>,
}

/// Reads the one event that `datum` consists of.
pub(crate) fn decode(
    datum: &[u8],
    version: SchemaVersion,
    limits: &Limits,
) -> Result<Decoded, Undecodable> {
    let mut reader = Reader::new(datum, limits.max_payload_bytes);
    let event_id = read_event_id(&mut reader).map_err(|fault| Undecodable {
        fault: fault.in_field("event_id"),
        event_id: None,
    })?;
    read_after_event_id(reader, event_id, version, limits).map_err(|fault| Undecodable {
        fault,
        event_id: Some(event_id),
    })
}

fn read_after_event_id(
    mut reader: Reader<'_>,
    event_id: Uuid,
    version: SchemaVersion,
    limits: &Limits,
) -> Result<Decoded, Fault> {
    let event = TransactionEvent {
        event_id,
        event_type: read_symbol(&mut reader, "event_type", EventType::ALL)?,
        event_version: read_text(&mut reader, &text_fields::EVENT_VERSION)?,
        event_timestamp: read_timestamp(&mut reader)
            .map_err(|fault| fault.in_field("event_timestamp"))?,
        transaction_id: read_text(&mut reader, &text_fields::TRANSACTION_ID)?,
        channel: read_symbol(&mut reader, "channel", Channel::ALL)?,
        customer: read_customer(&mut reader, version)?,
        order: read_order(&mut reader)?,
        items: read_items(&mut reader, limits, read_item)?,
        coupon_code: match version {
            SchemaVersion::V1 => None,
            SchemaVersion::V2 => read_optional_text(&mut reader, &text_fields::COUPON_CODE)?,
        },
    };
    // The same event in a newer version than it needs is the same content.
    let is_canonical = reader.is_canonical() && version == SchemaVersion::needed_by(&event);
    reader.finish()?;
    Ok(Decoded {
        event,
        identities: Identities::Exact,
        is_canonical,
    })
}

fn read_customer(reader: &mut Reader<'_>, version: SchemaVersion) -> Result<Customer, Fault> {
    Ok(Customer {
        id: read_optional_text(reader, &text_fields::CUSTOMER_ID)?,
        customer_type: read_symbol(reader, "customer.type", CustomerType::ALL)?,
        country: read_text(reader, &text_fields::CUSTOMER_COUNTRY)?,
        city: read_text(reader, &text_fields::CUSTOMER_CITY)?,
        segment: match version {
            SchemaVersion::V1 => None,
            SchemaVersion::V2 => read_optional_text(reader, &text_fields::CUSTOMER_SEGMENT)?,
        },
    })
}

fn read_order(reader: &mut Reader<'_>) -> Result<Order, Fault> {
    Ok(Order {
        status: read_text(reader, &text_fields::ORDER_STATUS)?,
        payment_method: read_text(reader, &text_fields::ORDER_PAYMENT_METHOD)?,
        currency: read_text(reader, &text_fields::ORDER_CURRENCY)?,
        subtotal: read_amount(reader, "order.subtotal")?,
        tax_amount: read_amount(reader, "order.tax_amount")?,
        shipping_amount: read_amount(reader, "order.shipping_amount")?,
        discount_amount: read_amount(reader, "order.discount_amount")?,
        total_amount: read_amount(reader, "order.total_amount")?,
    })
}

/// The lines, each read by `read_item`; bounded whatever the writer announces.
pub(crate) fn read_items(
    reader: &mut Reader<'_>,
    limits: &Limits,
    mut read_item: impl FnMut(&mut Reader<'_>) -> Result<Item, Fault>,
) -> Result<Vec<Item>, Fault> {
    let mut items = Vec::new();
    while let Some(block) = reader
        .read_block()
        .map_err(|fault| fault.in_field("items"))?
    {
        if !items.is_empty() {
            reader.mark_not_canonical();
        }
        read_block_of_items(reader, &block, limits, &mut items, &mut read_item)?;
    }
    Ok(items)
}

fn read_block_of_items(
    reader: &mut Reader<'_>,
    block: &Block,
    limits: &Limits,
    items: &mut Vec<Item>,
    read_item: &mut impl FnMut(&mut Reader<'_>) -> Result<Item, Fault>,
) -> Result<(), Fault> {
    let allowed_items = limits.max_lines.saturating_sub(items.len());
    let item_count = match usize::try_from(block.item_count) {
        Ok(count) if count <= allowed_items => count,
        _ => return Err(too_many_lines(block, items.len(), limits)),
    };
    // What the writer announces is not worth memory, what it sent is.
    items.reserve(item_count.min(reader.remaining() / SMALLEST_LINE_BYTES));
    let bytes_before = reader.remaining();
    for _ in 0..item_count {
        let item = read_item(reader).map_err(|fault| fault.in_line(items.len()))?;
        items.push(item);
    }
    reader
        .check_block_size(block, bytes_before)
        .map_err(|fault| fault.in_field("items"))
}

#[cold]
fn too_many_lines(block: &Block, lines_before: usize, limits: &Limits) -> Fault {
    Fault::new(
        Reason::AllocLimit,
        format!(
            "announces {} lines after {lines_before}, an order has at most {}",
            block.item_count, limits.max_lines
        ),
    )
    .in_field("items")
}

fn read_item(reader: &mut Reader<'_>) -> Result<Item, Fault> {
    Ok(Item {
        id: read_text(reader, &text_fields::ITEM_ID)?,
        name: read_text(reader, &text_fields::ITEM_NAME)?,
        category: read_text(reader, &text_fields::ITEM_CATEGORY)?,
        unit_price: read_amount(reader, "unit_price")?,
        quantity: read_quantity(reader).map_err(|fault| fault.in_field("quantity"))?,
        discount: read_amount(reader, "discount")?,
        cost: read_amount(reader, "cost")?,
    })
}

/// The hyphenated form only, in either case. Other spellings of a UUID (braces, `urn:`, no hyphens) are not the
/// contract's, and would make one id look like several to whoever reads the raw bytes.
pub(crate) fn read_event_id(reader: &mut Reader<'_>) -> Result<Uuid, Fault> {
    const HYPHENATED_BYTES: usize = uuid::fmt::Hyphenated::LENGTH;
    let bytes = reader.read_bytes()?;
    let parsed = (bytes.len() == HYPHENATED_BYTES)
        .then(|| Uuid::try_parse_ascii(bytes).ok())
        .flatten();
    let Some(event_id) = parsed else {
        return Err(not_a_uuid(bytes));
    };
    if bytes.iter().any(u8::is_ascii_uppercase) {
        reader.mark_not_canonical();
    }
    Ok(event_id)
}

#[cold]
fn not_a_uuid(bytes: &[u8]) -> Fault {
    match std::str::from_utf8(bytes) {
        Ok(text) => Fault::new(
            Reason::BadUuid,
            format!("{} is not a hyphenated UUID", quoted(text)),
        ),
        Err(error) => Fault::new(
            Reason::BadUtf8,
            format!(
                "not UTF-8 from byte {} on: {}",
                error.valid_up_to(),
                hex(bytes)
            ),
        ),
    }
}

pub(crate) fn read_timestamp(reader: &mut Reader<'_>) -> Result<DateTime<Utc>, Fault> {
    let micros = reader.read_long()?;
    DateTime::from_timestamp_micros(micros).ok_or_else(|| {
        Fault::new(
            Reason::TsRange,
            format!("{micros} microseconds since 1970 is beyond any calendar"),
        )
    })
}

pub(crate) fn read_quantity(reader: &mut Reader<'_>) -> Result<i32, Fault> {
    let quantity = reader.read_long()?;
    i32::try_from(quantity).map_err(|_| {
        Fault::new(
            Reason::QuantityRange,
            format!("{quantity} pieces do not fit 32 bits"),
        )
    })
}

#[inline]
pub(crate) fn read_text(reader: &mut Reader<'_>, field: &TextField) -> Result<String, Fault> {
    match reader.read_str(field.max_bytes()) {
        Ok(text) => Ok(text.to_owned()),
        Err(fault) => Err(fault.in_field(field.name)),
    }
}

fn read_optional_text(reader: &mut Reader<'_>, field: &TextField) -> Result<Option<String>, Fault> {
    let is_present = reader
        .read_is_present()
        .map_err(|fault| fault.in_field(field.name))?;
    if !is_present {
        return Ok(None);
    }
    read_text(reader, field).map(Some)
}

#[inline]
fn read_amount(reader: &mut Reader<'_>, field: &'static str) -> Result<Money, Fault> {
    reader.read_amount().map_err(|fault| fault.in_field(field))
}

#[inline]
fn read_symbol<Symbol: Copy>(
    reader: &mut Reader<'_>,
    field: &'static str,
    symbols: &[Symbol],
) -> Result<Symbol, Fault> {
    reader
        .read_symbol(symbols)
        .map_err(|fault| fault.in_field(field))
}

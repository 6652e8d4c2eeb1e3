//! Turns any bytes into exactly one verdict: an event that may be loaded, or the reason why not.
//!
//! Pure: the same payload, time of receipt, limits and schemas give the same verdict for ever, so that a replay from
//! bronze judges as the first pass did. A change of the rules is a new [`RULE_VERSION`]. What a registry knows is asked
//! beforehand: [`schema_id`] names what is needed, [`judge_with_schemas`] is given it.
//!
//! The order of the rules, which decides the reason where several apply:
//!
//! 1. The frame: `tombstone`, `oversize`, `empty`, then by the first bytes `short_header`, `unknown_schema`, `bad_magic`;
//!    of JSON the whole document's `bad_utf8`, `non_finite` (where `NaN` or `Infinity` is all that is wrong), `bad_json`.
//! 2. The wire form, field by field in the order of the schema that it was written with (of JSON: of ours), then
//!    `trailing_bytes`. In JSON also a field that is absent (`missing_field`), of another kind (`bad_json`), or a number
//!    that is no amount of ours (`bad_decimal`, `decimal_precision`, `decimal_scale`, `amount_range`). Found here as well, since an
//!    event cannot hold it: an id that is no UUID (`bad_uuid`), a time that no calendar reaches (`ts_range`), a
//!    quantity beyond 32 bits (`quantity_range`), an amount of more than 18 digits (`decimal_precision`), text of more
//!    bytes than its characters can take (`field_too_long`), more lines than allowed (`alloc_limit`).
//! 3. The meaning: the nil id (`bad_uuid`), `unknown_version`; of the time `ts_range`, `ts_too_old`, `ts_future`; the
//!    order's id; the customer's id, country (`bad_country`) and city; the order's status, payment method, currency
//!    (`bad_currency`) and amounts (`amount_range`); whether lines are there as the event type wants it
//!    (`missing_field`, `unexpected_items`); line by line its texts, price, quantity (`quantity_range`), discount, cost.
//!    Within one text: `field_too_long`, `nul_char`, `control_char`, `missing_field`.
//!    Last the coupon.
//! 4. The money identities (`amount_identity`): subtotal, discount, total. Without lines only the total; of the older
//!    shops' envelope only the total, within a cent for each line.
//!
//! Required texts, where blank counts as missing: `transaction_id`, `customer.id`, `customer.segment` and `coupon_code`
//! (null where there is none, never blank),
//! `order.status`, `order.payment_method`, a line's `id` and `category`. A product's name and a city may be empty: they
//! are labels, and imported files lack them.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::decode::{self, Decoded, Undecodable};
use crate::decode_json;
use crate::encode;
use crate::fault::Fault;
use crate::frame::{self, Frame};
use crate::json_syntax;
use crate::resolution::{Form, WriterSchema, read};
use crate::schema::SchemaVersion;
use crate::validate::validate;
use crate::{Limits, Reason, RegisteredSchema, SchemaBook, TransactionEvent};

/// The version of the rules, stored beside every quarantined event. Raised whenever some payload is judged otherwise.
///
/// 1: the first. 2: JSON is judged (it was `unsupported_framing`), contract version 2 and the schemas of a registry.
pub const RULE_VERSION: i32 = 2;

/// Longest detail in characters; what is longer is cut.
pub const MAX_DETAIL_CHARS: usize = 300;

/// What became of a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// May be loaded.
    Accepted(Box<Accepted>),
    /// Must not be loaded.
    Quarantined(Quarantine),
}

/// An event that keeps every rule of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The event, canonical: its id and amounts have one form, whatever the sender's was.
    pub event: TransactionEvent,
    /// [`encode::content_hash`] of the event: equal for the same event in another frame or spelling, and so what tells
    /// a duplicate from an id that was used twice.
    pub content_hash: [u8; 16],
}

/// Why a payload must not be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantine {
    /// The first rule that was broken, in the order given at the top of this module.
    pub reason: Reason,
    /// Where and how, for people: at most [`MAX_DETAIL_CHARS`] characters, foreign text escaped and cut.
    pub detail: String,
    /// The event's id as claimed, where it could be read.
    pub event_id: Option<Uuid>,
}

/// Judges one Kafka value; `None` is a null value. For those who have no schema registry: an event in a Confluent frame
/// is `unknown_schema`.
///
/// `received_at` is when bronze took it, not now: an event is from the future by the clock of its arrival.
/// Allocates in proportion to the payload, never to what it announces, and never panics.
pub fn judge(payload: Option<&[u8]>, received_at: DateTime<Utc>, limits: &Limits) -> Verdict {
    judge_with_schemas(payload, received_at, limits, &SchemaBook::default())
}

/// As [`judge`], with what a schema registry said about the ids that [`schema_id`] names.
pub fn judge_with_schemas(
    payload: Option<&[u8]>,
    received_at: DateTime<Utc>,
    limits: &Limits,
    schemas: &SchemaBook,
) -> Verdict {
    match accept(payload, received_at, limits, schemas) {
        Ok(accepted) => Verdict::Accepted(accepted),
        Err(quarantine) => Verdict::Quarantined(quarantine),
    }
}

/// The id of the schema that a Confluent frame names, to be looked up before the payload is judged; nothing for any other
/// frame, and for a payload that is refused without a look at its schema.
pub fn schema_id(payload: Option<&[u8]>, limits: &Limits) -> Option<u32> {
    match frame::open(payload, limits) {
        Ok(Frame::Confluent(id, _)) => Some(id),
        _ => None,
    }
}

fn accept(
    payload: Option<&[u8]>,
    received_at: DateTime<Utc>,
    limits: &Limits,
    schemas: &SchemaBook,
) -> Result<Box<Accepted>, Quarantine> {
    match frame::open(payload, limits).map_err(|fault| quarantine(fault, None))? {
        Frame::Avro(version, datum) => accept_datum(datum, version, received_at, limits),
        Frame::Json(document) => accept_json(document, received_at, limits),
        Frame::Confluent(id, datum) => {
            let schema = readable_schema(id, schemas).map_err(|fault| quarantine(fault, None))?;
            match &schema.0 {
                Form::Own(version) => accept_datum(datum, *version, received_at, limits),
                Form::Foreign(plan) => {
                    accept_decoded(read::read(datum, plan, limits)?, received_at)
                }
            }
        }
    }
}

fn readable_schema(id: u32, schemas: &SchemaBook) -> Result<&WriterSchema, Fault> {
    let why_not = match schemas.get(id) {
        Some(RegisteredSchema::Readable(schema)) => return Ok(schema),
        Some(RegisteredSchema::Unusable(why)) => why,
        None => "no schema registry was asked: set SCHEMA_REGISTRY_URL, then judge the event again",
    };
    Err(Fault::new(
        Reason::UnknownSchema,
        format!("schema id {id} of a Confluent frame: {why_not}"),
    ))
}

fn accept_datum(
    datum: &[u8],
    version: SchemaVersion,
    received_at: DateTime<Utc>,
    limits: &Limits,
) -> Result<Box<Accepted>, Quarantine> {
    let decoded = decode::decode(datum, version, limits)?;
    if !decoded.is_canonical {
        return accept_decoded(decoded, received_at);
    }
    check(&decoded, received_at)?;
    Ok(Box::new(Accepted {
        event: decoded.event,
        content_hash: encode::hash_of_canonical_datum(datum),
    }))
}

fn accept_json(
    document: &[u8],
    received_at: DateTime<Utc>,
    limits: &Limits,
) -> Result<Box<Accepted>, Quarantine> {
    let text = json_syntax::check(document).map_err(|fault| quarantine(fault, None))?;
    accept_decoded(decode_json::decode(text, limits)?, received_at)
}

fn accept_decoded(
    decoded: Decoded,
    received_at: DateTime<Utc>,
) -> Result<Box<Accepted>, Quarantine> {
    check(&decoded, received_at)?;
    let content_hash = encode::content_hash(&decoded.event);
    Ok(Box::new(Accepted {
        event: decoded.event,
        content_hash,
    }))
}

fn check(decoded: &Decoded, received_at: DateTime<Utc>) -> Result<(), Quarantine> {
    validate(&decoded.event, decoded.identities, received_at)
        .map_err(|fault| quarantine(fault, Some(decoded.event.event_id)))
}

impl From<Undecodable> for Quarantine {
    fn from(undecodable: Undecodable) -> Quarantine {
        quarantine(undecodable.fault, undecodable.event_id)
    }
}

#[cold]
fn quarantine(fault: Fault, event_id: Option<Uuid>) -> Quarantine {
    let (reason, mut detail) = fault.into_parts();
    if let Some((cut_at, _)) = detail.char_indices().nth(MAX_DETAIL_CHARS) {
        detail.truncate(cut_at);
    }
    Quarantine {
        reason,
        detail,
        event_id,
    }
}

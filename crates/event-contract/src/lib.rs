//! The event contract: what a transaction event is, how it travels, and how outside bytes are judged.
//!
//! The crate knows neither Kafka nor SQL. [`TransactionEvent`] is the event; [`encode`] frames it for the wire;
//! [`judge`] turns any byte string into exactly one verdict: an event that may be loaded, or a [`Reason`] why not;
//! [`spoil`] makes bad payloads on demand, so that a run can prove that they are refused.
//!
//! A payload's way through the judge, one module a step: `frame` → `decode` (our own schemas), `resolution` (a registry's
//! others; both over `reader`), `decode_json` or `decode_envelope` (over `json_syntax`, `json_values`) → `validate` (over
//! `text` and `codes`). The first step that finds a `fault` ends it.

mod codes;
mod decimal_text;
mod decode;
mod decode_envelope;
mod decode_json;
pub mod encode;
mod encode_json;
mod event;
mod fault;
mod frame;
mod json_syntax;
mod json_values;
pub mod judge;
mod limits;
mod money;
mod reader;
mod reason;
mod resolution;
pub mod schema;
mod schema_book;
pub mod spoil;
mod text;
pub mod truth;
mod validate;

pub use event::{Channel, Customer, CustomerType, EventType, Item, Order, TransactionEvent};
pub use limits::Limits;
pub use money::Money;
pub use reason::Reason;
pub use resolution::{MAX_SCHEMA_BYTES, UnusableSchema, WriterSchema};
pub use schema_book::{RegisteredSchema, SchemaBook};

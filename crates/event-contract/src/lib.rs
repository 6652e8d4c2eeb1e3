//! The event contract: what a transaction event is, how it travels, and how outside bytes are judged.
//!
//! The crate knows neither Kafka nor SQL. [`TransactionEvent`] is the event; [`encode`] frames it for the wire;
//! [`judge`] turns any byte string into exactly one verdict: an event that may be loaded, or a [`Reason`] why not.

mod event;
mod money;
mod reason;
pub mod truth;

pub use event::{
    Channel, Customer, CustomerType, EventType, Item, Order, TransactionEvent,
};
pub use money::Money;
pub use reason::Reason;

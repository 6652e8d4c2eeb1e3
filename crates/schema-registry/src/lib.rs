//! Looks up the schemas that Confluent frames name by their ids, at a registry that speaks Confluent's REST API.
//!
//! [`SchemaRegistry::book_for`] is all that a judge needs: ids in, a [`event_contract::SchemaBook`] out. An id is asked for
//! once. What a registry says is sorted into three: a schema (kept for good, since an id never changes its meaning); no such
//! schema (kept for [`UNKNOWN_IS_KEPT_FOR`]); anything else means that the registry is away, which is nobody's event's
//! fault: [`RegistryAway`], and the caller waits.
//!
//! `answer` understands what a registry says (pure), `client` speaks HTTP, `cache` remembers.

mod answer;
mod cache;
mod client;
mod registry;
mod settings;

pub use answer::{Answer, understand};
pub use cache::UNKNOWN_IS_KEPT_FOR;
pub use client::{MAX_ANSWER_BYTES, REQUEST_TIMEOUT};
pub use registry::{RegistryAway, SchemaRegistry};
pub use settings::RegistrySettings;

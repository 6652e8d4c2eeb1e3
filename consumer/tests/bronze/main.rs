//! The consumer against a real Kafka and a real PostgreSQL: what must hold, whatever happens.
//!
//! One binary, so that all tests share one stack. Each has a topic and a database of its own.

// Helpers of tests are tests, which clippy.toml lets unwrap and panic, but clippy sees that only inside of #[test].
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod command_line;
mod content;
mod group;
mod log_trouble;
mod outages;
mod support;

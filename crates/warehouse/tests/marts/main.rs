//! The marts on a real PostgreSQL, from facts written by hand.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod cases;
mod given;
mod restatements;
mod tampering;

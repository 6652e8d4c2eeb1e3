//! The API's contract, held over TCP against a real warehouse.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod balanced;
mod client;
mod given;
mod live;
mod reading;
mod refusals;
mod writing;

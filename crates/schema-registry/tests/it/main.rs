//! The client against a real HTTP server: one that replays a registry's documented answers, and (on request, see
//! `make registry-test`) a real registry.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod real;
mod replayed;
mod server;

//! Real stacks, started and ended in every way. Each takes seconds: what can share one, does.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "all of this is tests, also the functions without the attribute"
)]

mod as_library;
mod command_line;
mod ending;
mod external;
mod faults;
mod prerequisites;
mod proxy;
mod side_by_side;
mod support;

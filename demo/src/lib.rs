//! The whole pipeline on this machine: a stack, a migrated warehouse, and the services as the processes that users run.
//! Shared by the demo, the end-to-end tests and the benchmark.

pub mod fleet;
pub mod live;
pub mod pipeline;
pub mod samples;

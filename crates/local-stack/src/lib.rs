//! A real PostgreSQL and a real Apache Kafka on this machine, without Docker: for the demo, tests and benchmarks.
//!
//! - [`Stack::start`] starts both, side by side, and returns when a query answers and a produced record came back.
//! - They end when the [`Stack`] is dropped and when the process ends in any way, SIGKILL included: a guard process
//!   holds a pipe to us and stops them at its end.
//! - What `DATABASE_URL` or `KAFKA_BOOTSTRAP_SERVERS` name is used as it is, and neither started nor stopped.
//! - [`testing`] hands out databases and topics to tests; [`proxy`] cuts connections at the worst moment.
//!
//! Linux only: it reads /proc. PostgreSQL comes from the system's packages; Kafka's jars are fetched once by Maven.

mod account;
mod blocking;
mod doctor;
mod error;
mod external;
mod files;
mod guard;
mod home;
mod kafka;
mod manage;
mod options;
mod ports;
mod postgres;
mod process;
mod progress;
pub mod proxy;
mod record;
mod secret;
mod sql;
mod stack;
pub mod testing;

pub use doctor::{Finding, examine};
pub use error::StackError;
pub use external::External;
pub use manage::{Cleaned, Stacks};
pub use options::{DataPolicy, StackOptions};
pub use progress::Progress;
pub use record::StackRecord;
pub use stack::Stack;

/// The name of a stack that is started without one.
pub const DEFAULT_NAME: &str = "local";

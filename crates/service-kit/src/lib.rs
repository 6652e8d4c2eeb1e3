//! What every service of the pipeline has in common, and nothing that only one of them needs: how it is launched and
//! stopped, how it says that it failed, what it logs and measures, where its settings come from.
//!
//! The crate knows nothing of shops, names no Kafka client and speaks no SQL. A service's `main` is
//!
//! ```no_run
//! # use clap::Parser;
//! # #[derive(Parser)] struct Cli { #[command(flatten)] http: service_kit::HttpArgs }
//! fn main() -> std::process::ExitCode {
//!     let cli = Cli::parse();
//!     service_kit::launch("example", 2, |shutdown| async move {
//!         let metrics = service_kit::endpoint::install_metrics();
//!         let readiness = service_kit::Readiness::new();
//!         service_kit::endpoint::serve(&cli.http, metrics, readiness, shutdown).await
//!     })
//! }
//! ```

mod backoff;
mod completions;
pub mod endpoint;
mod failure;
mod kafka_args;
mod launch;
mod outage;
mod parse;
mod patience;
mod probe;
mod process_metrics;
mod readiness;
mod secret;
mod shutdown;
mod supervise;
pub mod telemetry;

pub use backoff::Backoff;
pub use completions::print_completions;
pub use endpoint::HttpArgs;
pub use failure::{Failure, Outcome};
pub use kafka_args::{KafkaArgs, SecurityProtocol};
pub use launch::launch;
pub use outage::Outage;
pub use parse::{parse_duration, parse_percent};
pub use patience::PatienceArgs;
pub use probe::healthcheck;
pub use readiness::Readiness;
pub use secret::{Secret, secret_from_env};
pub use shutdown::Shutdown;
pub use supervise::{BoxFuture, supervise};

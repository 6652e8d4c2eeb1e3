//! The consumer's binary: a command line around the library.

use std::process::ExitCode;

use clap::Parser;
use consumer::cli::{Cli, execute};

/// The reading has a thread of its own; these serve the writer's connection and the HTTP port.
const WORKER_THREADS: usize = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    service_kit::launch("consumer", WORKER_THREADS, |shutdown| {
        execute(cli, shutdown)
    })
}

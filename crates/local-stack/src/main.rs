//! `local-stack`: a real PostgreSQL and a real Apache Kafka for as long as a terminal or a command needs them.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}

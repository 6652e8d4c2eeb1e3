//! The producer's command line. See `producer --help`.

use std::process::ExitCode;

use clap::Parser;
use producer::cli::Cli;

fn main() -> ExitCode {
    let cli = Cli::parse();
    service_kit::launch("producer", 1, |shutdown| {
        producer::commands::execute(cli, shutdown)
    })
}

//! The producer's command line. See `producer --help`.

use std::process::ExitCode;

use producer::cli::Cli;

fn main() -> ExitCode {
    let cli = Cli::from_process();
    service_kit::launch("producer", 1, |shutdown| {
        producer::commands::execute(cli, shutdown)
    })
}

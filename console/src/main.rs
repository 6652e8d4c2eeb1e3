//! `console`: an API and a page over gold and the ledger.

use std::process::ExitCode;

fn main() -> ExitCode {
    console::cli::run()
}

//! `transformer`: bronze → silver → gold, and the proof that it adds up.

use std::process::ExitCode;

fn main() -> ExitCode {
    transformer::cli::run()
}

//! Shell completions, printed by every service's `completions` command.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;

/// Prints the completion script of a command line to stdout.
pub fn print_completions<Cli: CommandFactory>(shell: Shell) {
    // Generated into memory, because the generator panics where stdout was closed early, as in `… | head -1`.
    let script = completion_script::<Cli>(shell);
    let mut stdout = std::io::stdout().lock();
    if let Err(error) = stdout.write_all(&script).and_then(|()| stdout.flush()) {
        tracing::debug!(%error, "nobody read the completion script to its end");
    }
}

fn completion_script<Cli: CommandFactory>(shell: Shell) -> Vec<u8> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    script
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    #[command(name = "example")]
    struct Cli {
        #[arg(long)]
        some_flag: bool,
    }

    #[test]
    fn every_shell_learns_the_flags() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = String::from_utf8(completion_script::<Cli>(shell)).unwrap();
            assert!(script.contains("some-flag"), "{shell}: {script}");
            assert!(script.contains("example"), "{shell}: {script}");
        }
    }
}

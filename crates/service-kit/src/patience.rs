//! How long a service waits at its start for what it depends on.

use std::time::Duration;

use clap::Args;

/// How long to wait at the start for Kafka and PostgreSQL. Flatten it into a command.
///
/// Services start in any order, so a dependency that is away at first is normal; one that stays away for longer than this
/// is more likely a wrong address, and the service exits with 4. Once it has been up, it waits without limit.
#[derive(Debug, Clone, Args)]
pub struct PatienceArgs {
    /// How long to wait at the start for Kafka and PostgreSQL before giving up with exit code 4
    #[arg(
        long,
        env = "ASSAY_WAIT_FOR_DEPENDENCIES",
        value_name = "DURATION",
        default_value = "60s",
        value_parser = crate::parse_duration
    )]
    pub wait_for_dependencies: Duration,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        patience: PatienceArgs,
    }

    #[test]
    fn a_minute_unless_told() {
        let default = Cli::parse_from(["test"]);
        assert_eq!(
            default.patience.wait_for_dependencies,
            Duration::from_secs(60)
        );
        let told = Cli::parse_from(["test", "--wait-for-dependencies", "1500ms"]);
        assert_eq!(
            told.patience.wait_for_dependencies,
            Duration::from_millis(1500)
        );
        assert!(Cli::try_parse_from(["test", "--wait-for-dependencies", "soon"]).is_err());
    }
}

//! The command line. Every flag has an environment variable; secrets have only that.

use std::net::SocketAddr;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use service_kit::endpoint::install_metrics;
use service_kit::{
    Failure, HttpArgs, KafkaArgs, Outcome, PatienceArgs, Shutdown, healthcheck, parse_duration,
    print_completions,
};
use warehouse::bronze::MAX_BATCH_ROWS;
use warehouse::service::settings_from_environment;

use crate::assembly::Limits;
use crate::service;
use crate::settings::{ConsumerSettings, RetentionLossPolicy};

const EXAMPLES: &str = "\
Examples:
  DATABASE_URL=postgres://bronze_writer:secret@localhost/assay consumer run
  DATABASE_URL_FILE=/run/secrets/db consumer run --kafka-bootstrap-servers kafka-1:9092,kafka-2:9092
  consumer run --exit-at-end                  # land what Kafka holds now, then exit 0
  consumer run --on-retention-loss=record     # go on behind records that Kafka deleted before they were read

Exit codes: 0 done, 2 usage, 3 configuration, 4 Kafka or PostgreSQL unreachable, 5 data not in order, 130 interrupted";

/// Lands every byte of a Kafka topic in PostgreSQL's bronze layer, exactly once
#[derive(Debug, Parser)]
#[command(name = "consumer", version, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read the topic as a member of the consumer group until told to stop
    #[command(after_help = EXAMPLES)]
    Run(Box<RunArgs>),
    /// Ask a running consumer whether it lives; exit 0 or 4
    Healthcheck {
        /// Its HTTP address
        #[arg(long, env = "ASSAY_HTTP_ADDR", value_name = "ADDRESS:PORT")]
        http_addr: SocketAddr,
    },
    /// Print a completion script
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Settings of `consumer run`. The database comes from DATABASE_URL or DATABASE_URL_FILE, and DATABASE_CA_FILE.
#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    kafka: KafkaArgs,

    /// Consumer group; consumers of one group share the partitions
    #[arg(
        long,
        env = "KAFKA_GROUP_ID",
        value_name = "GROUP",
        default_value = "assay-bronze"
    )]
    group_id: String,

    /// Most records of one transaction
    #[arg(
        long,
        env = "ASSAY_BATCH_MAX_ROWS",
        value_name = "ROWS",
        default_value_t = 20_000,
        value_parser = clap::value_parser!(u32).range(1..=MAX_BATCH_ROWS as i64)
    )]
    batch_max_rows: u32,

    /// Most bytes of one transaction; one record more may exceed it
    #[arg(
        long,
        env = "ASSAY_BATCH_MAX_BYTES",
        value_name = "BYTES",
        default_value_t = 16 * 1024 * 1024,
        value_parser = clap::value_parser!(u32).range(1024..=64 * 1024 * 1024)
    )]
    batch_max_bytes: u32,

    /// How long a batch may wait for more records once it has one
    #[arg(
        long,
        env = "ASSAY_BATCH_MAX_DELAY",
        value_name = "DURATION",
        default_value = "100ms",
        value_parser = parse_duration
    )]
    batch_max_delay: Duration,

    /// How long the group waits for a sign of life before it gives our partitions to others
    #[arg(
        long,
        env = "ASSAY_SESSION_TIMEOUT",
        value_name = "DURATION",
        default_value = "15s",
        value_parser = parse_session_timeout
    )]
    session_timeout: Duration,

    /// How often to look whether the topic was created anew, besides before each write
    #[arg(
        long,
        env = "ASSAY_TOPIC_CHECK_INTERVAL",
        value_name = "DURATION",
        default_value = "30s",
        value_parser = parse_duration
    )]
    topic_check_interval: Duration,

    /// What to do where Kafka has deleted records before they were read
    #[arg(
        long,
        env = "ASSAY_ON_RETENTION_LOSS",
        value_name = "POLICY",
        default_value = "stop"
    )]
    on_retention_loss: RetentionLossPolicy,

    /// Exit with 0 when all that Kafka held at the start is in bronze
    #[arg(long, env = "ASSAY_EXIT_AT_END", value_parser = FalseyValueParser::new())]
    exit_at_end: bool,

    #[command(flatten)]
    http: HttpArgs,

    #[command(flatten)]
    patience: PatienceArgs,
}

/// Does what the command line says.
///
/// # Errors
/// See [`Failure`].
pub async fn execute(cli: Cli, shutdown: Shutdown) -> Outcome {
    match cli.command {
        Command::Run(arguments) => run(*arguments, shutdown).await,
        Command::Healthcheck { http_addr } => healthcheck(http_addr).await,
        Command::Completions { shell } => {
            print_completions::<Cli>(shell);
            Ok(())
        }
    }
}

async fn run(arguments: RunArgs, shutdown: Shutdown) -> Outcome {
    let settings = arguments.to_settings()?;
    let database = settings_from_environment("assay-consumer")?;
    service::run(
        settings,
        database,
        arguments.http,
        install_metrics(),
        shutdown,
    )
    .await
}

impl RunArgs {
    fn to_settings(&self) -> Result<ConsumerSettings, Failure> {
        Ok(ConsumerSettings {
            kafka_properties: self.kafka.client_properties()?,
            kafka_address: self.kafka.bootstrap_servers.clone(),
            topic: self.kafka.topic.clone(),
            group_id: self.group_id.clone(),
            limits: Limits {
                max_rows: u64::from(self.batch_max_rows),
                max_bytes: usize::try_from(self.batch_max_bytes).unwrap_or(usize::MAX),
            },
            max_delay: self.batch_max_delay,
            session_timeout: self.session_timeout,
            topic_check_interval: self.topic_check_interval,
            on_retention_loss: self.on_retention_loss,
            exit_at_end: self.exit_at_end,
            patience: self.patience.wait_for_dependencies,
        })
    }
}

/// The bounds are those of an untouched broker; it refuses others.
fn parse_session_timeout(text: &str) -> Result<Duration, String> {
    let timeout = parse_duration(text)?;
    let bounds = Duration::from_secs(6)..=Duration::from_secs(300);
    if bounds.contains(&timeout) {
        return Ok(timeout);
    }
    Err("give between 6s and 5m, as Kafka's own limits are".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn settings(arguments: &[&str]) -> ConsumerSettings {
        let cli = Cli::parse_from([&["consumer", "run"], arguments].concat());
        let Command::Run(arguments) = cli.command else {
            panic!("not a run");
        };
        arguments.to_settings().unwrap()
    }

    #[test]
    fn the_command_line_is_consistent_and_every_flag_has_a_variable() {
        let command = Cli::command();
        command.clone().debug_assert();
        let run = command.find_subcommand("run").unwrap();
        for argument in run.get_arguments() {
            let name = argument.get_id().as_str();
            assert!(
                argument.get_env().is_some() || name == "help",
                "--{name} has no variable"
            );
        }
    }

    #[test]
    fn the_defaults_are_the_documented_ones() {
        let settings = settings(&[]);
        assert_eq!(settings.topic, "ecommerce.transactions");
        assert_eq!(settings.group_id, "assay-bronze");
        assert_eq!(settings.limits.max_rows, 20_000);
        assert_eq!(settings.limits.max_bytes, 16 << 20);
        assert_eq!(settings.max_delay, Duration::from_millis(100));
        assert_eq!(settings.on_retention_loss, RetentionLossPolicy::Stop);
        assert!(!settings.exit_at_end);
    }

    #[test]
    fn values_out_of_bounds_are_usage_errors() {
        for wrong in [
            "--batch-max-rows=0",
            "--batch-max-rows=65537",
            "--batch-max-bytes=1",
            "--batch-max-delay=soon",
            "--session-timeout=1s",
            "--on-retention-loss=ignore",
        ] {
            let parsed = Cli::try_parse_from(["consumer", "run", wrong]);
            assert_eq!(parsed.unwrap_err().exit_code(), 2, "{wrong}");
        }
    }
}

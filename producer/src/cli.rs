//! The command line. Every flag has an environment variable; secrets come from the environment or files only.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use clap::builder::{FalseyValueParser, Resettable};
use clap::{Arg, ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use event_contract::Reason;
use service_kit::{HttpArgs, KafkaArgs, PatienceArgs, parse_duration, parse_percent};

use crate::disturb::can_spoil;
use crate::import::cli::ImportArgs;
use crate::publish::Compression;
use crate::scenario::{EventVersion, Scenario};

const EXAMPLES: &str = "\
Examples:
  producer run --rate 5000                          live events until Ctrl-C
  producer run --count 1000000 --backfill 30d       a month of a million events, as fast as possible
  producer run --backfill 30d --rate 200            a month, then live
  producer run --count 100000 --duplicate-pct 2 --late-pct 3 --bad-pct 1 --truth truth.json
  producer run --count 1000000 --dry-run            how fast the shop is by itself
  producer run --scenario black-friday --backfill 60d --count 500000
                                                    two months with one day that is unlike the others
  producer run --backfill 30d --speed 1440x         a month within half an hour, as if it happened now; then live
  producer truth truth.json                         what a run swore it had sent

Exit codes: 0 done, 2 usage, 3 configuration, 4 Kafka away or a record not acknowledged, 5 broken truth file,
130 interrupted.";

/// Publishes the transaction events of a mock shop to Kafka
#[derive(Debug, Parser)]
#[command(name = "producer", version, about, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// The command line of this process. A variable that is set to nothing counts as not set, since that is how compose
    /// files pass on what the user left out. Ends the process where the command line is wrong, or asks for help.
    pub fn from_process() -> Cli {
        let command = forget_empty_variables(Cli::command());
        Cli::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
    }
}

fn forget_empty_variables(command: clap::Command) -> clap::Command {
    command
        .mut_args(forget_empty_variable)
        .mut_subcommands(forget_empty_variables)
}

fn forget_empty_variable(arg: Arg) -> Arg {
    let is_empty = arg
        .get_env()
        .and_then(std::env::var_os)
        .is_some_and(|value| value.is_empty());
    if is_empty {
        arg.env(Resettable::Reset)
    } else {
        arg
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the mock shop
    #[command(after_help = EXAMPLES)]
    Run(Box<RunArgs>),
    /// Publish the rows of real files and tables
    Import(ImportArgs),
    /// Show a truth file, and check its seal
    Truth(TruthArgs),
    /// Ask a running producer whether it is alive
    Healthcheck(HttpArgs),
    /// Print the completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// A truth file.
#[derive(Debug, Args)]
pub struct TruthArgs {
    /// The file that `producer run --truth` wrote
    #[arg(value_name = "FILE", env = "PRODUCER_TRUTH")]
    pub file: PathBuf,
}

/// The flags of `producer run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// How many events, and when.
    #[command(flatten)]
    pub extent: ExtentArgs,
    /// What the shop is like.
    #[command(flatten)]
    pub shop: ShopArgs,
    /// What goes wrong.
    #[command(flatten)]
    pub disturbances: DisturbanceArgs,
    /// What is written besides.
    #[command(flatten)]
    pub output: OutputArgs,

    /// The topic.
    #[command(flatten)]
    pub topic: TopicArgs,
    /// Kafka.
    #[command(flatten)]
    pub kafka: KafkaArgs,
    /// Patience.
    #[command(flatten)]
    pub patience: PatienceArgs,
    /// Metrics.
    #[command(flatten, next_help_heading = "Operation")]
    pub http: HttpArgs,
}

/// How to publish to the topic.
#[derive(Debug, Args)]
#[command(next_help_heading = "Kafka")]
pub struct TopicArgs {
    /// Partitions of the topic, where it has to be created
    #[arg(long, env = "PRODUCER_PARTITIONS", allow_negative_numbers = true, value_name = "N", default_value_t = 6,
        value_parser = clap::value_parser!(i32).range(1..=10_000))]
    pub partitions: i32,
    /// How batches are compressed on their way to Kafka
    #[arg(long, env = "PRODUCER_COMPRESSION", value_enum, default_value = "lz4")]
    pub compression: Compression,
}

/// How many events, and when.
#[derive(Debug, Args)]
#[command(next_help_heading = "How much, and when")]
pub struct ExtentArgs {
    /// Stop after so many events; duplicates and bad records come on top
    #[arg(long, env = "PRODUCER_COUNT", allow_negative_numbers = true, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// Send so many events a second [default: as fast as possible]. With --backfill, the past is sent as fast as possible and
    /// the rate holds from then on; with --backfill and --count, the rate holds for the past too; with --speed, the past
    /// keeps its own rhythm
    #[arg(long, env = "PRODUCER_RATE", allow_negative_numbers = true, value_name = "EVENTS_PER_S", value_parser = parse_rate)]
    pub rate: Option<f64>,
    /// Stop after the live part has lasted so long, e.g. 60s
    #[arg(long, env = "PRODUCER_DURATION", value_name = "DURATION", value_parser = parse_positive_duration)]
    pub duration: Option<Duration>,
    /// Begin so long before the start, e.g. 30d, with events spread over that time in the rhythm of day and week. With --count
    /// the past holds them all; otherwise --backfill-events, and the run goes on live
    #[arg(long, env = "PRODUCER_BACKFILL", value_name = "DURATION", value_parser = parse_positive_duration)]
    pub backfill: Option<Duration>,
    /// Events in the past, where --count does not tell [default: 500000; with --speed and --rate, so many that the rate holds
    /// on average]
    #[arg(long, env = "PRODUCER_BACKFILL_EVENTS", allow_negative_numbers = true, value_name = "N",
        value_parser = clap::value_parser!(u64).range(1..))]
    pub backfill_events: Option<u64>,
    /// Let event time pass faster, e.g. 60x for an hour a minute. With --backfill, the past is sent as if it happened now at
    /// this speed, until it has caught up with the clock; a live part without a past runs ahead of the clock. --rate stays
    /// the number of events in a second of the run
    #[arg(long, env = "PRODUCER_SPEED", allow_negative_numbers = true, value_name = "FACTORx", value_parser = parse_speed)]
    pub speed: Option<f64>,
    /// The moment where the past ends and live begins, e.g. 2026-01-01T00:00:00Z [default: now]. With it, all times come from a
    /// simulated clock that ticks with the events, and the same settings give the same events, byte for byte; without it,
    /// live events carry the wall clock
    #[arg(long, env = "PRODUCER_START", value_name = "RFC3339", value_parser = parse_time)]
    pub start: Option<DateTime<Utc>>,
}

/// What the shop is like.
#[derive(Debug, Args)]
#[command(next_help_heading = "The shop")]
pub struct ShopArgs {
    /// A bundle of settings. Flags that are given besides go before it
    #[arg(long, env = "PRODUCER_SCENARIO", value_enum, default_value = "normal")]
    pub scenario: Scenario,
    /// Same seed, same shop, same orders
    #[arg(
        long,
        env = "PRODUCER_SEED",
        allow_negative_numbers = true,
        value_name = "N",
        default_value_t = 42
    )]
    pub seed: u64,
    /// Customers
    #[arg(long, env = "PRODUCER_CUSTOMERS", allow_negative_numbers = true, value_name = "N", default_value_t = 50_000,
        value_parser = clap::value_parser!(u32).range(0..=9_999_999))]
    pub customers: u32,
    /// Products
    #[arg(long, env = "PRODUCER_PRODUCTS", allow_negative_numbers = true, value_name = "N", default_value_t = 2_000,
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub products: u32,
    /// Categories
    #[arg(long, env = "PRODUCER_CATEGORIES", allow_negative_numbers = true, value_name = "N", default_value_t = 12,
        value_parser = clap::value_parser!(u8).range(1..=16))]
    pub categories: u8,
    /// Lines of an order on average, 1 to 10
    #[arg(long, env = "PRODUCER_LINES_MEAN", allow_negative_numbers = true, value_name = "N", default_value_t = 3.0, value_parser = parse_lines_mean)]
    pub lines_mean: f64,
    /// Only order_placed events: orders are neither paid nor shipped
    #[arg(long, env = "PRODUCER_ORDERS_ONLY", action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    pub orders_only: bool,
    /// By how much the business grows in a year, in per cent; shows in the past
    #[arg(long, env = "PRODUCER_GROWTH_PCT", allow_negative_numbers = true, value_name = "PCT", default_value_t = 33.0, value_parser = parse_growth)]
    pub growth_pct: f64,
    /// One day has so many times the usual orders, at deep discounts, and twice as many of them come back; 1 for none
    /// [default: that of the scenario]
    #[arg(long, env = "PRODUCER_RUSH", allow_negative_numbers = true, value_name = "FACTOR", value_parser = parse_rush)]
    pub rush: Option<f64>,
    /// The day of the rush, e.g. 2025-11-28 [default: the last Black Friday of the past that leaves a week for returns, else
    /// the Friday in the middle of the past]
    #[arg(long, env = "PRODUCER_RUSH_DAY", value_name = "DATE")]
    pub rush_day: Option<NaiveDate>,
    /// The version of the contract that events are written in [default: that of the scenario]
    #[arg(long, env = "PRODUCER_EVENT_VERSION", value_enum)]
    pub event_version: Option<EventVersion>,
}

/// What goes wrong.
#[derive(Debug, Args)]
#[command(next_help_heading = "What goes wrong on the way")]
pub struct DisturbanceArgs {
    /// Events that are sent a second time, in per cent [default: 0, or that of the scenario]
    #[arg(long, env = "PRODUCER_DUPLICATE_PCT", allow_negative_numbers = true, value_name = "PCT", value_parser = parse_percent)]
    pub duplicate_pct: Option<f64>,
    /// Events that are sent late, in per cent: up to 2 days in the past, up to 3 hours live [default: 0, or that of the
    /// scenario]
    #[arg(long, env = "PRODUCER_LATE_PCT", allow_negative_numbers = true, value_name = "PCT", value_parser = parse_percent)]
    pub late_pct: Option<f64>,
    /// Bad records on top of the events, in per cent of them [default: 0, or that of the scenario]
    #[arg(long, env = "PRODUCER_BAD_PCT", allow_negative_numbers = true, value_name = "PCT", value_parser = parse_percent)]
    pub bad_pct: Option<f64>,
    /// Kinds of bad records by their reason code and weight, e.g. truncated=3,bad_utf8=1 [default: all alike]
    #[arg(long, env = "PRODUCER_BAD_MIX", value_name = "KIND=WEIGHT,…", value_delimiter = ',', value_parser = parse_share)]
    pub bad_mix: Vec<(Reason, u32)>,
    /// Nothing can be sent for so long, by event time, and everything of that time arrives at once, after newer events; 0 for
    /// never. It lies after three fifths of the past, or half a minute after a live start. At most 100,000 events are held
    /// back: beyond that the first go out early [default: that of the scenario]
    #[arg(long, env = "PRODUCER_OUTAGE", value_name = "DURATION", value_parser = parse_duration)]
    pub outage: Option<Duration>,
}

/// What is written besides.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Write what Kafka acknowledged, added up and sealed, to this file
    #[arg(long, env = "PRODUCER_TRUTH", value_name = "FILE")]
    pub truth: Option<PathBuf>,
    /// Print the summary as one line of JSON
    #[arg(long, env = "PRODUCER_JSON", action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    pub json: bool,
    /// Generate and encode, but publish nothing
    #[arg(long, env = "PRODUCER_DRY_RUN", action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    pub dry_run: bool,
}

fn parse_rate(text: &str) -> Result<f64, String> {
    const MOST: f64 = 10_000_000.0;
    let rate: f64 = text
        .trim()
        .parse()
        .map_err(|_| format!("`{text}` is not a number"))?;
    // A NaN is in no range, so it is refused here too.
    if !(0.001..=MOST).contains(&rate) {
        return Err(format!(
            "{rate} is not between 0.001 and {MOST} events per second"
        ));
    }
    Ok(rate)
}

fn parse_speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text
        .trim()
        .trim_end_matches(['x', 'X'])
        .parse()
        .map_err(|_| format!("`{text}` is not a speed; write for instance 60x"))?;
    // A NaN is in no range, so it is refused here too.
    if !(0.01..=1_000_000.0).contains(&speed) {
        return Err(format!("{speed} is not between 0.01x and 1000000x"));
    }
    Ok(speed)
}

fn parse_growth(text: &str) -> Result<f64, String> {
    parse_within(text, 0.0, 1_000.0, "per cent a year")
}

fn parse_rush(text: &str) -> Result<f64, String> {
    parse_within(text, 1.0, 50.0, "times the usual orders")
}

fn parse_within(text: &str, least: f64, most: f64, unit: &str) -> Result<f64, String> {
    let number: f64 = text
        .trim()
        .parse()
        .map_err(|_| format!("`{text}` is not a number"))?;
    if !(least..=most).contains(&number) {
        return Err(format!("{number} is not between {least} and {most} {unit}"));
    }
    Ok(number)
}

fn parse_lines_mean(text: &str) -> Result<f64, String> {
    let mean: f64 = text
        .trim()
        .parse()
        .map_err(|_| format!("`{text}` is not a number"))?;
    if !(1.0..=10.0).contains(&mean) {
        return Err(format!(
            "{mean} is not between 1 and 10: orders have 1 to 10 lines"
        ));
    }
    Ok(mean)
}

fn parse_positive_duration(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text)?;
    if duration.is_zero() {
        return Err("must be longer than nothing; write for instance 60s or 30d".to_owned());
    }
    Ok(duration)
}

fn parse_time(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::parse_from_rfc3339(text.trim())
        .map(|time| time.to_utc())
        .map_err(|error| format!("{error}; write for instance 2026-01-01T00:00:00Z"))
}

fn parse_share(text: &str) -> Result<(Reason, u32), String> {
    let (code, weight) = text.split_once('=').unwrap_or((text, "1"));
    let reason = Reason::from_code(code.trim())
        .filter(|reason| can_spoil(*reason))
        .ok_or_else(|| {
            format!(
                "`{code}` is no kind of bad record: choose from {}",
                spoilable_codes()
            )
        })?;
    let weight = weight
        .trim()
        .parse::<u32>()
        .map_err(|_| format!("the weight `{weight}` of {code} is not a whole number"))?;
    Ok((reason, weight))
}

fn spoilable_codes() -> String {
    let codes: Vec<&str> = Reason::ALL
        .iter()
        .filter(|reason| can_spoil(**reason))
        .map(|reason| reason.as_str())
        .collect();
    codes.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_args(flags: &[&str]) -> Result<Box<RunArgs>, clap::Error> {
        let words = ["producer", "run"].iter().chain(flags);
        match Cli::try_parse_from(words)?.command {
            Command::Run(args) => Ok(args),
            _ => unreachable!("parsed `run`"),
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_flag_has_a_variable_and_a_help_text() {
        let command = Cli::command();
        let of_import = command.find_subcommand("import").expect("there is one");
        for subcommand in command.get_subcommands().chain(of_import.get_subcommands()) {
            for flag in subcommand
                .get_arguments()
                .filter(|flag| flag.get_long().is_some())
            {
                let is_builtin = ["help", "version"].contains(&flag.get_id().as_str());
                assert!(
                    is_builtin || flag.get_env().is_some(),
                    "{flag} has no variable"
                );
                assert!(flag.get_help().is_some(), "{flag} has no help");
            }
        }
    }

    #[test]
    fn senseless_figures_are_refused() {
        for flags in [
            ["--rate", "-1"],
            ["--rate", "NaN"],
            ["--rate", "0"],
            ["--rate", "inf"],
            ["--count", "0"],
            ["--count", "-5"],
            ["--duration", "0s"],
            ["--backfill", "0d"],
            ["--duplicate-pct", "101"],
            ["--late-pct", "-1"],
            ["--bad-pct", "nan"],
            ["--bad-mix", "no_such_kind=1"],
            ["--bad-mix", "truncated=-1"],
            ["--lines-mean", "11"],
            ["--products", "0"],
            ["--categories", "17"],
            ["--partitions", "0"],
            ["--start", "yesterday"],
            ["--speed", "0"],
            ["--speed", "fast"],
            ["--speed", "NaN"],
            ["--speed", "-60x"],
            ["--growth-pct", "-1"],
            ["--growth-pct", "1001"],
            ["--rush", "0.5"],
            ["--rush", "51"],
            ["--rush-day", "Friday"],
            ["--scenario", "quiet"],
            ["--event-version", "3.0"],
            ["--outage", "long"],
        ] {
            let refused = run_args(&flags).expect_err(flags[1]);
            assert_eq!(refused.exit_code(), 2, "{flags:?}");
        }
    }

    #[test]
    fn speeds_are_read_with_and_without_their_x() {
        for (text, speed) in [("60x", 60.0), ("60", 60.0), ("1.5X", 1.5)] {
            let args = run_args(&["--speed", text]).expect(text);
            assert_eq!(args.extent.speed, Some(speed));
        }
    }

    #[test]
    fn mixes_and_times_are_read() {
        let args = run_args(&[
            "--bad-mix",
            "truncated=3,tombstone",
            "--start",
            "2026-01-01T01:00:00+01:00",
        ])
        .expect("good flags");
        let mix = vec![(Reason::Truncated, 3), (Reason::Tombstone, 1)];
        assert_eq!(args.disturbances.bad_mix, mix);
        let start = args.extent.start.expect("given").to_rfc3339();
        assert_eq!(start, "2026-01-01T00:00:00+00:00");
    }
}

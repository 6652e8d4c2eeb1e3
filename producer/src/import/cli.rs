//! The command line of `producer import`.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, Subcommand};
use service_kit::{KafkaArgs, PatienceArgs};

use super::countries;
use super::dates::DateOrder;
use super::dialect::{Delimiter, Encoding, Wishes};
use super::numbers::DecimalMark;
use super::uci::UNCATEGORISED;
use crate::cli::TopicArgs;

const EXAMPLES: &str = "\
Examples:
  producer import uci online_retail.xlsx
  producer import uci online_retail.csv --date-order mdy --rejects refused.csv
  producer import uci sample.csv --date-order mdy --dry-run --json
  producer import store sales.csv --mapping examples/store_mapping.toml
  SOURCE_DATABASE_URL=postgres://reader:…@shop:5432/shop \\
    producer import postgres --query 'SELECT * FROM order_lines' --key line_id --mapping orders.toml

The same source twice changes nothing downstream: run an interrupted import again.

Exit codes: 0 done, 2 usage, or a question that only a flag answers, 3 configuration, 4 Kafka or the database away,
5 a broken file, or no row that could be sent, 130 interrupted.";

/// The flags of `producer import`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ImportArgs {
    /// What to import.
    #[command(subcommand)]
    pub source: ImportSource,
}

/// What to import.
#[derive(Debug, Subcommand)]
pub enum ImportSource {
    /// The UCI Online Retail data: one order per invoice, from CSV or xlsx
    Uci(Box<UciArgs>),
    /// In-store sales, from CSV or xlsx, with a mapping of the columns
    Store(Box<StoreArgs>),
    /// Sales in a PostgreSQL database, from a query; SOURCE_DATABASE_URL or SOURCE_DATABASE_URL_FILE tells where
    Postgres(Box<PostgresArgs>),
}

/// The flags of `producer import uci`.
#[derive(Debug, Args)]
pub struct UciArgs {
    /// The file.
    #[command(flatten)]
    pub file: FileArgs,
    /// Currency of all amounts, ISO 4217
    #[arg(long, env = "PRODUCER_IMPORT_CURRENCY", value_name = "CODE", default_value = "GBP", value_parser = parse_currency)]
    pub currency: String,
    /// Category of products, since the file has none; charges such as postage have one of their own
    #[arg(long, env = "PRODUCER_IMPORT_CATEGORY", value_name = "NAME", default_value = UNCATEGORISED)]
    pub category: String,
    /// Country of rows whose country is none, such as Unspecified [default: such rows are refused]
    #[arg(long, env = "PRODUCER_IMPORT_UNKNOWN_COUNTRY", value_name = "CODE", value_parser = parse_country)]
    pub unknown_country: Option<String>,
    /// What all imports have in common.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// The flags of `producer import store`.
#[derive(Debug, Args)]
pub struct StoreArgs {
    /// The file.
    #[command(flatten)]
    pub file: FileArgs,
    /// What the columns mean, and what none tells: currency, country, stores; TOML, see examples/store_mapping.toml
    #[arg(long, env = "PRODUCER_IMPORT_MAPPING", value_name = "FILE")]
    pub mapping: PathBuf,
    /// What all imports have in common.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// The flags of `producer import postgres`.
#[derive(Debug, Args)]
pub struct PostgresArgs {
    /// A SELECT that yields one row for each line of an order
    #[arg(long, env = "PRODUCER_IMPORT_QUERY", value_name = "SQL")]
    pub query: String,
    /// A column of it that is unique and never null; an index on it makes pages cheap
    #[arg(long, env = "PRODUCER_IMPORT_KEY", value_name = "COLUMN")]
    pub key: String,
    /// What the columns mean, and what none tells; TOML, see examples/online_mapping.toml
    #[arg(long, env = "PRODUCER_IMPORT_MAPPING", value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// Rows that are fetched and held at a time
    #[arg(long, env = "PRODUCER_IMPORT_PAGE_ROWS", value_name = "N", default_value_t = 5_000,
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub page_rows: u32,
    /// PEM file of the authorities that the database's certificate is checked against [default: the system's]
    #[arg(long, env = "SOURCE_DATABASE_CA_FILE", value_name = "FILE")]
    pub source_ca_file: Option<PathBuf>,
    /// What all imports have in common.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// A file, and how it is spelt.
#[derive(Debug, Args)]
pub struct FileArgs {
    /// A CSV or xlsx file; - for standard input
    #[arg(value_name = "FILE", env = "PRODUCER_IMPORT_FILE")]
    pub file: PathBuf,
    /// The sheet of an xlsx file [default: the first]
    #[arg(long, env = "PRODUCER_IMPORT_SHEET", value_name = "NAME")]
    pub sheet: Option<String>,
    /// How bytes make characters [default: found out]
    #[arg(
        long,
        env = "PRODUCER_IMPORT_ENCODING",
        value_enum,
        help_heading = "How the file is spelt"
    )]
    pub encoding: Option<Encoding>,
    /// What stands between fields [default: found out]
    #[arg(
        long,
        env = "PRODUCER_IMPORT_DELIMITER",
        value_enum,
        help_heading = "How the file is spelt"
    )]
    pub delimiter: Option<Delimiter>,
    /// What stands before decimals [default: found out]
    #[arg(
        long,
        env = "PRODUCER_IMPORT_DECIMAL",
        value_enum,
        help_heading = "How the file is spelt"
    )]
    pub decimal: Option<DecimalMark>,
    /// What comes first in a date like 12/1/2010 [default: found out, and asked for where no date of the file tells]
    #[arg(
        long,
        env = "PRODUCER_IMPORT_DATE_ORDER",
        value_enum,
        help_heading = "How the file is spelt"
    )]
    pub date_order: Option<DateOrder>,
}

impl FileArgs {
    /// What the flags settle; what they leave open, `mapping` may settle.
    pub fn wishes(&self, mapping: Wishes) -> Wishes {
        Wishes {
            encoding: self.encoding.or(mapping.encoding),
            delimiter: self.delimiter.or(mapping.delimiter),
            decimal: self.decimal.or(mapping.decimal),
            date_order: self.date_order.or(mapping.date_order),
        }
    }
}

/// What all imports have in common.
#[derive(Debug, Args)]
pub struct CommonArgs {
    /// Names the source in the identifiers of events; sources of different shops need different names
    #[arg(
        long,
        env = "PRODUCER_IMPORT_SOURCE_NAME",
        value_name = "NAME",
        help_heading = "Sending"
    )]
    pub source_name: Option<String>,
    /// Replay so many times as fast as it happened, e.g. 60x [default: as fast as possible]
    #[arg(long, env = "PRODUCER_SPEED", value_name = "FACTOR", value_parser = parse_speed, help_heading = "Sending")]
    pub speed: Option<f64>,
    /// Read, judge and count, but publish nothing
    #[arg(long, env = "PRODUCER_DRY_RUN", action = ArgAction::SetTrue, value_parser = FalseyValueParser::new(), help_heading = "Sending")]
    pub dry_run: bool,
    /// Write every refused row to this CSV file, with line, reason and detail
    #[arg(
        long,
        env = "PRODUCER_IMPORT_REJECTS",
        value_name = "FILE",
        help_heading = "Output"
    )]
    pub rejects: Option<PathBuf>,
    /// Write what Kafka acknowledged, added up and sealed, to this file
    #[arg(
        long,
        env = "PRODUCER_TRUTH",
        value_name = "FILE",
        help_heading = "Output"
    )]
    pub truth: Option<PathBuf>,
    /// Print the summary as one line of JSON
    #[arg(long, env = "PRODUCER_JSON", action = ArgAction::SetTrue, value_parser = FalseyValueParser::new(), help_heading = "Output")]
    pub json: bool,
    /// The topic.
    #[command(flatten)]
    pub topic: TopicArgs,
    /// Kafka.
    #[command(flatten)]
    pub kafka: KafkaArgs,
    /// Patience.
    #[command(flatten)]
    pub patience: PatienceArgs,
}

fn parse_speed(text: &str) -> Result<f64, String> {
    let factor: f64 = text
        .trim()
        .trim_end_matches(['x', 'X'])
        .parse()
        .map_err(|_| format!("`{text}` is not a factor; write for instance 60x"))?;
    // A NaN is in no range, so it is refused here too.
    if !(0.001..=1e9).contains(&factor) {
        return Err(format!("{factor} is not between 0.001 and 1000000000"));
    }
    Ok(factor)
}

fn parse_currency(text: &str) -> Result<String, String> {
    let code = text.trim().to_ascii_uppercase();
    if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(code);
    }
    Err(format!("`{text}` is no ISO 4217 code, such as GBP"))
}

fn parse_country(text: &str) -> Result<String, String> {
    let code = text.trim().to_ascii_uppercase();
    if countries::is_code(&code) {
        return Ok(code);
    }
    Err(format!(
        "`{text}` is no ISO 3166-1 alpha-2 code, such as GB"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_and_codes() {
        assert_eq!(parse_speed("60x"), Ok(60.0));
        assert_eq!(parse_speed("0.5"), Ok(0.5));
        for wrong in ["0x", "-1", "NaN", "inf", "fast"] {
            assert!(parse_speed(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse_currency("gbp").as_deref(), Ok("GBP"));
        assert!(parse_currency("£").is_err());
        assert_eq!(parse_country("gb").as_deref(), Ok("GB"));
        assert!(parse_country("UK").is_err());
    }
}

//! `producer import`: opens the source, finds out how it is spelt, sends its orders, says what became of its rows.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use anyhow::Context;
use chrono::Utc;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use service_kit::{Failure, Outcome, Shutdown, secret_from_env};

use super::cli::{CommonArgs, ImportArgs, ImportSource};
use super::dialect::{Evidence, Notation, Wishes};
use super::mapping::{Mapping, SourceKind};
use super::numbers::DecimalMark;
use super::orders::{Grouping, Sale};
use super::read::postgres::{PostgresTable, Query, URL_VARIABLE};
use super::read::{InputFile, Table, Visit};
use super::refusal::{Refusal, RefusalReason};
use super::rejects::Rejects;
use super::row::{Header, Row};
use super::sales::{Columns, SalesJudge};
use super::send::{Sender, Stop};
use super::summary::{ImportSummary, amounts_of, orders_of, peak_memory_bytes, speed_of};
use super::uci::{self, UciJudge, UciSettings};
use crate::commands::{TruthFile, flatten, print};
use crate::outlet::Outlet;
use crate::publish::PublishSettings;
use crate::truth_ledger::{self, LedgerError, Receipts};

const TICK: Duration = Duration::from_millis(200);

/// Does what the command line says.
///
/// # Errors
/// The failure to end the process with.
pub async fn import(args: ImportArgs, shutdown: Shutdown) -> Outcome {
    flatten(tokio::task::spawn_blocking(move || import_blocking(args.source, &shutdown)).await)
}

fn import_blocking(source: ImportSource, shutdown: &Shutdown) -> Outcome {
    let (job, common) = match source {
        ImportSource::Uci(args) => {
            let settings = UciSettings {
                currency: args.currency,
                category: args.category,
                unknown_country: args.unknown_country,
            };
            let wishes = args.file.wishes(Wishes::default());
            let table = Table::open(
                InputFile::open(&args.file.file)?,
                wishes,
                args.file.sheet.as_deref(),
                &uci::COLUMNS,
            )?;
            (uci_job(table, wishes, settings)?, args.common)
        }
        ImportSource::Store(args) => {
            let mapping = Mapping::read(&args.mapping)?;
            let wishes = args
                .file
                .wishes(mapping.wishes().map_err(Failure::Configuration)?);
            let input = InputFile::open(&args.file.file)?;
            let names = mapping_names(&mapping);
            let wanted: Vec<&[&str]> = names.iter().map(std::slice::from_ref).collect();
            let table = Table::open(input, wishes, args.file.sheet.as_deref(), &wanted)?;
            (store_job(table, wishes, &mapping)?, args.common)
        }
        ImportSource::Postgres(args) => {
            let mapping = match &args.mapping {
                Some(file) => Mapping::read(file)?,
                None => Mapping::default(),
            };
            let query = Query {
                sql: args.query,
                key: args.key,
                page_rows: args.page_rows,
                certificate_authority: args.source_ca_file,
            };
            (postgres_job(query, &mapping)?, args.common)
        }
    };
    job.run(&common, shutdown)
}

/// What is imported, and how its rows are judged.
struct Job {
    source: Source,
    judge: Judge,
    source_name: String,
    shown_name: String,
    read_as: String,
    header: Header,
}

enum Source {
    Table(Table),
    Postgres(Box<PostgresTable>),
}

enum Judge {
    Uci(Box<UciJudge>),
    Sales(Box<SalesJudge>),
}

impl Judge {
    fn judge(&mut self, row: &Row) -> Result<Sale, Refusal> {
        match self {
            Judge::Uci(judge) => judge.judge(row),
            Judge::Sales(judge) => judge.judge(row),
        }
    }
}

fn uci_job(table: Table, wishes: Wishes, settings: UciSettings) -> Result<Job, Failure> {
    let header = table.header().clone();
    let (price, date) = (
        header.require(uci::UNIT_PRICE)?,
        header.require(uci::INVOICE_DATE)?,
    );
    // All columns, before the whole file is read for its dates.
    let untold = Notation {
        decimal: DecimalMark::Point,
        date_order: None,
    };
    UciJudge::new(settings.clone(), &header, untold, Utc::now())?;
    let notation = survey(&table, wishes, price, date)?;
    let judge = UciJudge::new(settings, &header, notation, Utc::now())?;
    let judge = Judge::Uci(Box::new(judge));
    Ok(table_job(
        table,
        judge,
        notation,
        "uci-online-retail".to_owned(),
    ))
}

fn store_job(table: Table, wishes: Wishes, mapping: &Mapping) -> Result<Job, Failure> {
    let columns = Columns::find(mapping, table.header())?;
    let notation = survey(&table, wishes, columns.amount(), columns.date())?;
    let judge = SalesJudge::new(mapping, SourceKind::Store, columns, notation, Utc::now())?;
    let name = mapping
        .source
        .clone()
        .unwrap_or_else(|| "in-store".to_owned());
    Ok(table_job(
        table,
        Judge::Sales(Box::new(judge)),
        notation,
        name,
    ))
}

fn table_job(table: Table, judge: Judge, notation: Notation, source_name: String) -> Job {
    Job {
        judge,
        source_name,
        shown_name: table.input().name().to_owned(),
        read_as: format!("{}, {notation}", table.description()),
        header: table.header().clone(),
        source: Source::Table(table),
    }
}

fn postgres_job(query: Query, mapping: &Mapping) -> Result<Job, Failure> {
    let url = secret_from_env(URL_VARIABLE)?.ok_or_else(|| {
        Failure::Configuration(format!(
            "{URL_VARIABLE} is not set: set it, or {URL_VARIABLE}_FILE, to postgres://user:password@host:5432/shop"
        ))
    })?;
    let table = tokio::runtime::Handle::current().block_on(PostgresTable::open(&url, query))?;
    let columns = Columns::find(mapping, table.header())?;
    // Every value is asked for as text, which PostgreSQL writes in one way only.
    let notation = Notation {
        decimal: DecimalMark::Point,
        date_order: None,
    };
    let judge = SalesJudge::new(mapping, SourceKind::Postgres, columns, notation, Utc::now())?;
    Ok(Job {
        judge: Judge::Sales(Box::new(judge)),
        source_name: mapping
            .source
            .clone()
            .unwrap_or_else(|| "postgres".to_owned()),
        shown_name: "the query".to_owned(),
        read_as: table.description(),
        header: table.header().clone(),
        source: Source::Postgres(Box::new(table)),
    })
}

fn mapping_names(mapping: &Mapping) -> Vec<&str> {
    let names = &mapping.columns;
    [
        (&names.order_id, "sale_id"),
        (&names.ordered_at, "sale_date"),
        (&names.product_id, "product_id"),
        (&names.quantity, "quantity"),
        (&names.amount, "sale_amount"),
    ]
    .into_iter()
    .map(|(given, usual)| given.as_deref().unwrap_or(usual))
    .collect()
}

/// Reads as many rows as it takes to know how numbers and dates are spelt.
fn survey(table: &Table, wishes: Wishes, number: usize, date: usize) -> Result<Notation, Failure> {
    let mut evidence = Evidence::new(wishes);
    table.for_each_row(&mut |row, _| {
        evidence.see_number(row.line, row.field(number));
        evidence.see_date(row.line, row.field(date));
        Ok(if evidence.is_settled() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    })?;
    evidence.conclude()
}

/// What is in hand while rows come in.
struct Intake {
    judge: Judge,
    columns: usize,
    grouping: Grouping,
    sender: Sender,
    rows: u64,
    bar: ProgressBar,
    last_tick: Instant,
    is_table: bool,
}

impl Intake {
    fn take(&mut self, row: &Row, bytes_read: u64) -> Visit {
        if self.sender.is_over() {
            return Ok(ControlFlow::Break(()));
        }
        self.rows += 1;
        if self.last_tick.elapsed() >= TICK {
            self.show(bytes_read);
        }
        let sender = &mut self.sender;
        let mut emit = |order| sender.send(&order);
        let judged = if row.fields.len() == self.columns || !self.is_table {
            self.judge.judge(row)
        } else {
            let detail = format!(
                "{} fields, the header has {}",
                row.fields.len(),
                self.columns
            );
            Err(Refusal::new(RefusalReason::FieldCount, detail))
        };
        let taken = match judged {
            Ok(sale) => self.grouping.take(sale, row.line, &row.position, &mut emit),
            Err(refusal) => {
                let passed = self.grouping.pass_row(&mut emit);
                self.sender.rejects.add(row.line, &row.fields, &refusal)?;
                passed
            }
        };
        match taken {
            Ok(()) => Ok(ControlFlow::Continue(())),
            Err(Stop::Abandoned) => Ok(ControlFlow::Break(())),
            Err(Stop::Failed(failure)) => Err(failure),
        }
    }

    /// All rows were seen: what is still open is complete.
    fn finish(&mut self) -> Result<(), Stop> {
        let sender = &mut self.sender;
        self.grouping.finish(&mut |order| sender.send(&order))
    }

    fn show(&mut self, bytes_read: u64) {
        self.last_tick = Instant::now();
        self.bar.set_position(bytes_read);
        self.bar
            .set_message(format!("{} rows", crate::summary::grouped(self.rows)));
    }
}

impl Job {
    fn run(mut self, common: &CommonArgs, shutdown: &Shutdown) -> Outcome {
        if let Some(name) = &common.source_name {
            self.source_name.clone_from(name);
        }
        tracing::info!(
            source = self.source_name,
            "reading {} as {}",
            self.shown_name,
            self.read_as
        );
        let truth_file = common.truth.as_deref().map(TruthFile::create).transpose()?;
        let rejects = Rejects::new(common.rejects.as_deref(), &self.header)?;
        let receipts = match truth_file {
            Some(_) => Receipts::default(),
            None => Receipts::without_digest(),
        };
        let outlet = open_outlet(common, receipts, shutdown)?;
        let sender = Sender::new(
            outlet,
            rejects,
            self.source_name,
            common.speed,
            Utc::now(),
            shutdown.clone(),
        );
        let mut intake = Intake {
            judge: self.judge,
            columns: self.header.names().len(),
            grouping: Grouping::default(),
            sender,
            rows: 0,
            bar: bar(&self.source),
            last_tick: Instant::now(),
            is_table: matches!(self.source, Source::Table(_)),
        };
        let begun = Instant::now();
        let failure = read_all(self.source, &mut intake, shutdown).err();
        intake.sender.outlet.flush(shutdown);
        intake.bar.finish_and_clear();
        let shown = Shown {
            source: self.shown_name,
            read_as: self.read_as,
            elapsed: begun.elapsed(),
        };
        conclude(intake, shown, common, truth_file, failure)
    }
}

fn read_all(source: Source, intake: &mut Intake, shutdown: &Shutdown) -> Result<(), Failure> {
    match source {
        Source::Table(table) => table.for_each_row(&mut |row, read| intake.take(row, read))?,
        Source::Postgres(mut table) => {
            let reading = async {
                table
                    .for_each_row(&mut |row, read| intake.take(row, read))
                    .await
            };
            tokio::runtime::Handle::current().block_on(reading)?;
        }
    }
    // Orders whose rows were not all seen must not go out: they would be other events than the next time.
    if !intake.sender.is_over()
        && let Err(Stop::Failed(failure)) = intake.finish()
    {
        return Err(failure);
    }
    if shutdown.is_requested() {
        Err(Failure::Interrupted)
    } else {
        Ok(())
    }
}

fn open_outlet(
    common: &CommonArgs,
    receipts: Receipts,
    shutdown: &Shutdown,
) -> Result<Outlet, Failure> {
    if common.dry_run {
        return Ok(Outlet::Nowhere {
            topic: common.kafka.topic.clone(),
            receipts: Box::new(receipts),
        });
    }
    let settings = PublishSettings {
        kafka: common.kafka.clone(),
        compression: common.topic.compression,
        partitions: common.topic.partitions,
        patience: common.patience.wait_for_dependencies,
    };
    settings.connect(receipts, shutdown).map(Outlet::Kafka)
}

fn bar(source: &Source) -> ProgressBar {
    // Of a sheet only the rows are known, for it is unpacked as it is read; of a query nobody knows the end.
    let bytes = match source {
        Source::Table(table @ Table::Csv(_)) => Some(table.input().bytes()),
        Source::Table(Table::Xlsx(_)) | Source::Postgres(_) => None,
    };
    let bar = ProgressBar::with_draw_target(bytes, ProgressDrawTarget::stderr_with_hz(5));
    let template = if bytes.is_some() {
        "{bar:40} {bytes}/{total_bytes}  {msg}  {eta} left"
    } else {
        "{spinner} {msg}  {elapsed}"
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

struct Shown {
    source: String,
    read_as: String,
    elapsed: Duration,
}

fn conclude(
    intake: Intake,
    shown: Shown,
    common: &CommonArgs,
    truth_file: Option<TruthFile>,
    failure: Option<Failure>,
) -> Outcome {
    let Sender {
        outlet,
        tally,
        rejects,
        further_parts,
        ..
    } = intake.sender;
    let receipts = outlet.receipts();
    let truth =
        truth_ledger::close(outlet.topic(), 0, tally, &receipts).map_err(|error| match error {
            LedgerError::Unbalanced { .. } => {
                Failure::Unreachable(format!("{error}: check the broker, then run again"))
            }
            LedgerError::UnreadableFailure(_) => Failure::Internal(error.into()),
        })?;
    let (seconds, rows_per_s) = speed_of(intake.rows, shown.elapsed);
    let (orders, returns) = orders_of(&truth);
    let rows_refused = rejects.rows();
    let summary = ImportSummary {
        source: shown.source,
        read_as: shown.read_as,
        topic: truth.topic.clone(),
        dry_run: common.dry_run,
        rows_read: intake.rows,
        rows_refused,
        orders,
        returns,
        lines: truth.lines,
        further_parts,
        failed: receipts.failures(),
        amounts: amounts_of(&truth.sales),
        refused: rejects.finish()?,
        seconds,
        rows_per_s,
        peak_memory_bytes: peak_memory_bytes(),
    };
    let undelivered = receipts.first_failure().map(|why| {
        Failure::Unreachable(format!(
            "{} events were not acknowledged by Kafka (the first: {why}): check the broker, then run again: what was sent \
             already changes nothing",
            receipts.failures()
        ))
    });
    if let Some(file) = truth_file {
        let path = file.seal(truth)?;
        tracing::info!(file = %path.display(), "sealed the truth");
    }
    let text = if common.json {
        serde_json::to_string(&summary).context("cannot write the summary as JSON")?
    } else {
        summary.to_string()
    };
    print(&text)?;
    failure
        .or(undelivered)
        .map_or_else(|| nothing_sent(&summary), Err)
}

/// A file of which nothing could be used is not in order.
fn nothing_sent(summary: &ImportSummary) -> Outcome {
    if summary.rows_read == 0 {
        return Err(Failure::DataNotInOrder(format!(
            "{} has a header and no rows",
            summary.source
        )));
    }
    if summary.orders + summary.returns == 0 {
        let most = summary
            .refused
            .iter()
            .max_by_key(|(_, refused)| refused.rows);
        let (reason, example) = most.map_or(("", ""), |(reason, refused)| {
            (*reason, refused.example.as_str())
        });
        return Err(Failure::DataNotInOrder(format!(
            "none of {} rows could be sent, most of them for {reason} ({example}): is it the right file, and read the right way ({})?",
            summary.rows_read, summary.read_as
        )));
    }
    Ok(())
}

//! `make demo`: the whole pipeline on this machine, in one command.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Parser;
use demo::fleet::Service;
use demo::live::{Addresses, LiveStatus, grouped};
use demo::pipeline::Pipeline;
use demo::samples;
use local_stack::{DataPolicy, Progress, Stack, StackOptions};
use warehouse::status::{self, Status};
use warehouse::{DatabaseSettings, Warehouse};

const STACK_NAME: &str = "demo";
const CONSOLE_ADDRESS: &str = "127.0.0.1:8080";
const TOPIC: &str = "ecommerce.transactions";
const EXIT_DATA_NOT_IN_ORDER: u8 = 5;
const EXIT_INTERRUPTED: u8 = 130;

/// Runs the whole pipeline on this machine: PostgreSQL, Kafka, a mock shop, the consumer, the transformer and the console.
#[derive(Debug, Parser)]
#[command(version, about, after_help = EXAMPLES)]
struct Cli {
    /// Send so many events, drain, verify against the producer's truth, show the marts, and exit with 0 or 5
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    events: Option<u64>,
    /// Live events a second, after the history
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: u32,
    /// Events of the history that a live demo begins with
    #[arg(long, default_value_t = 300_000)]
    history: u64,
    /// How far the history goes back
    #[arg(long, default_value = "90d")]
    backfill: String,
    /// Seed of the mock shop
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Instead of the mock shop, import this file of the UCI Online Retail data; verify, show its figures, and exit
    #[arg(long, value_name = "FILE", conflicts_with = "events")]
    uci: Option<PathBuf>,
    /// What comes first in that file's dates, mdy or dmy [default: found out]
    #[arg(long, value_name = "ORDER", requires = "uci")]
    date_order: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  make demo                    live until Ctrl-C
  make demo RATE=5000          the same, faster
  make demo EVENTS=100000      send 100,000 events, prove the result, exit
  make demo-uci                import real sales, prove the result, show their figures, exit

Exit codes: 0 ok, 1 something failed, 2 usage, 5 the ledger is not in order, 130 interrupted";

/// How a demo ended.
enum Ending {
    Proven,
    NotInOrder,
    Interrupted,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .with_writer(std::io::stderr)
        .init();
    match run(&cli) {
        Ok(Ending::Proven) => ExitCode::SUCCESS,
        Ok(Ending::NotInOrder) => ExitCode::from(EXIT_DATA_NOT_IN_ORDER),
        Ok(Ending::Interrupted) => ExitCode::from(EXIT_INTERRUPTED),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<Ending> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?;
    let stop = stop_on_signals(&runtime);
    let mut options = StackOptions::named(STACK_NAME);
    // A demo begins with an empty warehouse, so that its figures are those of this run.
    options.data = DataPolicy::Discard;
    options.progress = Progress::Stderr;
    let stack = Stack::start(options)?;
    let logs = stack.dir().join("logs");
    let pipeline = Pipeline::prepare(&stack, TOPIC, logs)?;
    let truth = stack.dir().join("truth.json");
    let console = console_address()?;
    let demo = Demo {
        producer: match &cli.uci {
            Some(file) => start_import(cli, file, &pipeline, &truth)?,
            None => start_producer(cli, &pipeline, &truth)?,
        },
        services: vec![
            pipeline.start("consumer", "consumer", &["run"])?,
            pipeline.start("transformer", "transformer", &["run"])?,
            pipeline.start("console", "console", &["serve", "--listen", &console])?,
        ],
        reader_url: pipeline.url_of("dashboard_reader")?,
        console_url: format!("http://{console}"),
        pipeline,
        truth,
        stop,
        runtime,
    };
    eprintln!("the console is at {}", demo.console_url);
    let ending = match (&cli.uci, cli.events) {
        (Some(_), _) => demo.prove(Showing::Uci),
        (None, Some(_)) => demo.prove(Showing::Shop),
        (None, None) => demo.watch(),
    };
    eprintln!("stopping …");
    drop(stack);
    ending
}

fn start_producer(cli: &Cli, pipeline: &Pipeline, truth: &std::path::Path) -> Result<Service> {
    let truth = truth.display().to_string();
    let seed = cli.seed.to_string();
    let mut arguments = vec![
        "run",
        "--seed",
        &seed,
        "--truth",
        &truth,
        "--backfill",
        &cli.backfill,
    ];
    // The second version of the contract tells the segments of customers, which then have a history as well.
    arguments.extend(["--event-version", "upgrade"]);
    arguments.extend([
        "--duplicate-pct",
        "1",
        "--late-pct",
        "2",
        "--bad-pct",
        "0.5",
    ]);
    let (events, rate, history) = (
        cli.events.map(|events| events.to_string()),
        cli.rate.to_string(),
        cli.history.to_string(),
    );
    match &events {
        Some(events) => arguments.extend(["--count", events]),
        None => arguments.extend(["--backfill-events", &history, "--rate", &rate]),
    }
    pipeline.start("producer", "producer", &arguments)
}

/// The console's usual port where it is free, another one where something else listens there.
fn console_address() -> Result<String> {
    let free = TcpListener::bind(CONSOLE_ADDRESS).or_else(|_| TcpListener::bind("127.0.0.1:0"));
    let address = free.and_then(|listener| listener.local_addr());
    let address = address.context("looking for a free port for the console")?;
    Ok(address.to_string())
}

fn start_import(
    cli: &Cli,
    file: &std::path::Path,
    pipeline: &Pipeline,
    truth: &std::path::Path,
) -> Result<Service> {
    let (file, truth) = (file.display().to_string(), truth.display().to_string());
    let mut arguments = vec!["import", "uci", &file, "--truth", &truth];
    if let Some(order) = &cli.date_order {
        arguments.extend(["--date-order", order]);
    }
    pipeline.start("producer", "producer", &arguments)
}

/// Which figures are shown at the end.
#[derive(Clone, Copy)]
enum Showing {
    Shop,
    Uci,
}

struct Demo {
    producer: Service,
    services: Vec<Service>,
    pipeline: Pipeline,
    reader_url: String,
    console_url: String,
    truth: PathBuf,
    stop: Arc<AtomicBool>,
    runtime: tokio::runtime::Runtime,
}

impl Demo {
    /// Live until Ctrl-C.
    fn watch(mut self) -> Result<Ending> {
        self.follow(|_, _| false)?;
        println!();
        Ok(Ending::Interrupted)
    }

    /// Until everything that was sent is in gold; then the proof.
    fn prove(mut self, showing: Showing) -> Result<Ending> {
        let began = Instant::now();
        let drained = self.follow(|status, records| {
            records.is_some_and(|records| status.bronze >= records)
                && status.bronze_pending + status.silver_pending == 0
        })?;
        if !drained {
            return Ok(Ending::Interrupted);
        }
        let seconds = began.elapsed().as_secs_f64();
        println!("\nsent and drained in {seconds:.1} s; verifying …\n");
        for service in &mut self.services {
            service.stop()?;
        }
        let truth = self.truth.display().to_string();
        let verify = ["verify", "--truth", &truth];
        let mut verification = self.pipeline.start("transformer", "verify", &verify)?;
        let status = verification.wait(Duration::from_secs(3_600))?;
        print!("{}", verification.output()?);
        match showing {
            Showing::Shop => self
                .runtime
                .block_on(show_samples(&self.reader_url, &samples::SAMPLES))?,
            Showing::Uci => {
                println!("\n{}", self.producer.output()?.trim_end());
                self.runtime
                    .block_on(show_samples(&self.reader_url, &samples::UCI_SAMPLES))?;
            }
        }
        match status.code() {
            Some(0) => Ok(Ending::Proven),
            Some(5) => Ok(Ending::NotInOrder),
            _ => bail!("verification could not be made: {}", verification.log()?),
        }
    }

    /// Shows the status until `is_done` of it and of the records sent, once the producer has ended; false when stopped.
    fn follow(&mut self, is_done: impl Fn(&Status, Option<i64>) -> bool) -> Result<bool> {
        let settings = DatabaseSettings::parse(&self.reader_url, "demo")?;
        let warehouse = Warehouse::new(settings, 1)?;
        let mut live = LiveStatus::new(Addresses {
            console: self.console_url.clone(),
            psql: self.reader_url.clone(),
            kafka: self.pipeline.kafka_bootstrap_servers().to_owned(),
            topic: self.pipeline.topic().to_owned(),
            logs: self.pipeline.fleet().logs().display().to_string(),
        });
        let mut records = None;
        while !self.stop.load(Ordering::SeqCst) {
            let status = self.runtime.block_on(async {
                let session = warehouse.connect().await?;
                let status = status::read(&session).await?;
                session.release();
                Ok::<_, warehouse::WarehouseError>(status)
            })?;
            live.show(&status);
            if records.is_none() {
                records = self.records_sent()?;
            }
            if is_done(&status, records) {
                return Ok(true);
            }
            self.check_alive()?;
            // On the runtime, so that signals are heard.
            self.runtime
                .block_on(async { tokio::time::sleep(Duration::from_millis(250)).await });
        }
        Ok(false)
    }

    fn records_sent(&mut self) -> Result<Option<i64>> {
        let Some(status) = self.producer.ended()? else {
            return Ok(None);
        };
        if !status.success() {
            bail!("the producer failed ({status}): {}", self.producer.log()?);
        }
        let text = std::fs::read_to_string(&self.truth).context("reading the producer's truth")?;
        let truth = event_contract::truth::Truth::from_sealed_json(&text)?;
        println!(
            "\nthe producer sent {} records",
            grouped(i64::try_from(truth.records)?)
        );
        Ok(Some(i64::try_from(truth.records)?))
    }

    fn check_alive(&mut self) -> Result<()> {
        for service in &mut self.services {
            if let Some(status) = service.ended()? {
                bail!("{} ended ({status}): {}", service.name(), service.log()?);
            }
        }
        Ok(())
    }
}

async fn show_samples(url: &str, questions: &[(&str, &str)]) -> Result<()> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    let driver = tokio::spawn(connection);
    for (question, query) in questions {
        println!("\n{question}\n{}", samples::table(&client, query).await?);
    }
    drop(client);
    driver.await??;
    Ok(())
}

/// The first signal asks for the end, the second one is the end; the stack's guard stops the servers either way.
fn stop_on_signals(runtime: &tokio::runtime::Runtime) -> Arc<AtomicBool> {
    use tokio::signal::unix::{SignalKind, signal};
    let stop = Arc::new(AtomicBool::new(false));
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let flag = stop.clone();
        let _context = runtime.enter();
        let Ok(mut signals) = signal(kind) else {
            continue; // then the signal ends the program at once
        };
        runtime.spawn(async move {
            while signals.recv().await.is_some() {
                if flag.swap(true, Ordering::SeqCst) {
                    std::process::exit(i32::from(EXIT_INTERRUPTED));
                }
            }
        });
    }
    stop
}

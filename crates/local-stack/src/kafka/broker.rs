//! The broker's JVM: formatted, started, made ready, paused, killed.

use std::ffi::OsString;
use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::error::StackError;
use crate::files::{self, PRIVATE};
use crate::guard::{Guard, Role};
use crate::home::{self, Layout};
use crate::kafka::client;
use crate::kafka::jars::Jars;
use crate::kafka::java::Java;
use crate::kafka::settings::{self, Facts};
use crate::options::StackOptions;
use crate::ports;
use crate::process::{Program, Running};
use crate::progress::Display;
use crate::secret;

const SERVICE: &str = "Kafka";
const LOGGING: &str = include_str!("log4j2.properties");
const OWNER_ONLY: u32 = 0o700;

/// How often a start is tried with other ports when somebody else took the first.
const PORT_ATTEMPTS: usize = 5;
const POLL: Duration = Duration::from_millis(25);
const FORMAT_LONGEST: Duration = Duration::from_secs(120);
const STOP_LONGEST: Duration = Duration::from_secs(60);

/// A Kafka that this stack started.
pub(crate) struct KafkaBroker {
    java: Java,
    class_path: OsString,
    /// Where the JVM finds its classes prepared; nothing there until a first broker has ended in order.
    class_archive: PathBuf,
    directory: PathBuf,
    log: PathBuf,
    ports: Ports,
    overrides: Vec<(String, String)>,
    java_options: Vec<String>,
    start_timeout: Duration,
    guard: Arc<Guard>,
    process: Mutex<Option<Running>>,
}

/// Where the broker listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ports {
    pub(crate) clients: u16,
    pub(crate) controller: u16,
}

impl Ports {
    fn free() -> Result<Ports, StackError> {
        let clients = ports::free_port()?;
        loop {
            let controller = ports::free_port()?;
            if controller != clients {
                return Ok(Ports {
                    clients,
                    controller,
                });
            }
        }
    }
}

impl KafkaBroker {
    /// Fetches and formats what is missing, and starts the broker. `preferred_port` is used for clients if it is free.
    pub(crate) fn start(
        layout: &Layout,
        options: &StackOptions,
        preferred_port: Option<u16>,
        guard: &Arc<Guard>,
        display: &Display,
    ) -> Result<KafkaBroker, StackError> {
        let java = Java::find()?;
        let log = layout.log("kafka");
        let jars = Jars::fetch_once(&home::cache()?, &layout.log("maven"), guard, display)?;
        display.step("starting Kafka");
        let mut broker = KafkaBroker {
            class_path: jars.class_path()?,
            class_archive: jars.class_archive(&java),
            java,
            directory: layout.kafka(),
            log,
            ports: Ports::free()?,
            overrides: options.kafka_settings.clone(),
            java_options: options.kafka_java_options.clone(),
            start_timeout: options.start_timeout,
            guard: Arc::clone(guard),
            process: Mutex::new(None),
        };
        if let Some(port) = preferred_port.filter(|port| ports::is_free(*port)) {
            broker.ports.clients = port;
        }
        broker.prepare()?;
        broker.start_on_free_ports()?;
        Ok(broker)
    }

    pub(crate) fn bootstrap_servers(&self) -> String {
        format!("127.0.0.1:{}", self.ports.clients)
    }

    pub(crate) fn port(&self) -> u16 {
        self.ports.clients
    }

    /// The JVM's process id; nothing while it is stopped.
    pub(crate) fn pid(&self) -> Option<i32> {
        self.running()
            .filter(|process| process.ended().is_none())
            .map(|process| process.pid())
    }

    /// Starts the stopped broker on its ports and data, and waits until a record comes back.
    pub(crate) fn start_again(&self) -> Result<(), StackError> {
        if self.pid().is_some() {
            return Ok(());
        }
        self.start_once().map_err(StartFailure::into_error)
    }

    /// Stops in order (SIGTERM) or kills (SIGKILL), and waits for the end.
    pub(crate) fn stop(&self, signal: Signal) -> Result<(), StackError> {
        let Some(process) = self.running() else {
            return Ok(());
        };
        process.signal(signal);
        match process.wait(STOP_LONGEST) {
            Some(_) => Ok(()),
            None => Err(StackError::NotStopped {
                service: SERVICE,
                pid: process.pid(),
                waited: STOP_LONGEST,
            }),
        }
    }

    /// SIGSTOP or SIGCONT.
    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(process) = self.running() {
            process.signal(signal);
        }
    }

    fn running(&self) -> Option<Running> {
        self.process
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    fn temporary(&self) -> PathBuf {
        self.directory.join("tmp")
    }

    fn properties(&self) -> PathBuf {
        self.directory.join("server.properties")
    }

    fn prepare(&self) -> Result<(), StackError> {
        if self
            .directory
            .as_os_str()
            .as_encoded_bytes()
            .contains(&b',')
        {
            return Err(StackError::Configuration(format!(
                "{} has a comma in it, which Kafka takes for the end of a path: choose another state directory with --dir or ASSAY_HOME",
                self.directory.display()
            )));
        }
        files::make_directory(&self.directory, OWNER_ONLY)?;
        files::make_directory(&self.temporary(), OWNER_ONLY)?;
        files::write_atomically(
            &self.directory.join("log4j2.properties"),
            LOGGING.as_bytes(),
            PRIVATE,
        )?;
        self.write_properties()?;
        // The first thing that a broker writes into formatted storage.
        let has_run = self.data().join("__cluster_metadata-0").exists();
        if has_run {
            return Ok(());
        }
        // What an interrupted formatting left behind.
        if self.data().exists() {
            fs::remove_dir_all(self.data()).map_err(StackError::io("remove", &self.data()))?;
        }
        self.format()
    }

    fn write_properties(&self) -> Result<(), StackError> {
        let data = self.data();
        let facts = Facts {
            client_port: self.ports.clients,
            controller_port: self.ports.controller,
            data: &data,
        };
        let text = settings::properties(&facts, &self.overrides);
        files::write_atomically(&self.properties(), text.as_bytes(), PRIVATE)
    }

    /// Gives the empty log directory its cluster's identity.
    fn format(&self) -> Result<(), StackError> {
        let program = self
            .java()
            .argument("kafka.tools.StorageTool")
            .arguments(["format", "--cluster-id", &random_cluster_id()?, "--config"])
            .argument(self.properties());
        let log_start = files::length(&self.log);
        let running = Running::start(
            &program,
            Role::Helper,
            &self.guard,
            files::open_log(&self.log)?,
        )?;
        match running.wait(FORMAT_LONGEST) {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(self.not_started(
                format!("formatting its storage failed ({status})"),
                log_start,
            )),
            None => Err(self.not_started(
                format!("formatting its storage took longer than {FORMAT_LONGEST:?}"),
                log_start,
            )),
        }
    }

    fn start_on_free_ports(&mut self) -> Result<(), StackError> {
        for attempt in 1..=PORT_ATTEMPTS {
            match self.start_once() {
                Ok(()) => return Ok(()),
                Err(StartFailure::PortTaken(_)) if attempt < PORT_ATTEMPTS => {
                    self.ports = Ports::free()?
                }
                Err(failure) => return Err(failure.into_error()),
            }
        }
        Ok(())
    }

    fn start_once(&self) -> Result<(), StartFailure> {
        self.write_properties()?;
        let mut program = self.java();
        if !self.class_archive.exists() {
            program = program.argument(self.order_class_archive()?);
        }
        let program = program
            .arguments(&self.java_options)
            .argument("kafka.Kafka")
            .argument(self.properties());
        let log_start = files::length(&self.log);
        let process = Running::start(
            &program,
            Role::Kafka,
            &self.guard,
            files::open_log(&self.log)?,
        )?;
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = Some(process.clone());
        self.wait_until_it_listens(&process, log_start)?;
        client::round_trip(&self.bootstrap_servers(), self.start_timeout).map_err(|reason| {
            StartFailure::Other(
                self.not_started(format!("no record came back ({reason})"), log_start),
            )
        })
    }

    /// Has this JVM write the archive of its classes when it ends, for all that follow: they start in half the time.
    fn order_class_archive(&self) -> Result<OsString, StackError> {
        let unfinished = self
            .class_archive
            .with_extension(format!("jsa-{}", secret::random_hex()?));
        self.guard.archive(&unfinished, &self.class_archive)?;
        let mut option = OsString::from("-XX:ArchiveClassesAtExit=");
        option.push(&unfinished);
        Ok(option)
    }

    /// Java with everything up to the name of the class to run.
    fn java(&self) -> Program {
        let option = |name: &str, value: PathBuf| {
            let mut option = OsString::from(name);
            option.push(value);
            option
        };
        let mut program = Program::new(&self.java.program, &self.directory).arguments([
            "-Xms256m",
            "-Xmx512m",
            "-XX:+UseSerialGC",
            // On two cores the optimising compiler takes more from the pipeline than it gives: without it the broker
            // starts 1.7 s sooner, and 8 million records were produced 22% faster.
            "-XX:TieredStopAtLevel=1",
            "-XX:+ExitOnOutOfMemoryError",
            "-XX:-UsePerfData",
            "-Xshare:auto",
            "-Xlog:disable",
            "-Xlog:all=error:stdout",
            "-Djava.awt.headless=true",
            "-Djava.net.preferIPv4Stack=true",
        ]);
        if self.class_archive.exists() {
            program =
                program.argument(option("-XX:SharedArchiveFile=", self.class_archive.clone()));
        }
        program
            .argument(option("-Djava.io.tmpdir=", self.temporary()))
            .argument(option(
                "-Dlog4j2.configurationFile=",
                self.directory.join("log4j2.properties"),
            ))
            .argument("-cp")
            .argument(&self.class_path)
    }

    /// Cheap knocking first, so that the client that follows finds somebody at home.
    fn wait_until_it_listens(&self, process: &Running, log_start: u64) -> Result<(), StartFailure> {
        let deadline = Instant::now() + self.start_timeout;
        loop {
            if let Some(status) = process.ended() {
                let error = self.not_started(format!("it ended at once ({status})"), log_start);
                let told = files::log_text_since(&self.log, log_start);
                return Err(if told.contains("Address already in use") {
                    StartFailure::PortTaken(error)
                } else {
                    StartFailure::Other(error)
                });
            }
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.ports.clients)).is_ok() {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let reason = format!("it did not listen within {:?}", self.start_timeout);
                return Err(StartFailure::Other(self.not_started(reason, log_start)));
            }
            thread::sleep(POLL);
        }
    }

    fn not_started(&self, reason: String, log_start: u64) -> StackError {
        StackError::NotStarted {
            service: SERVICE,
            reason,
            log: self.log.clone(),
            tail: files::log_tail(&self.log, log_start),
        }
    }
}

/// 22 symbols of URL-safe base64, as Kafka writes 128 bits; the last one may carry two bits only.
fn random_cluster_id() -> Result<String, StackError> {
    let mut id: String = secret::random_hex()?.chars().take(21).collect();
    id.push('A');
    Ok(id)
}

/// Whether other ports may help.
enum StartFailure {
    PortTaken(StackError),
    Other(StackError),
}

impl StartFailure {
    fn into_error(self) -> StackError {
        match self {
            StartFailure::PortTaken(error) | StartFailure::Other(error) => error,
        }
    }
}

impl From<StackError> for StartFailure {
    fn from(error: StackError) -> StartFailure {
        StartFailure::Other(error)
    }
}

//! The broker's jars: fetched once by Maven into the cache, whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::error::StackError;
use crate::files::{self, READABLE};
use crate::guard::{Guard, Role};
use crate::kafka::java::Java;
use crate::process::{Program, Running};
use crate::progress::Display;

/// The Apache Kafka that is run.
pub(crate) const KAFKA_VERSION: &str = "4.1.1";

const POM: &str = include_str!("pom.xml");
const FETCH_LONGEST: Duration = Duration::from_secs(15 * 60);
const DIRECTORY_MODE: u32 = 0o755;

/// The jars of one Kafka version.
#[derive(Debug, Clone)]
pub(crate) struct Jars {
    directory: PathBuf,
}

impl Jars {
    /// The cached jars; fetches them first where there are none. Two that start at once fetch once.
    pub(crate) fn fetch_once(
        cache: &Path,
        log: &Path,
        guard: &Guard,
        display: &Display,
    ) -> Result<Jars, StackError> {
        let jars = Jars {
            directory: cache.join(format!("kafka-{KAFKA_VERSION}")),
        };
        if jars.are_complete() {
            return Ok(jars);
        }
        files::make_directory(cache, DIRECTORY_MODE)?;
        let _lock = lock_cache(cache, display)?;
        if jars.are_complete() {
            return Ok(jars);
        }
        display.step(&format!(
            "fetching Apache Kafka {KAFKA_VERSION} with Maven (once)"
        ));
        jars.fetch(cache, log, guard)?;
        Ok(jars)
    }

    /// Whether the cache has them.
    pub(crate) fn are_cached(cache: &Path) -> bool {
        let directory = cache.join(format!("kafka-{KAFKA_VERSION}"));
        Jars { directory }.are_complete()
    }

    /// All jars, sorted: a class archive is only valid for the very same class path.
    pub(crate) fn class_path(&self) -> Result<OsString, StackError> {
        let libs = self.libs();
        let entries = fs::read_dir(&libs).map_err(StackError::io("list", &libs))?;
        let mut jars: Vec<PathBuf> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "jar"))
            .collect();
        jars.sort();
        std::env::join_paths(jars).map_err(|error| {
            StackError::Configuration(format!(
                "the cache directory {} cannot be part of a class path ({error}): set ASSAY_CACHE to another",
                libs.display()
            ))
        })
    }

    /// Where the class archive for one build of Java is kept.
    pub(crate) fn class_archive(&self, java: &Java) -> PathBuf {
        self.directory.join(format!("classes-{}.jsa", java.build))
    }

    fn libs(&self) -> PathBuf {
        self.directory.join("libs")
    }

    fn are_complete(&self) -> bool {
        self.libs()
            .join(format!("kafka_2.13-{KAFKA_VERSION}.jar"))
            .is_file()
    }

    fn fetch(&self, cache: &Path, log: &Path, guard: &Guard) -> Result<(), StackError> {
        let maven = find_maven()?;
        // What an interrupted fetch left behind; the lock says that nobody is at it now.
        let unfinished = cache.join(format!("kafka-{KAFKA_VERSION}.unfinished"));
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).map_err(StackError::io("remove", &unfinished))?;
        }
        files::make_directory(&unfinished, DIRECTORY_MODE)?;
        let pom = POM.replace("@KAFKA_VERSION@", KAFKA_VERSION);
        files::write_atomically(&unfinished.join("pom.xml"), pom.as_bytes(), READABLE)?;

        let program = Program::new(&maven, &unfinished).arguments([
            "--batch-mode",
            "--strict-checksums",
            "--no-transfer-progress",
            "-Dstyle.color=never",
            "dependency:copy-dependencies",
            "-DincludeScope=runtime",
            "-DoutputDirectory=libs",
        ]);
        let log_start = files::length(log);
        let running = Running::start(&program, Role::Helper, guard, files::open_log(log)?)?;
        let ended = running.wait(FETCH_LONGEST);
        let fetched = Jars {
            directory: unfinished.clone(),
        };
        if !ended.is_some_and(|status| status.success()) || !fetched.are_complete() {
            return Err(fetch_failed(ended, log, log_start));
        }
        fs::rename(&unfinished, &self.directory).map_err(StackError::io("rename", &unfinished))
    }
}

fn fetch_failed(ended: Option<std::process::ExitStatus>, log: &Path, log_start: u64) -> StackError {
    let seen = match ended {
        Some(status) if status.success() => "Maven delivered no broker".to_owned(),
        Some(status) => format!("Maven failed ({status})"),
        None => format!("Maven did not end within {FETCH_LONGEST:?}"),
    };
    StackError::Preparation {
        what: format!("fetching Apache Kafka {KAFKA_VERSION}"),
        reason: seen,
        remedy: format!(
            "Check the network and Maven's settings (~/.m2/settings.xml: proxy, mirror), or set KAFKA_BOOTSTRAP_SERVERS to a running Kafka. The whole log is {}",
            log.display()
        ),
        tail: files::log_tail(log, log_start),
    }
}

/// The lock ends with the returned file.
fn lock_cache(cache: &Path, display: &Display) -> Result<File, StackError> {
    let path = cache.join(format!("kafka-{KAFKA_VERSION}.lock"));
    let file = files::open_log(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            display.step("waiting for another stack that fetches Apache Kafka");
            file.lock().map_err(StackError::io("lock", &path))?;
            Ok(file)
        }
        Err(TryLockError::Error(error)) => Err(StackError::io("lock", &path)(error)),
    }
}

/// Maven's program, checked to run.
pub(crate) fn find_maven() -> Result<PathBuf, StackError> {
    maven_version().map(|_| PathBuf::from("mvn"))
}

/// What Maven prints about itself, e.g. "Apache Maven 3.8.7".
pub(crate) fn maven_version() -> Result<String, StackError> {
    let missing = |reason: String| StackError::MissingProgram {
        program: "Maven",
        reason,
    };
    let output = Command::new("mvn")
        .args(["--batch-mode", "--version"])
        .output()
        .map_err(|error| missing(format!("`mvn --version` failed ({error})")))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = printed
        .lines()
        .find_map(|line| line.find("Apache Maven").and_then(|at| line.get(at..)));
    match line {
        Some(line) if output.status.success() => Ok(line
            .chars()
            .take_while(|symbol| !symbol.is_control())
            .collect()),
        _ => Err(missing(format!(
            "`mvn --version` failed ({})",
            output.status
        ))),
    }
}

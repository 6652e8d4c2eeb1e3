//! A stack as a whole: both servers, their guard, and what can be done to them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use nix::sys::signal::Signal;

use crate::account::Account;
use crate::error::StackError;
use crate::external::{External, MARKER, Urls};
use crate::files::{self, PRIVATE};
use crate::guard::{Disposal, Guard};
use crate::home::{self, Layout};
use crate::kafka::KafkaBroker;
use crate::options::{DataPolicy, StackOptions};
use crate::postgres::PostgresServer;
use crate::progress::Display;
use crate::record::{self, LastPorts, StackRecord};

/// A PostgreSQL and a Kafka that are ready. What this stack started is stopped when it is dropped, and also when this
/// process ends in any other way.
///
/// All methods block the calling thread; starting takes seconds. Within a runtime, call them through
/// `spawn_blocking` where other tasks of the same thread must go on meanwhile.
pub struct Stack {
    layout: Layout,
    urls: Urls,
    kafka_servers: String,
    postgres: Option<PostgresServer>,
    kafka: Option<KafkaBroker>,
    guard: Arc<Guard>,
}

impl std::fmt::Debug for Stack {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Stack")
            .field("name", &self.layout.name)
            .field("dir", &self.layout.dir)
            .field("kafka", &self.kafka_servers)
            .finish_non_exhaustive()
    }
}

impl Stack {
    /// Starts what the environment does not name, and returns when both answer.
    ///
    /// # Errors
    /// Each says what to do: a program is missing, the name is in use, a server did not start or cannot be reached.
    pub fn start(options: StackOptions) -> Result<Stack, StackError> {
        let display = Display::new(&options.progress);
        let account = Account::for_database_server();
        let (layout, mut options) = place(options, account.as_ref(), &display)?;

        let lock = record::take_lock(&layout, &display)?;
        let disposal = prepare_directory(&layout, &mut options, &display)?;
        let discarded = if options.temporary {
            &layout.home
        } else {
            &layout.dir
        };
        let guard_log = files::open_log(&layout.log("guard"))?;
        let guard = Arc::new(Guard::start(discarded, disposal, lock, guard_log)?);

        let started = start_services(layout, &options, account.as_ref(), &guard, &display);
        if started.is_err() {
            // The logs tell why.
            guard.dispose(Disposal::Keep)?;
        }
        started
    }

    /// The name it was started with.
    pub fn name(&self) -> &str {
        &self.layout.name
    }

    /// The directory of its state and logs.
    pub fn dir(&self) -> &Path {
        &self.layout.dir
    }

    /// The database `assay` as superuser. Holds a password.
    pub fn superuser_url(&self) -> &str {
        &self.urls.superuser
    }

    /// The database `assay` as its owner, the role `migrator`, who may create roles. Holds a password.
    pub fn migrator_url(&self) -> &str {
        &self.urls.migrator
    }

    /// host:port, for `bootstrap.servers`.
    pub fn kafka_bootstrap_servers(&self) -> &str {
        &self.kafka_servers
    }

    /// The postmaster's process id; nothing while it is stopped, or when the environment's is used.
    pub fn postgres_pid(&self) -> Option<i32> {
        self.postgres.as_ref().and_then(PostgresServer::pid)
    }

    /// The broker's process id; nothing while it is stopped, or when the environment's is used.
    pub fn kafka_pid(&self) -> Option<i32> {
        self.kafka.as_ref().and_then(KafkaBroker::pid)
    }

    /// The directory of the PostgreSQL programs that this stack uses; nothing when the environment's server is used.
    pub fn postgres_bin(&self) -> Option<&Path> {
        self.postgres
            .as_ref()
            .map(|server| server.installation().bin.as_path())
    }

    /// The variables by which a child process finds this stack: `ASSAY_SUPERUSER_URL`, `ASSAY_MIGRATOR_URL`,
    /// `KAFKA_BOOTSTRAP_SERVERS`, `ASSAY_STACK_DIR`, and `ASSAY_STACK=external`, which says that it is not the child's
    /// to stop.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("ASSAY_SUPERUSER_URL", self.urls.superuser.clone()),
            ("ASSAY_MIGRATOR_URL", self.urls.migrator.clone()),
            ("KAFKA_BOOTSTRAP_SERVERS", self.kafka_servers.clone()),
            ("ASSAY_STACK_DIR", self.layout.dir.display().to_string()),
            (MARKER, "external".to_owned()),
        ]
    }

    /// Keeps the data and the logs, also of a stack that was to discard them.
    ///
    /// # Errors
    /// When the stack's guard is gone.
    pub fn keep_data(&self) -> Result<(), StackError> {
        self.guard.dispose(Disposal::Keep)
    }

    /// Stops what was started, and waits until it is gone. Dropping does the same, and only logs what goes wrong.
    ///
    /// # Errors
    /// When something does not stop within a minute and a half.
    pub fn stop(self) -> Result<(), StackError> {
        self.guard.finish()
    }

    /// Crashes PostgreSQL as `pg_ctl -m immediate` does (no checkpoint, clients cut off), and starts it on the same
    /// port; returns when it has recovered.
    ///
    /// # Errors
    /// When the environment's PostgreSQL is used, or it does not stop or start.
    pub fn restart_postgres_immediately(&self) -> Result<(), StackError> {
        let server = self.own_postgres("restart")?;
        server.stop(Signal::SIGQUIT)?;
        server.start_again()?;
        self.write_record()
    }

    /// Stops PostgreSQL in order (fast: clients are cut off), until [`Stack::start_postgres`].
    ///
    /// # Errors
    /// When the environment's PostgreSQL is used, or it does not stop.
    pub fn stop_postgres(&self) -> Result<(), StackError> {
        self.own_postgres("stop")?.stop(Signal::SIGINT)?;
        self.write_record()
    }

    /// Kills PostgreSQL's postmaster with SIGKILL, until [`Stack::start_postgres`].
    ///
    /// # Errors
    /// When the environment's PostgreSQL is used.
    pub fn kill_postgres(&self) -> Result<(), StackError> {
        self.own_postgres("kill")?.stop(Signal::SIGKILL)?;
        self.write_record()
    }

    /// Starts the stopped PostgreSQL on the same port and data, and waits until it answers.
    ///
    /// # Errors
    /// When the environment's PostgreSQL is used, or it does not start.
    pub fn start_postgres(&self) -> Result<(), StackError> {
        self.own_postgres("start")?.start_again()?;
        self.write_record()
    }

    /// Freezes the broker with SIGSTOP: connections stay open, and nobody answers.
    ///
    /// # Errors
    /// When the environment's Kafka is used.
    pub fn pause_kafka(&self) -> Result<(), StackError> {
        self.own_kafka("pause")?.signal(Signal::SIGSTOP);
        Ok(())
    }

    /// Lets the frozen broker go on.
    ///
    /// # Errors
    /// When the environment's Kafka is used.
    pub fn resume_kafka(&self) -> Result<(), StackError> {
        self.own_kafka("resume")?.signal(Signal::SIGCONT);
        Ok(())
    }

    /// Kills the broker with SIGKILL, until [`Stack::start_kafka`].
    ///
    /// # Errors
    /// When the environment's Kafka is used.
    pub fn kill_kafka(&self) -> Result<(), StackError> {
        self.own_kafka("kill")?.stop(Signal::SIGKILL)?;
        self.write_record()
    }

    /// Stops the broker in order, until [`Stack::start_kafka`].
    ///
    /// # Errors
    /// When the environment's Kafka is used, or it does not stop.
    pub fn stop_kafka(&self) -> Result<(), StackError> {
        self.own_kafka("stop")?.stop(Signal::SIGTERM)?;
        self.write_record()
    }

    /// Starts the stopped broker on the same ports and data, and waits until a record comes back from it.
    ///
    /// # Errors
    /// When the environment's Kafka is used, or it does not start.
    pub fn start_kafka(&self) -> Result<(), StackError> {
        self.own_kafka("start")?.start_again()?;
        self.write_record()
    }

    fn own_postgres(&self, action: &'static str) -> Result<&PostgresServer, StackError> {
        self.postgres.as_ref().ok_or(StackError::NotOurs {
            service: "PostgreSQL",
            action,
        })
    }

    fn own_kafka(&self, action: &'static str) -> Result<&KafkaBroker, StackError> {
        self.kafka.as_ref().ok_or(StackError::NotOurs {
            service: "Kafka",
            action,
        })
    }

    fn write_record(&self) -> Result<(), StackError> {
        let ready_at = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let record = StackRecord {
            name: self.layout.name.clone(),
            dir: self.layout.dir.clone(),
            ready_at,
            owner_pid: i32::try_from(std::process::id()).unwrap_or_default(),
            guard_pid: self.guard.pid(),
            postgres_pid: self.postgres_pid(),
            kafka_pid: self.kafka_pid(),
            postgres_bin: self.postgres_bin().map(Path::to_path_buf),
            superuser_url: self.urls.superuser.clone(),
            migrator_url: self.urls.migrator.clone(),
            kafka_bootstrap_servers: self.kafka_servers.clone(),
        };
        record.write(&self.layout)
    }
}

/// Decides where the stack's state goes, and makes the directory that holds it.
fn place(
    options: StackOptions,
    account: Option<&Account>,
    display: &Display,
) -> Result<(Layout, StackOptions), StackError> {
    let home = if options.temporary {
        temporary_home(account)?
    } else {
        let (home, notice) = home::choose(options.home.as_deref(), account)?;
        if let Some(notice) = notice {
            display.notice(&notice);
        }
        home
    };
    let layout = Layout::new(&home, &options.name)?;
    layout.create()?;
    Ok((layout, options))
}

/// A new directory that the database server's account can pass.
fn temporary_home(account: Option<&Account>) -> Result<PathBuf, StackError> {
    const PASSABLE: u32 = 0o711;
    let bases = [
        std::env::temp_dir(),
        PathBuf::from("/tmp"),
        PathBuf::from("/var/tmp"),
    ];
    let passable = |base: &&PathBuf| {
        account.is_none_or(|account| account.first_closed_directory(base).is_none())
    };
    let base = bases.iter().find(passable).ok_or_else(|| {
        StackError::Configuration(
            "no temporary directory that PostgreSQL's account can reach: set TMPDIR".to_owned(),
        )
    })?;
    let made = tempfile::Builder::new()
        .prefix("assay-")
        .tempdir_in(base)
        .map_err(StackError::io("create a directory in", base))?;
    fs::set_permissions(made.path(), Permissions::from_mode(PASSABLE))
        .map_err(StackError::io("set the mode of", made.path()))?;
    Ok(made.keep())
}

/// With the lock held: decides what becomes of the data, and removes what an earlier run was to remove.
fn prepare_directory(
    layout: &Layout,
    options: &mut StackOptions,
    display: &Display,
) -> Result<Disposal, StackError> {
    let mark = layout.discard_mark();
    let holds_data = layout.passwords().exists();
    if options.data == DataPolicy::Keep {
        if mark.exists() {
            fs::remove_file(&mark).map_err(StackError::io("remove", &mark))?;
        }
        return Ok(Disposal::Keep);
    }
    if holds_data && !mark.exists() {
        display.notice(&format!(
            "{} holds data that is to be kept: it is used, and kept",
            layout.dir.display()
        ));
        options.data = DataPolicy::Keep;
        return Ok(Disposal::Keep);
    }
    if holds_data {
        fs::remove_dir_all(&layout.dir).map_err(StackError::io("remove", &layout.dir))?;
        layout.create()?;
    }
    files::write_atomically(&mark, b"", PRIVATE)?;
    Ok(Disposal::Discard)
}

fn start_services(
    layout: Layout,
    options: &StackOptions,
    account: Option<&Account>,
    guard: &Arc<Guard>,
    display: &Display,
) -> Result<Stack, StackError> {
    let external = if options.use_environment {
        External::from_environment()
    } else {
        External::default()
    };
    external.check()?;
    let last_ports = LastPorts::read(&layout);

    // At the same time: both spend much of their start waiting.
    let (postgres, kafka) = thread::scope(|scope| {
        let kafka = (!external.has_kafka()).then(|| {
            scope.spawn(|| KafkaBroker::start(&layout, options, last_ports.kafka, guard, display))
        });
        let postgres = (!external.has_postgres()).then(|| {
            display.step("starting PostgreSQL");
            PostgresServer::start(&layout, options, account, last_ports.postgres, guard)
        });
        (
            postgres,
            kafka.map(|thread| thread.join().unwrap_or_else(|_| Err(panicked()))),
        )
    });
    let (postgres, kafka) = (postgres.transpose()?, kafka.transpose()?);

    let urls = match (&postgres, external.postgres) {
        (Some(server), _) => server.urls(),
        (None, Some(urls)) => urls,
        (None, None) => return Err(panicked()),
    };
    let kafka_servers = match (&kafka, external.kafka) {
        (Some(broker), _) => broker.bootstrap_servers(),
        (None, Some(servers)) => servers,
        (None, None) => return Err(panicked()),
    };
    let ports = LastPorts {
        postgres: postgres.as_ref().map(PostgresServer::port),
        kafka: kafka.as_ref().map(KafkaBroker::port),
    };
    ports.write(&layout)?;
    let stack = Stack {
        layout,
        urls,
        kafka_servers,
        postgres,
        kafka,
        guard: Arc::clone(guard),
    };
    stack.write_record()?;
    Ok(stack)
}

fn panicked() -> StackError {
    StackError::Preparation {
        what: "starting the stack".to_owned(),
        reason: "a part of it ended without a result".to_owned(),
        remedy: "This is a defect of local-stack: the lines above tell where".to_owned(),
        tail: String::new(),
    }
}

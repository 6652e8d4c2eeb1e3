//! The server process: started, made ready, stopped, crashed.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::account::Account;
use crate::error::StackError;
use crate::external::Urls;
use crate::files;
use crate::guard::{Guard, Role};
use crate::home::Layout;
use crate::options::{DataPolicy, StackOptions};
use crate::ports;
use crate::postgres::cluster::Cluster;
use crate::postgres::installation::Installation;
use crate::postgres::settings::{self, Facts};
use crate::process::Running;
use crate::secret::Passwords;
use crate::sql;

const SERVICE: &str = "PostgreSQL";
/// The stack's database; [`MIGRATOR`] owns it.
const DATABASE: &str = "assay";
/// The role that migrates: may log in and create roles, and is no superuser.
const MIGRATOR: &str = "migrator";

/// How often a start is tried with another port when somebody else took the first.
const PORT_ATTEMPTS: usize = 5;
const POLL: Duration = Duration::from_millis(25);
const STOP_LONGEST: Duration = Duration::from_secs(60);
const STATEMENT_LONGEST: Duration = Duration::from_secs(30);

/// A PostgreSQL that this stack started.
pub(crate) struct PostgresServer {
    cluster: Cluster,
    passwords: Passwords,
    port: u16,
    overrides: Vec<(String, String)>,
    has_lz4: bool,
    start_timeout: Duration,
    guard: Arc<Guard>,
    process: Mutex<Option<Running>>,
}

impl PostgresServer {
    /// Makes the cluster where it is missing, and starts it. `preferred_port` is used if it is free.
    pub(crate) fn start(
        layout: &Layout,
        options: &StackOptions,
        account: Option<&Account>,
        preferred_port: Option<u16>,
        guard: &Arc<Guard>,
    ) -> Result<PostgresServer, StackError> {
        let cluster = Cluster {
            installation: Installation::find()?,
            account: account.cloned(),
            directory: layout.postgres(),
            log: layout.log("postgres"),
        };
        let passwords = Passwords::load_or_create(&layout.passwords())?;
        cluster.prepare(layout, &passwords, options.data == DataPolicy::Keep, guard)?;
        let has_lz4 = cluster.accepts("wal_compression", "lz4", guard)?;
        let mut server = PostgresServer {
            cluster,
            passwords,
            port: 0,
            overrides: options.postgres_settings.clone(),
            has_lz4,
            start_timeout: options.start_timeout,
            guard: Arc::clone(guard),
            process: Mutex::new(None),
        };
        server.start_on_a_free_port(preferred_port)?;
        server.create_role_and_database()?;
        Ok(server)
    }

    pub(crate) fn urls(&self) -> Urls {
        Urls {
            superuser: sql::url("postgres", &self.passwords.superuser, self.port, DATABASE),
            migrator: sql::url(MIGRATOR, &self.passwords.migrator, self.port, DATABASE),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The postmaster's process id; nothing while it is stopped.
    pub(crate) fn pid(&self) -> Option<i32> {
        self.running()
            .filter(|process| process.ended().is_none())
            .map(|process| process.pid())
    }

    pub(crate) fn installation(&self) -> &Installation {
        &self.cluster.installation
    }

    /// Starts the stopped server on its port, and waits until it answers, crash recovery included.
    pub(crate) fn start_again(&self) -> Result<(), StackError> {
        if self.pid().is_some() {
            return Ok(());
        }
        self.start_once_alone(self.port)
            .map_err(StartFailure::into_error)
    }

    /// Stops with SIGINT (fast, with a checkpoint) or SIGQUIT (immediate, as a crash), or kills with SIGKILL.
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

    fn running(&self) -> Option<Running> {
        self.process
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn start_on_a_free_port(&mut self, preferred: Option<u16>) -> Result<(), StackError> {
        let mut next_port = preferred.filter(|port| ports::is_free(*port));
        for attempt in 1..=PORT_ATTEMPTS {
            self.port = match next_port.take() {
                Some(port) => port,
                None => ports::free_port()?,
            };
            match self.start_once_alone(self.port) {
                Ok(()) => return Ok(()),
                Err(StartFailure::PortTaken(_)) if attempt < PORT_ATTEMPTS => {}
                Err(failure) => return Err(failure.into_error()),
            }
        }
        Ok(())
    }

    /// After a postmaster was killed, its backends notice within moments; until then nobody else may start.
    fn start_once_alone(&self, port: u16) -> Result<(), StartFailure> {
        let deadline = Instant::now() + self.start_timeout;
        loop {
            match self.start_on(port) {
                Err(StartFailure::BackendsLeft(_)) if Instant::now() < deadline => {
                    thread::sleep(POLL)
                }
                done => return done,
            }
        }
    }

    fn start_on(&self, port: u16) -> Result<(), StartFailure> {
        let socket_directory = self.cluster.socket_directory()?;
        let facts = Facts {
            port,
            socket_directory: &socket_directory,
            memory: settings::machine_memory(),
            has_lz4: self.has_lz4,
        };
        self.cluster
            .configure(&settings::configuration(&facts, &self.overrides))?;
        let program = self
            .cluster
            .program("postgres")
            .argument("-D")
            .argument(self.cluster.data());
        let log_start = files::length(&self.cluster.log);
        let process = Running::start(
            &program,
            Role::Postgres,
            &self.guard,
            files::open_log(&self.cluster.log)?,
        )?;
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = Some(process.clone());
        self.wait_until_it_answers(&process, log_start)
    }

    /// Ready is what answers a query, not what has a port open.
    fn wait_until_it_answers(&self, process: &Running, log_start: u64) -> Result<(), StartFailure> {
        // In a new cluster the stack's own database is not there yet.
        let url = sql::with_database(&self.urls().superuser, "postgres");
        let deadline = Instant::now() + self.start_timeout;
        loop {
            if let Some(status) = process.ended() {
                let error = self.not_started(format!("it ended at once ({status})"), log_start);
                let told = files::log_text_since(&self.cluster.log, log_start);
                return Err(if told.contains("Address already in use") {
                    StartFailure::PortTaken(error)
                } else if told.contains("pre-existing shared memory block") {
                    StartFailure::BackendsLeft(error)
                } else {
                    StartFailure::Other(error)
                });
            }
            let Err(reason) = sql::check(&url, STATEMENT_LONGEST) else {
                return Ok(());
            };
            if Instant::now() >= deadline {
                let reason = format!("no answer within {:?} ({reason})", self.start_timeout);
                return Err(StartFailure::Other(self.not_started(reason, log_start)));
            }
            thread::sleep(POLL);
        }
    }

    fn not_started(&self, reason: String, log_start: u64) -> StackError {
        StackError::NotStarted {
            service: SERVICE,
            reason,
            log: self.cluster.log.clone(),
            tail: files::log_tail(&self.cluster.log, log_start),
        }
    }

    /// Idempotent, so that a start that was interrupted here is completed by the next.
    fn create_role_and_database(&self) -> Result<(), StackError> {
        let url = sql::with_database(&self.urls().superuser, "postgres");
        let refused = |action: &str| {
            let action = action.to_owned();
            move |reason| StackError::Database { action, reason }
        };
        let (role, database) = (sql::identifier(MIGRATOR), sql::identifier(DATABASE));
        let role_exists = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)";
        if !sql::holds(&url, STATEMENT_LONGEST, role_exists, MIGRATOR)
            .map_err(refused("look for roles"))?
        {
            let create = format!(
                "CREATE ROLE {role} LOGIN CREATEROLE PASSWORD {}",
                sql::literal(&self.passwords.migrator)
            );
            // A failing statement is logged with its text, and this one holds a password.
            let unlogged = "SET log_min_error_statement = panic".to_owned();
            sql::execute(&url, STATEMENT_LONGEST, &[unlogged, create])
                .map_err(refused("create the role migrator"))?;
        }
        let database_exists = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)";
        if !sql::holds(&url, STATEMENT_LONGEST, database_exists, DATABASE)
            .map_err(refused("look for databases"))?
        {
            let create = format!("CREATE DATABASE {database} OWNER {role}");
            sql::execute(&url, STATEMENT_LONGEST, &[create])
                .map_err(refused("create the database assay"))?;
        }
        Ok(())
    }
}

/// Whether trying again may help.
enum StartFailure {
    /// With another port.
    PortTaken(StackError),
    /// In a moment.
    BackendsLeft(StackError),
    Other(StackError),
}

impl StartFailure {
    fn into_error(self) -> StackError {
        match self {
            StartFailure::PortTaken(error)
            | StartFailure::BackendsLeft(error)
            | StartFailure::Other(error) => error,
        }
    }
}

impl From<StackError> for StartFailure {
    fn from(error: StackError) -> StartFailure {
        StartFailure::Other(error)
    }
}

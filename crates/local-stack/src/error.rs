use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

/// Why a stack could not be started, used or stopped. Each message says what to do now.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StackError {
    /// A setting cannot be used as given.
    #[error("{0}")]
    Configuration(String),

    /// A program that the stack needs is not installed, or is too old.
    #[error(
        "{program} is missing: {reason}. Run scripts/install-prerequisites, or `local-stack doctor` to see all that is needed"
    )]
    MissingProgram {
        /// What was looked for.
        program: &'static str,
        /// Where it was looked for, or what was found instead.
        reason: String,
    },

    /// Another process holds the stack's lock.
    #[error(
        "the stack `{name}` is already running{owner} (state in {dir}): use it, stop it with `local-stack down --name {name}`, or choose another --name"
    )]
    AlreadyRunning {
        /// The stack's name.
        name: String,
        /// " (process N)", or nothing where it is unknown.
        owner: String,
        /// Where its state lies.
        dir: PathBuf,
    },

    /// No stack of that name is running.
    #[error(
        "no stack named `{name}` is running (looked in {home}): start one with `local-stack up --name {name}`"
    )]
    NotRunning {
        /// The stack's name.
        name: String,
        /// Where stacks were looked for.
        home: PathBuf,
    },

    /// A server ended, or did not become ready in time.
    #[error("{service} did not start: {reason}. Its log is {log}{tail}")]
    NotStarted {
        /// PostgreSQL or Kafka.
        service: &'static str,
        /// What was seen.
        reason: String,
        /// The log file.
        log: PathBuf,
        /// The last lines of the log, each on a line of its own; may be empty.
        tail: String,
    },

    /// A server did not end in time.
    #[error(
        "{service} (process {pid}) did not stop within {waited:?}: look at it with `ps`, and end it by hand"
    )]
    NotStopped {
        /// PostgreSQL or Kafka.
        service: &'static str,
        /// Its process id.
        pid: i32,
        /// How long was waited.
        waited: Duration,
    },

    /// Something that the environment names, or that runs already, does not answer.
    #[error("cannot reach {what}: {reason}. {remedy}")]
    Unreachable {
        /// The service and its address, without secrets.
        what: String,
        /// What was seen.
        reason: String,
        /// What to do.
        remedy: String,
    },

    /// A step that prepares a server failed.
    #[error("{what} failed: {reason}. {remedy}{tail}")]
    Preparation {
        /// The step.
        what: String,
        /// What was seen.
        reason: String,
        /// What to do.
        remedy: String,
        /// The last lines of a log, each on a line of its own; may be empty.
        tail: String,
    },

    /// A service that somebody else started is not ours to stop, pause or kill.
    #[error(
        "{service} was given by the environment and is not this stack's to {action}: use StackOptions::private()"
    )]
    NotOurs {
        /// PostgreSQL or Kafka.
        service: &'static str,
        /// What was asked for.
        action: &'static str,
    },

    /// A file or process operation failed.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was tried, with the path.
        action: String,
        /// What the system said.
        source: io::Error,
    },

    /// A statement that administers the database failed.
    #[error("PostgreSQL refused to {action}: {reason}")]
    Database {
        /// What was tried.
        action: String,
        /// What the server said.
        reason: String,
    },
}

impl StackError {
    /// The exit code that a program should end with: 3 configuration, 4 dependency unreachable, 1 anything else.
    pub const fn exit_code(&self) -> u8 {
        match self {
            StackError::Configuration(_)
            | StackError::MissingProgram { .. }
            | StackError::AlreadyRunning { .. }
            | StackError::NotOurs { .. } => 3,
            StackError::NotRunning { .. }
            | StackError::NotStarted { .. }
            | StackError::Unreachable { .. }
            | StackError::Preparation { .. } => 4,
            StackError::NotStopped { .. } | StackError::Io { .. } | StackError::Database { .. } => {
                1
            }
        }
    }

    /// For `map_err`: names the operation and its path.
    pub(crate) fn io(action: &str, path: &Path) -> impl FnOnce(io::Error) -> StackError {
        let action = format!("{action} {}", path.display());
        move |source| StackError::Io { action, source }
    }
}

//! The guard: a small shell process that outlives us and stops what we started.
//!
//! It reads from a pipe that we hold open. However we end (return, panic, `exit`, SIGKILL), the kernel closes the pipe,
//! and the guard stops the servers. It also holds the stack's lock, so that the lock is free exactly when the servers
//! are gone. It is `/bin/sh` with a script, and not our own executable, because the starting program may be any test
//! binary. `PR_SET_PDEATHSIG` is not used: it follows the starting thread, and a change of uid clears it.

use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::StackError;
use crate::process::Identity;

const SCRIPT: &str = include_str!("guard.sh");

/// The script gives up by itself somewhat earlier.
const LONGEST_STOP: Duration = Duration::from_secs(90);

/// What a watched process is, which decides how it is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Postgres,
    Kafka,
    /// A program that prepares something and ends by itself.
    Helper,
}

impl Role {
    const fn as_str(self) -> &'static str {
        match self {
            Role::Postgres => "postgres",
            Role::Kafka => "kafka",
            Role::Helper => "helper",
        }
    }
}

/// What becomes of a stack's directory in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disposal {
    Keep,
    Discard,
}

impl Disposal {
    const fn as_str(self) -> &'static str {
        match self {
            Disposal::Keep => "keep",
            Disposal::Discard => "discard",
        }
    }
}

/// The running guard. Dropping it stops everything that it watches, and waits for that.
pub(crate) struct Guard {
    orders: Mutex<Option<ChildStdin>>,
    process: Mutex<Child>,
}

impl Guard {
    /// Starts the guard of a directory. It takes over the locked file, and logs its own troubles to `log`.
    pub(crate) fn start(
        directory: &Path,
        disposal: Disposal,
        lock: File,
        log: File,
    ) -> Result<Guard, StackError> {
        let shell = Path::new("/bin/sh");
        let mut process = Command::new(shell)
            .args(["-c", SCRIPT, "local-stack-guard"])
            .arg(directory)
            .arg(disposal.as_str())
            .stdin(Stdio::piped())
            .stdout(lock)
            .stderr(log)
            .process_group(0)
            .spawn()
            .map_err(StackError::io("run", shell))?;
        let orders = process.stdin.take();
        Ok(Guard {
            orders: Mutex::new(orders),
            process: Mutex::new(process),
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .id()
    }

    /// From now on the process is stopped with the rest. To be called before the process does anything.
    pub(crate) fn watch(&self, role: Role, process: Identity) -> Result<(), StackError> {
        self.order(&format!(
            "watch {} {} {}",
            role.as_str(),
            process.pid,
            process.birth
        ))
    }

    /// Changes what becomes of the directory.
    pub(crate) fn dispose(&self, disposal: Disposal) -> Result<(), StackError> {
        self.order(disposal.as_str())
    }

    /// Has the file that the JVM writes at its end moved to where later JVMs look for it.
    pub(crate) fn archive(&self, from: &Path, to: &Path) -> Result<(), StackError> {
        self.order(&format!("archive-from {}", from.display()))?;
        self.order(&format!("archive-to {}", to.display()))
    }

    fn order(&self, line: &str) -> Result<(), StackError> {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let written = match orders.as_mut() {
            Some(pipe) => pipe.write_all(format!("{line}\n").as_bytes()),
            None => Err(std::io::ErrorKind::BrokenPipe.into()),
        };
        written.map_err(|source| StackError::Io {
            action: "reach the stack's guard process".to_owned(),
            source,
        })
    }

    /// Stops everything that is watched, and waits until it is gone.
    pub(crate) fn finish(&self) -> Result<(), StackError> {
        drop(
            self.orders
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = Instant::now();
        while begun.elapsed() < LONGEST_STOP {
            if !matches!(process.try_wait(), Ok(None)) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Err(StackError::NotStopped {
            service: "the stack",
            pid: i32::try_from(process.id()).unwrap_or_default(),
            waited: LONGEST_STOP,
        })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Err(error) = self.finish() {
            tracing::error!(%error, "the stack did not stop");
        }
    }
}

//! Child processes: started under the guard's eyes, waited for by a thread of their own.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::error::StackError;
use crate::guard::{Guard, Role};

/// A process and the moment it began, since process ids are used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) pid: i32,
    /// Clock ticks from the machine's start to the process's: field 22 of /proc/PID/stat.
    pub(crate) birth: u64,
}

impl Identity {
    /// Who has this process id now.
    pub(crate) fn of(pid: i32) -> Option<Identity> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (state, birth) = parse_stat(&stat)?;
        let ended = matches!(state, "Z" | "X");
        (!ended).then_some(Identity { pid, birth })
    }

    /// Whether that very process still runs.
    pub(crate) fn is_alive(self) -> bool {
        Identity::of(self.pid) == Some(self)
    }

    /// Sends a signal, if that very process still runs.
    pub(crate) fn signal(self, signal: Signal) {
        if self.is_alive() {
            // It may end at this very moment; then there is nothing left to signal.
            let _ended_meanwhile = kill(Pid::from_raw(self.pid), signal);
        }
    }
}

/// State (field 3) and start time (field 22). The name in parentheses may itself hold spaces and parentheses.
fn parse_stat(stat: &str) -> Option<(&str, u64)> {
    let (_, after_name) = stat.rsplit_once(") ")?;
    let mut fields = after_name.split(' ');
    let state = fields.next()?;
    let birth = fields.nth(18)?.parse().ok()?;
    Some((state, birth))
}

/// A program to run: what, where, as whom, and with which environment.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
    account: Option<Account>,
    directory: PathBuf,
    clean_environment: bool,
    environment: Vec<(OsString, OsString)>,
}

impl Program {
    pub(crate) fn new(path: &Path, directory: &Path) -> Program {
        Program {
            path: path.to_path_buf(),
            arguments: Vec::new(),
            account: None,
            directory: directory.to_path_buf(),
            clean_environment: false,
            environment: Vec::new(),
        }
    }

    pub(crate) fn argument(mut self, argument: impl AsRef<OsStr>) -> Program {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    pub(crate) fn arguments<A: AsRef<OsStr>>(
        mut self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Program {
        self.arguments.extend(
            arguments
                .into_iter()
                .map(|argument| argument.as_ref().to_owned()),
        );
        self
    }

    pub(crate) fn run_as(mut self, account: Option<&Account>) -> Program {
        self.account = account.cloned();
        self
    }

    /// Only these variables and PATH, nothing else of our own environment.
    pub(crate) fn only_environment(mut self, variables: &[(&str, &OsStr)]) -> Program {
        self.clean_environment = true;
        self.environment = variables
            .iter()
            .map(|(name, value)| (OsString::from(name), value.to_os_string()))
            .collect();
        self
    }

    /// The program behind a shell that waits for a line before it becomes the program: so the guard can be told of the
    /// process before there is anything that would have to be stopped, and if we die in between, nothing starts.
    fn command(&self) -> Command {
        let mut command = Command::new("/bin/sh");
        command
            .args([
                "-c",
                r#"read -r go || exit 125; exec "$@" </dev/null"#,
                "local-stack-start",
            ])
            .arg(&self.path)
            .args(&self.arguments)
            .current_dir(&self.directory)
            .process_group(0);
        if self.clean_environment {
            let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
            command.env_clear().env("PATH", path);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let Some(account) = &self.account {
            command.gid(account.gid).uid(account.uid);
        }
        command
    }
}

/// A started process.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    identity: Identity,
    end: Arc<End>,
}

#[derive(Debug, Default)]
struct End {
    status: Mutex<Option<ExitStatus>>,
    changed: Condvar,
}

impl Running {
    /// Starts a program; both its outputs go to `output`.
    pub(crate) fn start(
        program: &Program,
        role: Role,
        guard: &Guard,
        output: File,
    ) -> Result<Running, StackError> {
        let errors = output
            .try_clone()
            .map_err(StackError::io("share the log of", &program.path))?;
        let mut child = program
            .command()
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(StackError::io("run", &program.path))?;
        let go = child.stdin.take();
        let identity = i32::try_from(child.id()).ok().and_then(Identity::of);
        let running = Running::reaped_by_a_thread(child, identity, &program.path)?;
        guard.watch(role, running.identity)?;
        if let Some(mut go) = go {
            // If it has ended already, its exit status tells more than this error would.
            let _ended_already = go.write_all(b"go\n");
        }
        Ok(running)
    }

    fn reaped_by_a_thread(
        mut child: Child,
        identity: Option<Identity>,
        path: &Path,
    ) -> Result<Running, StackError> {
        let Some(identity) = identity else {
            return Err(StackError::io("watch", path)(
                std::io::ErrorKind::NotFound.into(),
            ));
        };
        let end = Arc::new(End::default());
        let reported = Arc::clone(&end);
        thread::Builder::new()
            .name("local-stack-reaper".to_owned())
            .spawn(move || {
                let status = child.wait();
                let mut slot = reported
                    .status
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                *slot = Some(status.unwrap_or_default());
                reported.changed.notify_all();
            })
            .map_err(StackError::io("wait for", path))?;
        Ok(Running { identity, end })
    }

    pub(crate) fn pid(&self) -> i32 {
        self.identity.pid
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.identity.signal(signal);
    }

    /// How it ended; nothing while it runs.
    pub(crate) fn ended(&self) -> Option<ExitStatus> {
        *self
            .end
            .status
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for its end; nothing when the time is over first.
    pub(crate) fn wait(&self, longest: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + longest;
        let mut status = self
            .end
            .status
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        while status.is_none() {
            let left = deadline.checked_duration_since(Instant::now())?;
            status = self
                .end
                .changed
                .wait_timeout(status, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        *status
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_parentheses_does_not_shift_the_fields() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 11 12";
        assert_eq!(parse_stat(stat), Some(("S", 987_654)));
        assert_eq!(parse_stat("42 (cut off"), None);
        assert_eq!(parse_stat(""), None);
    }

    #[test]
    fn a_process_id_that_was_used_again_is_somebody_else() {
        let ourselves = i32::try_from(std::process::id()).unwrap();
        let identity = Identity::of(ourselves).unwrap();
        assert!(identity.is_alive());
        let predecessor = Identity {
            birth: identity.birth - 1,
            ..identity
        };
        assert!(!predecessor.is_alive());
    }
}

//! The data directory: made once, by initdb.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::unistd::geteuid;

use crate::account::Account;
use crate::error::StackError;
use crate::files::{self, PRIVATE};
use crate::guard::{Guard, Role};
use crate::home::{self, Layout};
use crate::postgres::installation::Installation;
use crate::process::{Program, Running};
use crate::secret::Passwords;

/// A socket's path has to fit into the kernel's `sun_path`, less the final zero byte.
const LONGEST_SOCKET_PATH: usize = 107;
const LONGEST_SOCKET_NAME: &str = "/.s.PGSQL.65535.lock";

const OWNER_ONLY: u32 = 0o700;
const INITDB_LONGEST: Duration = Duration::from_secs(180);

/// One PostgreSQL cluster on disk, and who may use it.
pub(crate) struct Cluster {
    pub(crate) installation: Installation,
    pub(crate) account: Option<Account>,
    pub(crate) directory: PathBuf,
    pub(crate) log: PathBuf,
}

impl Cluster {
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// Whether initdb went through to its end: its last act is ours.
    pub(crate) fn is_complete(&self) -> bool {
        self.directory.join("initialised").exists()
    }

    /// A program of the installation, run as the right account, untouched by PG* variables of our environment.
    pub(crate) fn program(&self, name: &str) -> Program {
        Program::new(&self.installation.program(name), &self.directory)
            .run_as(self.account.as_ref())
            .only_environment(&[
                ("HOME", self.directory.as_os_str()),
                ("LANG", OsStr::new("C")),
                ("TZ", OsStr::new("UTC")),
            ])
    }

    /// Makes the cluster unless it is there; refuses one of another major version.
    pub(crate) fn prepare(
        &self,
        layout: &Layout,
        passwords: &Passwords,
        sync: bool,
        guard: &Guard,
    ) -> Result<(), StackError> {
        self.make_directory(&self.directory)?;
        if self.is_complete() {
            return self.check_version(&layout.name);
        }
        // What an interrupted initdb left behind.
        remove_directory(&self.data())?;
        self.make_directory(&self.data())?;
        self.initialise(passwords, sync, guard)?;
        files::write_atomically(&self.directory.join("initialised"), b"", PRIVATE)
    }

    /// Where the unix socket goes: within the stack, unless the path would be too long for a socket.
    pub(crate) fn socket_directory(&self) -> Result<PathBuf, StackError> {
        let usual = self.directory.join("socket");
        let fits = usual.as_os_str().len() + LONGEST_SOCKET_NAME.len() <= LONGEST_SOCKET_PATH;
        let chosen = if fits {
            usual
        } else {
            Path::new("/tmp").join(format!("assay-{}", home::short_hash(&self.directory)))
        };
        self.make_directory(&chosen)?;
        Ok(chosen)
    }

    fn make_directory(&self, path: &Path) -> Result<(), StackError> {
        files::make_directory(path, OWNER_ONLY)?;
        // In /tmp everybody can guess the name and put something there before us: it must not be handed over.
        let found = fs::symlink_metadata(path).map_err(StackError::io("look at", path))?;
        let is_ours = found.uid() == geteuid().as_raw()
            || self
                .account
                .as_ref()
                .is_some_and(|account| found.uid() == account.uid);
        if !found.is_dir() || !is_ours {
            return Err(StackError::Configuration(format!(
                "{} belongs to somebody else: remove it, or choose another state directory with --dir or ASSAY_HOME",
                path.display()
            )));
        }
        match &self.account {
            Some(account) => account.own(path),
            None => Ok(()),
        }
    }

    fn check_version(&self, stack: &str) -> Result<(), StackError> {
        let file = self.data().join("PG_VERSION");
        let text = fs::read_to_string(&file).map_err(StackError::io("read", &file))?;
        if text.trim() == self.installation.major.to_string() {
            return Ok(());
        }
        Err(StackError::Configuration(format!(
            "the data of stack `{stack}` is of PostgreSQL {}, and the newest one installed is {}: remove it with `local-stack clean --name {stack}`, or choose another --name",
            text.trim(),
            self.installation.major
        )))
    }

    fn initialise(
        &self,
        passwords: &Passwords,
        sync: bool,
        guard: &Guard,
    ) -> Result<(), StackError> {
        let password_file = self.directory.join("superuser.password");
        files::write_atomically(
            &password_file,
            format!("{}\n", passwords.superuser).as_bytes(),
            PRIVATE,
        )?;
        if let Some(account) = &self.account {
            account.own(&password_file)?;
        }
        // C.UTF-8 sorts and folds by code point, as C does, and knows letters beyond ASCII; old systems lack it.
        let made = self
            .run_initdb("C.UTF-8", &password_file, sync, guard)
            .or_else(|_| {
                remove_directory(&self.data())?;
                self.make_directory(&self.data())?;
                self.run_initdb("C", &password_file, sync, guard)
            });
        fs::remove_file(&password_file).map_err(StackError::io("remove", &password_file))?;
        made
    }

    fn run_initdb(
        &self,
        locale: &str,
        password_file: &Path,
        sync: bool,
        guard: &Guard,
    ) -> Result<(), StackError> {
        let mut program = self
            .program("initdb")
            .arguments([
                "--username=postgres",
                "--encoding=UTF8",
                "--auth=scram-sha-256",
                "--data-checksums",
            ])
            .argument(format!("--locale={locale}"))
            .argument(joined("--pwfile=", password_file))
            .argument(joined("--pgdata=", &self.data()));
        if !sync {
            program = program.argument("--no-sync");
        }
        let log_start = files::length(&self.log);
        let running = Running::start(&program, Role::Helper, guard, files::open_log(&self.log)?)?;
        match running.wait(INITDB_LONGEST) {
            Some(status) if status.success() => Ok(()),
            ended => Err(StackError::NotStarted {
                service: "PostgreSQL",
                reason: match ended {
                    Some(status) => format!("initdb failed ({status})"),
                    None => format!("initdb did not end within {INITDB_LONGEST:?}"),
                },
                log: self.log.clone(),
                tail: files::log_tail(&self.log, log_start),
            }),
        }
    }

    /// Whether the server knows a value of a setting, as by what it was built with.
    pub(crate) fn accepts(
        &self,
        name: &str,
        value: &str,
        guard: &Guard,
    ) -> Result<bool, StackError> {
        let program = self
            .program("postgres")
            .argument("-C")
            .argument(name)
            .argument("-c")
            .argument(format!("{name}={value}"))
            .argument("-D")
            .argument(self.data());
        let nowhere = Path::new("/dev/null");
        let output = fs::OpenOptions::new()
            .write(true)
            .open(nowhere)
            .map_err(StackError::io("open", nowhere))?;
        let running = Running::start(&program, Role::Helper, guard, output)?;
        Ok(running
            .wait(Duration::from_secs(20))
            .is_some_and(|status| status.success()))
    }

    /// Writes the server's configuration.
    pub(crate) fn configure(&self, text: &str) -> Result<(), StackError> {
        let path = self.data().join("postgresql.conf");
        fs::write(&path, text).map_err(StackError::io("write", &path))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(PRIVATE))
            .map_err(StackError::io("set the mode of", &path))?;
        match &self.account {
            Some(account) => account.own(&path),
            None => Ok(()),
        }
    }
}

fn joined(option: &str, path: &Path) -> std::ffi::OsString {
    let mut argument = std::ffi::OsString::from(option);
    argument.push(path);
    argument
}

fn remove_directory(path: &Path) -> Result<(), StackError> {
    if !path.exists() {
        return Ok(());
    }
    fs::remove_dir_all(path).map_err(StackError::io("remove", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster_in(directory: PathBuf) -> Cluster {
        Cluster {
            installation: Installation {
                bin: PathBuf::from("/nowhere"),
                major: 15,
                version: "15".to_owned(),
            },
            account: None,
            log: directory.join("log"),
            directory,
        }
    }

    #[test]
    fn a_socket_lies_in_the_stack_unless_its_path_would_be_too_long() {
        let base = tempfile::tempdir().unwrap();
        let short = cluster_in(base.path().join("s"));
        assert_eq!(
            short.socket_directory().unwrap(),
            base.path().join("s/socket")
        );

        let long = cluster_in(base.path().join("x".repeat(100)));
        let socket = long.socket_directory().unwrap();
        assert!(socket.as_os_str().len() + LONGEST_SOCKET_NAME.len() <= LONGEST_SOCKET_PATH);
        assert_eq!(fs::metadata(&socket).unwrap().mode() & 0o777, OWNER_ONLY);
        fs::remove_dir(socket).unwrap();
    }

    #[test]
    fn what_somebody_else_put_in_place_of_a_directory_is_refused() {
        let base = tempfile::tempdir().unwrap();
        let target = base.path().join("precious");
        fs::write(&target, "").unwrap();
        let trap = base.path().join("trap");
        std::os::unix::fs::symlink(&target, &trap).unwrap();
        let cluster = cluster_in(base.path().join("s"));
        let told = cluster.make_directory(&trap).unwrap_err().to_string();
        assert!(told.contains("belongs to somebody else"), "{told}");
    }
}

//! The stacks of one state directory, seen from another process than the ones that run them.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::account::Account;
use crate::error::StackError;
use crate::home::{self, Layout};
use crate::record::{self, StackRecord};

const STOP_LONGEST: Duration = Duration::from_secs(150);
const POLL: Duration = Duration::from_millis(50);

/// A state directory and the stacks in it.
#[derive(Debug, Clone)]
pub struct Stacks {
    home: PathBuf,
}

impl Stacks {
    /// The stacks of a directory; absent: `ASSAY_HOME`, else `.assay` in the checkout, as when starting one.
    ///
    /// # Errors
    /// When the directory cannot be used.
    pub fn of(home: Option<&Path>) -> Result<Stacks, StackError> {
        let (home, _notice) = home::choose(home, Account::for_database_server().as_ref())?;
        Ok(Stacks { home })
    }

    /// The state directory.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The records of all that run, by name.
    pub fn running(&self) -> Vec<StackRecord> {
        let mut records: Vec<StackRecord> = self
            .layouts()
            .iter()
            .filter_map(|layout| StackRecord::read(layout).ok())
            .collect();
        records.sort_by(|one, other| one.name.cmp(&other.name));
        records
    }

    /// A running stack by its name, or without a name the only one that runs.
    ///
    /// # Errors
    /// When none, or without a name several, are running.
    pub fn find(&self, name: Option<&str>) -> Result<StackRecord, StackError> {
        if let Some(name) = name {
            return StackRecord::read(&Layout::new(&self.home, name)?);
        }
        let mut running = self.running();
        if running.len() > 1 {
            let names: Vec<&str> = running.iter().map(|record| record.name.as_str()).collect();
            return Err(StackError::Configuration(format!(
                "several stacks are running ({}): say which with --name",
                names.join(", ")
            )));
        }
        running.pop().ok_or_else(|| StackError::NotRunning {
            name: crate::DEFAULT_NAME.to_owned(),
            home: self.home.clone(),
        })
    }

    /// Asks the process that runs a stack to end (SIGTERM), and waits until the stack's servers are gone.
    ///
    /// # Errors
    /// When it is not running, or does not end in time.
    pub fn stop(&self, name: &str) -> Result<(), StackError> {
        let layout = Layout::new(&self.home, name)?;
        if record::is_free(&layout)? {
            return Err(StackError::NotRunning {
                name: name.to_owned(),
                home: self.home.clone(),
            });
        }
        // Without a living owner the guard is at it already.
        let owner = record::lock_holder(&layout)?;
        if let Some(owner) = owner {
            owner.signal(Signal::SIGTERM);
        }
        let begun = Instant::now();
        while begun.elapsed() < STOP_LONGEST {
            if record::is_free(&layout)? {
                return Ok(());
            }
            thread::sleep(POLL);
        }
        Err(StackError::NotStopped {
            service: "the stack's owner",
            pid: owner.map(|owner| owner.pid).unwrap_or_default(),
            waited: STOP_LONGEST,
        })
    }

    /// Removes the data and logs of a stack, or without a name of all; those that run are left alone.
    ///
    /// # Errors
    /// When files cannot be removed.
    pub fn clean(&self, name: Option<&str>) -> Result<Cleaned, StackError> {
        let layouts = match name {
            Some(name) => self
                .layouts()
                .into_iter()
                .filter(|layout| layout.name == name)
                .collect(),
            None => self.layouts(),
        };
        let mut cleaned = Cleaned::default();
        for layout in layouts {
            let Some(_lock) = record::lock_if_free(&layout)? else {
                cleaned.running.push(layout.name);
                continue;
            };
            if layout.dir.exists() {
                fs::remove_dir_all(&layout.dir).map_err(StackError::io("remove", &layout.dir))?;
                cleaned.removed.push(layout.name.clone());
            }
            let lock = layout.lock();
            if lock.exists() {
                fs::remove_file(&lock).map_err(StackError::io("remove", &lock))?;
            }
        }
        // Only if nothing of anybody's is left in it.
        let _not_empty_or_absent = fs::remove_dir(&self.home);
        Ok(cleaned)
    }

    /// Everything that has a stack's lock beside it.
    fn layouts(&self) -> Vec<Layout> {
        let entries = fs::read_dir(&self.home).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| {
                let path = entry.path();
                let is_lock = path
                    .extension()
                    .is_some_and(|extension| extension == "lock");
                let name = path.file_stem()?.to_str()?.to_owned();
                if is_lock {
                    Layout::new(&self.home, &name).ok()
                } else {
                    None
                }
            })
            .collect()
    }
}

/// What [`Stacks::clean`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// The stacks whose files are gone.
    pub removed: Vec<String>,
    /// The stacks that run, and were left alone.
    pub running: Vec<String>,
}

//! What a running stack tells other programs: `stack.json`, and who holds the lock.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::error::StackError;
use crate::files::{self, PRIVATE};
use crate::home::Layout;
use crate::process::Identity;
use crate::progress::Display;

/// A guard needs about this long at most to stop what a dead owner has left running.
const TAKEOVER_LONGEST: Duration = Duration::from_secs(100);

/// A running stack, as its `stack.json` describes it. Holds passwords: the file's mode is 0600.
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StackRecord {
    /// The stack's name.
    pub name: String,
    /// Where its state and logs lie.
    pub dir: PathBuf,
    /// Seconds since 1970 at which it was ready.
    pub ready_at: u64,
    /// The process that started it.
    pub owner_pid: i32,
    /// The process that stops its servers when the owner ends.
    pub guard_pid: u32,
    /// PostgreSQL's postmaster; absent when the environment's is used, or while it is stopped.
    pub postgres_pid: Option<i32>,
    /// The broker's JVM; absent when the environment's is used, or while it is stopped.
    pub kafka_pid: Option<i32>,
    /// Where psql and its siblings are; absent when the environment's PostgreSQL is used.
    pub postgres_bin: Option<PathBuf>,
    /// The database `assay` as superuser.
    pub superuser_url: String,
    /// The database `assay` as its owner, the role `migrator`.
    pub migrator_url: String,
    /// host:port of the broker.
    pub kafka_bootstrap_servers: String,
}

impl StackRecord {
    /// Reads the record of a running stack.
    pub(crate) fn read(layout: &Layout) -> Result<StackRecord, StackError> {
        let path = layout.record();
        let not_running = || StackError::NotRunning {
            name: layout.name.clone(),
            home: layout.home.clone(),
        };
        let owner = owner(&layout.lock()).ok_or_else(not_running)?;
        let text = fs::read(&path).map_err(|_| not_running())?;
        let record: StackRecord = serde_json::from_slice(&text).map_err(|error| {
            StackError::Configuration(format!("{} cannot be read: {error}", path.display()))
        })?;
        // Of an owner that died: its guard has not removed it yet, or was killed, too.
        if record.owner_pid != owner.pid {
            return Err(not_running());
        }
        Ok(record)
    }

    pub(crate) fn write(&self, layout: &Layout) -> Result<(), StackError> {
        write_json(&layout.record(), self)
    }
}

/// The ports of the last start, so that the next can offer its servers at the same address.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct LastPorts {
    pub(crate) postgres: Option<u16>,
    pub(crate) kafka: Option<u16>,
}

impl LastPorts {
    /// Unknown ports where there is no readable file: they are a convenience only.
    pub(crate) fn read(layout: &Layout) -> LastPorts {
        let text = fs::read(Self::path(layout)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    pub(crate) fn write(self, layout: &Layout) -> Result<(), StackError> {
        write_json(&Self::path(layout), &self)
    }

    fn path(layout: &Layout) -> PathBuf {
        layout.dir.join("ports.json")
    }
}

fn write_json(path: &Path, content: &impl Serialize) -> Result<(), StackError> {
    let text = serde_json::to_vec_pretty(content).map_err(|error| {
        StackError::Configuration(format!("cannot write {}: {error}", path.display()))
    })?;
    files::write_atomically(path, &text, PRIVATE)
}

/// Takes the stack's lock, and writes into it who we are. Where the last owner has died and its guard is still at work,
/// waits for that.
pub(crate) fn take_lock(layout: &Layout, display: &Display) -> Result<File, StackError> {
    let path = layout.lock();
    let begun = Instant::now();
    let mut told = false;
    loop {
        let mut file = open_lock(&path)?;
        match file.try_lock() {
            // `clean` may have removed the file between our opening and our locking it.
            Ok(()) if !is_the_file_at(&file, &path) => continue,
            Ok(()) => {
                write_owner(&mut file).map_err(StackError::io("write", &path))?;
                return Ok(file);
            }
            Err(TryLockError::Error(error)) => return Err(StackError::io("lock", &path)(error)),
            Err(TryLockError::WouldBlock) => {}
        }
        let owner = owner(&path);
        if owner.is_some() || begun.elapsed() > TAKEOVER_LONGEST {
            return Err(StackError::AlreadyRunning {
                name: layout.name.clone(),
                owner: owner.map_or_else(String::new, |owner| format!(" (process {})", owner.pid)),
                dir: layout.dir.clone(),
            });
        }
        if !told {
            display.step("waiting for the last stack of this name to stop");
            told = true;
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// The living process that took the lock last. It need not hold it any more.
fn owner(lock: &Path) -> Option<Identity> {
    let mut text = String::new();
    File::open(lock)
        .ok()?
        .take(200)
        .read_to_string(&mut text)
        .ok()?;
    let owner: Identity = serde_json::from_str(&text).ok()?;
    owner.is_alive().then_some(owner)
}

/// The living process that holds a stack's lock; nothing where the lock is free, or held by the guard of a dead owner.
pub(crate) fn lock_holder(layout: &Layout) -> Result<Option<Identity>, StackError> {
    if is_free(layout)? {
        Ok(None)
    } else {
        Ok(owner(&layout.lock()))
    }
}

/// Whether nobody holds a stack's lock, neither owner nor guard.
pub(crate) fn is_free(layout: &Layout) -> Result<bool, StackError> {
    Ok(!layout.lock().exists() || lock_if_free(layout)?.is_some())
}

/// Takes a stack's lock without becoming its owner; nothing where somebody holds it. It ends with the returned file.
pub(crate) fn lock_if_free(layout: &Layout) -> Result<Option<File>, StackError> {
    let path = layout.lock();
    let file = open_lock(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(StackError::io("lock", &path)(error)),
    }
}

fn is_the_file_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(ours), Ok(there)) => ours.dev() == there.dev() && ours.ino() == there.ino(),
        _ => false,
    }
}

fn open_lock(path: &Path) -> Result<File, StackError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(PRIVATE)
        .open(path)
        .map_err(StackError::io("open", path))
}

fn write_owner(file: &mut File) -> std::io::Result<()> {
    let ourselves = i32::try_from(std::process::id())
        .ok()
        .and_then(Identity::of);
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&serde_json::to_vec(&ourselves)?)
}

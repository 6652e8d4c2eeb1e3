//! Small files: written with the right mode from the first byte, replaced atomically, and the ends of logs.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::error::StackError;

/// Only the owner may read.
pub(crate) const PRIVATE: u32 = 0o600;
/// Everybody may read.
pub(crate) const READABLE: u32 = 0o644;

/// How much of a log's end is looked at.
const TAIL_BYTES: u64 = 8 * 1024;
const TAIL_LINES: usize = 12;

/// Replaces a file as a whole: a reader sees the old content or the new, never a part.
pub(crate) fn write_atomically(path: &Path, content: &[u8], mode: u32) -> Result<(), StackError> {
    let unfinished = path.with_extension(format!("new-{}", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(&unfinished)
        .and_then(|mut file| {
            file.set_permissions(Permissions::from_mode(mode))?;
            file.write_all(content)
        })
        .and_then(|()| fs::rename(&unfinished, path));
    written.map_err(StackError::io("write", path))
}

/// Opens a log for appending; only the owner may read it.
pub(crate) fn open_log(path: &Path) -> Result<File, StackError> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(PRIVATE)
        .open(path)
        .map_err(StackError::io("open the log", path))
}

/// Makes a directory, and its parents, with exactly this mode whatever the umask. Leaves an existing one as it is.
pub(crate) fn make_directory(path: &Path, mode: u32) -> Result<(), StackError> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        make_directory(parent, mode)?;
    }
    let made = DirBuilder::new().mode(mode).create(path);
    match made {
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(mode))
            .map_err(StackError::io("set the mode of", path)),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StackError::io("create the directory", path)(error)),
    }
}

/// The last lines of a log, from byte `start` on, each preceded by a line break; empty where there is none.
pub(crate) fn log_tail(path: &Path, start: u64) -> String {
    let text = log_text_since(path, start);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let first_shown = lines.len().saturating_sub(TAIL_LINES);
    lines
        .iter()
        .skip(first_shown)
        .map(|line| format!("\n  | {line}"))
        .collect()
}

/// The end of what was written to a log since it was `start` bytes long; at most a few KiB.
pub(crate) fn log_text_since(path: &Path, start: u64) -> String {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|mut file| {
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(
            start.max(length.saturating_sub(TAIL_BYTES)),
        ))?;
        file.take(TAIL_BYTES).read_to_end(&mut bytes)
    });
    match read {
        Ok(_) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => String::new(),
    }
}

/// How long a file is now; 0 where there is none.
pub(crate) fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

//! A file that takes the place of another one only when it is whole.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::ExportError;

/// A file beside the one that it is going to replace. Dropped without [`Replacement::finish`], it goes away.
pub(crate) struct Replacement {
    target: PathBuf,
    beside: PathBuf,
    is_finished: bool,
}

impl Replacement {
    /// Opens a file of this process's own beside `target`.
    pub(crate) fn begin(target: &Path) -> Result<(Replacement, File), ExportError> {
        let name = target
            .file_name()
            .ok_or_else(|| ExportError::file(target, "it names no file"))?;
        let mut beside_name = std::ffi::OsString::from(".");
        beside_name.push(name);
        beside_name.push(format!(".{}.partial", std::process::id()));
        let beside = target.with_file_name(beside_name);
        let file = File::create(&beside).map_err(|error| ExportError::file(&beside, error))?;
        let replacement = Replacement {
            target: target.to_owned(),
            beside,
            is_finished: false,
        };
        Ok((replacement, file))
    }

    /// Puts the file, which is written to the disk first, in the place of the other one.
    pub(crate) fn finish(mut self, file: &File) -> Result<(), ExportError> {
        file.sync_all()
            .and_then(|()| std::fs::rename(&self.beside, &self.target))
            .map_err(|error| ExportError::file(&self.target, error))?;
        self.is_finished = true;
        Ok(())
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.is_finished {
            let _ = std::fs::remove_file(&self.beside);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_old_file_stays_until_the_new_one_is_whole() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("mart.csv");
        std::fs::write(&target, "old").unwrap();
        let (replacement, mut file) = Replacement::begin(&target).unwrap();
        file.write_all(b"half").unwrap();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "old");
        drop(replacement);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
        let (replacement, mut file) = Replacement::begin(&target).unwrap();
        file.write_all(b"new").unwrap();
        replacement.finish(&file).unwrap();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "new");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
        assert!(Replacement::begin(&directory.path().join("no/such/mart.csv")).is_err());
    }
}

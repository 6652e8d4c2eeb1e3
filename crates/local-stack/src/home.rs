//! Where stacks keep their state, and how the files in there are called.

use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use sha2::{Digest, Sha256};

use crate::account::Account;
use crate::error::StackError;
use crate::files;

/// Directories that another account has to pass, but not to list.
const PASSABLE: u32 = 0o711;

/// The longest name of a stack.
const MAX_NAME: usize = 40;

/// The files of one stack. Nothing is created by naming them.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) home: PathBuf,
    pub(crate) name: String,
    pub(crate) dir: PathBuf,
}

impl Layout {
    pub(crate) fn new(home: &Path, name: &str) -> Result<Layout, StackError> {
        check_name(name)?;
        Ok(Layout {
            home: home.to_path_buf(),
            name: name.to_owned(),
            dir: home.join(name),
        })
    }

    /// Held while the stack runs, by the guard to the very end. Beside the directory, so that it outlives it.
    pub(crate) fn lock(&self) -> PathBuf {
        self.home.join(format!("{}.lock", self.name))
    }

    pub(crate) fn record(&self) -> PathBuf {
        self.dir.join("stack.json")
    }

    pub(crate) fn passwords(&self) -> PathBuf {
        self.dir.join("passwords.json")
    }

    /// Says that the directory was made for one run, and may be removed by the next that is.
    pub(crate) fn discard_mark(&self) -> PathBuf {
        self.dir.join("made-for-one-run")
    }

    pub(crate) fn postgres(&self) -> PathBuf {
        self.dir.join("postgres")
    }

    pub(crate) fn kafka(&self) -> PathBuf {
        self.dir.join("kafka")
    }

    pub(crate) fn log(&self, service: &str) -> PathBuf {
        self.dir.join(format!("{service}.log"))
    }

    /// Creates the directory so that the database server's account can reach what is its own inside.
    pub(crate) fn create(&self) -> Result<(), StackError> {
        files::make_directory(&self.dir, PASSABLE)
    }
}

/// A name becomes a directory and part of a topic's and a database's name.
fn check_name(name: &str) -> Result<(), StackError> {
    let allowed =
        |symbol: char| symbol.is_ascii_lowercase() || symbol.is_ascii_digit() || symbol == '-';
    let starts_well =
        name.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit());
    if starts_well && name.len() <= MAX_NAME && name.chars().all(allowed) {
        return Ok(());
    }
    Err(StackError::Configuration(format!(
        "{name:?} cannot be the name of a stack: use 1 to {MAX_NAME} of a-z, 0-9 and -, beginning with a letter or digit"
    )))
}

/// The directory that holds the stacks: as given, else `ASSAY_HOME`, else `.assay` in the checkout.
///
/// Where the database server's account cannot reach the checkout, a directory under /var/tmp takes its place; the
/// second value then says so, for the user to read.
pub(crate) fn choose(
    given: Option<&Path>,
    account: Option<&Account>,
) -> Result<(PathBuf, Option<String>), StackError> {
    let asked_for = match given {
        Some(given) => Some(given.to_path_buf()),
        None => env::var_os("ASSAY_HOME")
            .filter(|value| !value.is_empty())
            .map(PathBuf::from),
    };
    if let Some(asked_for) = asked_for {
        let home = absolute(&asked_for)?;
        return match closed_on_the_way(&home, account) {
            None => Ok((home, None)),
            Some(reason) => Err(StackError::Configuration(format!(
                "the state directory {} cannot be used: {reason}. Choose another with --dir or ASSAY_HOME, or open it with chmod o+x",
                home.display()
            ))),
        };
    }

    let usual = checkout_directory()?.join(".assay");
    let Some(reason) = closed_on_the_way(&usual, account) else {
        return Ok((usual, None));
    };
    let substitute = substitute_for(&usual);
    let notice = format!(
        "state is kept in {} instead of {}: {reason}",
        substitute.display(),
        usual.display()
    );
    claim_substitute(&substitute)?;
    Ok((substitute, Some(notice)))
}

fn closed_on_the_way(home: &Path, account: Option<&Account>) -> Option<String> {
    let account = account?;
    let closed = account.first_closed_directory(home)?;
    Some(format!(
        "PostgreSQL does not run as root, and the account `{}` may not pass {}",
        account.name,
        closed.display()
    ))
}

/// The nearest directory upwards that has stacks already or is the workspace's root; else the current one.
fn checkout_directory() -> Result<PathBuf, StackError> {
    let current = absolute(Path::new("."))?;
    let root = current.ancestors().find(|directory| {
        directory.join(".assay").is_dir() || directory.join("Cargo.lock").is_file()
    });
    Ok(root.unwrap_or(&current).to_path_buf())
}

fn absolute(path: &Path) -> Result<PathBuf, StackError> {
    let absolute = std::path::absolute(path).map_err(StackError::io("resolve", path))?;
    // "." at the end, which std::path::absolute keeps, would show up in messages.
    Ok(absolute.components().collect())
}

fn substitute_for(usual: &Path) -> PathBuf {
    Path::new("/var/tmp").join(format!("assay-{}", short_hash(usual)))
}

/// Everybody may create names under /var/tmp: what is there must be a directory of our own, not somebody's trap.
fn claim_substitute(substitute: &Path) -> Result<(), StackError> {
    files::make_directory(substitute, PASSABLE)?;
    let found = fs::symlink_metadata(substitute).map_err(StackError::io("look at", substitute))?;
    if found.is_dir() && found.uid() == geteuid().as_raw() {
        return Ok(());
    }
    Err(StackError::Configuration(format!(
        "{} belongs to somebody else: choose a state directory with --dir or ASSAY_HOME",
        substitute.display()
    )))
}

/// 12 hexadecimal digits that stand for a path.
pub(crate) fn short_hash(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    digest
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Where downloads are kept for all stacks: `ASSAY_CACHE`, else `assay` in the user's cache directory.
pub(crate) fn cache() -> Result<PathBuf, StackError> {
    let named = |variable: &str| {
        env::var_os(variable)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let cache = named("ASSAY_CACHE")
        .or_else(|| named("XDG_CACHE_HOME").map(|base| base.join("assay")))
        .or_else(|| named("HOME").map(|home| home.join(".cache/assay")));
    match cache {
        Some(cache) => absolute(&cache),
        None => Err(StackError::Configuration(
            "no place for downloads: set ASSAY_CACHE to a directory".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn names_are_safe_as_directories_and_topics() {
        let (longest, too_long) = ("x".repeat(MAX_NAME), "x".repeat(MAX_NAME + 1));
        for good in ["demo", "test-2", "0", &longest] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "..", "a/b", "Demo", "-x", "a b", "a.b", "ä", &too_long] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_closed_directory_asked_for_by_name_is_an_error_that_names_it() {
        let closed = tempfile::tempdir().unwrap();
        fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let account = Account {
            name: "somebody".to_owned(),
            uid: 4_000_000,
            gid: 4_000_000,
        };
        let home = closed.path().join("state");
        let error = choose(Some(&home), Some(&account)).unwrap_err().to_string();
        assert!(error.contains("somebody"), "{error}");
        assert!(
            error.contains(&closed.path().display().to_string()),
            "{error}"
        );
        assert!(
            choose(Some(&home), None).is_ok(),
            "nothing to check when not root"
        );
    }

    #[test]
    fn hashes_tell_paths_apart() {
        let one = short_hash(Path::new("/root/a/.assay"));
        assert_eq!(one.len(), 12);
        assert_ne!(one, short_hash(Path::new("/root/b/.assay")));
    }
}

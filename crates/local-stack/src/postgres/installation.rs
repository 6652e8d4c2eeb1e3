//! Which PostgreSQL the system has.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::StackError;

/// The oldest version that the warehouse supports.
pub(crate) const OLDEST_MAJOR: u32 = 15;

/// Where Debian and its relatives put each version's programs.
const DEBIAN_ROOT: &str = "/usr/lib/postgresql";

/// A PostgreSQL whose server can be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Installation {
    pub(crate) bin: PathBuf,
    pub(crate) major: u32,
    /// As printed, e.g. "15.13 (Debian 15.13-0+deb12u1)".
    pub(crate) version: String,
}

impl Installation {
    /// The newest one under /usr/lib/postgresql, else the one that `pg_config` on the PATH belongs to.
    pub(crate) fn find() -> Result<Installation, StackError> {
        let found: Vec<Installation> = candidates().iter().filter_map(|bin| examine(bin)).collect();
        let newest_known = found.iter().map(|installation| installation.major).max();
        let fitting = found
            .into_iter()
            .find(|installation| installation.major >= OLDEST_MAJOR);
        fitting.ok_or_else(|| StackError::MissingProgram {
            program: "the PostgreSQL server",
            reason: match newest_known {
                Some(major) => {
                    format!("version {OLDEST_MAJOR} or newer is needed, and only {major} was found")
                }
                None => format!(
                    "no initdb and postgres in {DEBIAN_ROOT}/*/bin nor where pg_config points"
                ),
            },
        })
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }
}

/// Directories that may hold the programs, best first.
fn candidates() -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(DEBIAN_ROOT)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let major = entry.file_name().to_str()?.parse().ok()?;
            Some((major, entry.path().join("bin")))
        })
        .collect();
    versions.sort();
    let newest_first = versions.into_iter().rev().map(|(_, bin)| bin);
    newest_first.chain(configured_directory()).collect()
}

fn configured_directory() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let directory = String::from_utf8(output.stdout).ok()?;
    output
        .status
        .success()
        .then(|| PathBuf::from(directory.trim()))
}

fn examine(bin: &Path) -> Option<Installation> {
    if !bin.join("initdb").is_file() {
        return None;
    }
    let output = Command::new(bin.join("postgres"))
        .arg("--version")
        .output()
        .ok()?;
    let printed = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let (major, version) = parse_version(&printed)?;
    Some(Installation {
        bin: bin.to_path_buf(),
        major,
        version,
    })
}

/// From "postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)"; also "18beta1".
fn parse_version(printed: &str) -> Option<(u32, String)> {
    let version = printed.split_once("(PostgreSQL) ")?.1;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    Some((digits.parse().ok()?, version.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_packages_print_them() {
        for (printed, major) in [
            (
                "postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)",
                Some(15),
            ),
            ("postgres (PostgreSQL) 18beta1", Some(18)),
            ("postgres (PostgreSQL) 9.6.24", Some(9)),
            ("postgres (EnterpriseDB) 15", None),
            ("", None),
        ] {
            assert_eq!(
                parse_version(printed).map(|(major, _)| major),
                major,
                "{printed}"
            );
        }
    }
}

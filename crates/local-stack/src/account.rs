//! Whom the database server runs as: PostgreSQL refuses to run as root.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};

use nix::unistd::{User, geteuid};

use crate::error::StackError;

/// An account without privileges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// The uid and gid of "nobody" where the system has no such name.
const NOBODY: u32 = 65_534;

impl Account {
    /// The account to run PostgreSQL as: nothing to change unless we are root; then `postgres`, else `nobody`.
    pub(crate) fn for_database_server() -> Option<Account> {
        if !geteuid().is_root() {
            return None;
        }
        let known = ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| User::from_name(name).ok().flatten());
        let account = match known {
            Some(user) => Account {
                name: user.name,
                uid: user.uid.as_raw(),
                gid: user.gid.as_raw(),
            },
            None => Account {
                name: "nobody".to_owned(),
                uid: NOBODY,
                gid: NOBODY,
            },
        };
        Some(account)
    }

    /// Hands a file or directory over to the account.
    pub(crate) fn own(&self, path: &Path) -> Result<(), StackError> {
        chown(path, Some(self.uid), Some(self.gid))
            .map_err(StackError::io("change the owner of", path))
    }

    /// The first directory on the way to `path` (itself included, where it exists) that the account may not pass.
    pub(crate) fn first_closed_directory(&self, path: &Path) -> Option<PathBuf> {
        let mut ancestors: Vec<&Path> = path.ancestors().collect();
        ancestors.reverse();
        ancestors
            .into_iter()
            .find(|directory| {
                fs::metadata(directory)
                    .is_ok_and(|found| !self.may_pass(found.mode(), found.uid(), found.gid()))
            })
            .map(Path::to_path_buf)
    }

    fn may_pass(&self, mode: u32, owner: u32, group: u32) -> bool {
        const EXECUTE: u32 = 0o1;
        if owner == self.uid {
            return mode >> 6 & EXECUTE != 0;
        }
        if group == self.gid {
            return mode >> 3 & EXECUTE != 0;
        }
        mode & EXECUTE != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passing_a_directory_follows_owner_then_group_then_others() {
        let account = Account {
            name: "postgres".to_owned(),
            uid: 105,
            gid: 110,
        };
        assert!(account.may_pass(0o711, 0, 0));
        assert!(!account.may_pass(0o700, 0, 0));
        assert!(account.may_pass(0o700, 105, 0));
        assert!(account.may_pass(0o710, 0, 110));
        assert!(
            !account.may_pass(0o701, 0, 110),
            "the group's bits count, not the others'"
        );
        assert!(!account.may_pass(0o677, 105, 110), "the owner's bits count");
    }
}

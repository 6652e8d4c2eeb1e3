//! The random passwords of a stack's roles, kept beside its data so that the next start finds them.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::StackError;
use crate::files::{self, PRIVATE};

/// The passwords of the roles that the stack creates. Hexadecimal, so that they need no quoting anywhere.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Passwords {
    pub(crate) superuser: String,
    pub(crate) migrator: String,
}

impl Passwords {
    /// Reads the stack's passwords, or makes them up and writes them (mode 0600).
    pub(crate) fn load_or_create(path: &Path) -> Result<Passwords, StackError> {
        if path.exists() {
            return Self::load(path);
        }
        let passwords = Passwords {
            superuser: random_hex()?,
            migrator: random_hex()?,
        };
        let text = serde_json::to_vec_pretty(&passwords).map_err(|error| {
            StackError::Configuration(format!("cannot write passwords: {error}"))
        })?;
        files::write_atomically(path, &text, PRIVATE)?;
        Ok(passwords)
    }

    fn load(path: &Path) -> Result<Passwords, StackError> {
        let text = std::fs::read(path).map_err(StackError::io("read", path))?;
        serde_json::from_slice(&text).map_err(|error| {
            StackError::Configuration(format!(
                "{} is not a passwords file ({error}): remove the stack with `local-stack clean` and start anew",
                path.display()
            ))
        })
    }
}

/// 128 random bits as 32 hexadecimal digits.
pub(crate) fn random_hex() -> Result<String, StackError> {
    let source = Path::new("/dev/urandom");
    let mut bytes = [0u8; 16];
    File::open(source)
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(StackError::io("read", source))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn passwords_survive_a_restart_and_are_readable_by_the_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("passwords.json");
        let first = Passwords::load_or_create(&path).unwrap();
        let second = Passwords::load_or_create(&path).unwrap();
        assert_eq!(first.superuser, second.superuser);
        assert_eq!(first.migrator, second.migrator);
        assert_ne!(first.superuser, first.migrator);
        assert_eq!(first.superuser.len(), 32);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_passwords_file_is_an_error_and_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("passwords.json");
        std::fs::write(&path, "{").unwrap();
        assert!(Passwords::load_or_create(&path).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{");
    }
}

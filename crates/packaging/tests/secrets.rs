//! scripts/make-secrets: makes what is missing, keeps what is there, and lets containers read what others cannot.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use packaging::{read_text, root};

fn make_secrets(env_file: &Path) -> Output {
    Command::new(root().join("scripts/make-secrets"))
        .arg(env_file)
        .output()
        .unwrap()
}

#[test]
fn every_password_of_the_example_is_made_once() {
    let directory = tempfile::tempdir().unwrap();
    let env_file = directory.path().join(".env");
    fs::write(&env_file, read_text(".env.example").unwrap()).unwrap();
    let made = make_secrets(&env_file);
    assert!(made.status.success(), "{made:?}");
    let secrets = directory.path().join("secrets");
    assert_eq!(
        fs::metadata(&secrets).unwrap().permissions().mode() & 0o777,
        0o700
    );
    let passwords = || {
        let mut found: Vec<(String, String)> = fs::read_dir(&secrets)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                (
                    path.display().to_string(),
                    fs::read_to_string(path).unwrap(),
                )
            })
            .collect();
        found.sort();
        found
    };
    let first = passwords();
    assert_eq!(first.len(), 6, "{first:?}");
    for (path, password) in &first {
        assert_eq!(password.len(), 48, "{path}");
        assert_eq!(
            fs::metadata(path).unwrap().permissions().mode() & 0o777,
            0o444,
            "{path}"
        );
        assert!(
            first.iter().filter(|(_, other)| other == password).count() == 1,
            "{path} is not random"
        );
        assert!(!String::from_utf8_lossy(&made.stdout).contains(password.as_str()));
    }
    assert!(make_secrets(&env_file).status.success());
    assert_eq!(passwords(), first, "a second run changed a password");
    fs::remove_file(secrets.join("migrator_password")).unwrap();
    assert!(make_secrets(&env_file).status.success());
    let third = passwords();
    assert_eq!(third.len(), 6);
    assert_eq!(third.iter().filter(|pair| !first.contains(pair)).count(), 1);
}

#[test]
fn what_is_missing_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let missing = make_secrets(&directory.path().join(".env"));
    assert_eq!(missing.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("cp .env.example .env"));
    let empty = directory.path().join("empty.env");
    fs::write(&empty, "KAFKA_TOPIC=x\n").unwrap();
    let nothing = make_secrets(&empty);
    assert_eq!(nothing.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("_PASSWORD_FILE"));
}

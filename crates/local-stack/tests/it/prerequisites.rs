//! scripts/install-prerequisites on machines where something is missing: a PATH of our own, and an apt-get that only
//! takes notes.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::support::stderr;

/// What the script itself is made of.
const TOOLS: [&str; 9] = [
    "sh", "sed", "sort", "head", "cut", "dirname", "mkdir", "cat", "touch",
];
/// What it looks for.
const NEEDED: [&str; 8] = [
    "cargo",
    "cc",
    "c++",
    "make",
    "pkg-config",
    "java",
    "mvn",
    "rustup",
];

struct Machine {
    path: TempDir,
}

impl Machine {
    /// A machine with everything but some programs.
    fn without(missing: &[&str]) -> Machine {
        let machine = Machine {
            path: tempfile::tempdir().unwrap(),
        };
        for tool in TOOLS {
            machine.link(tool);
        }
        for needed in NEEDED {
            if !missing.contains(&needed) {
                machine.fake(needed, &answer_of(needed));
            }
        }
        machine.fake("id", "echo 0");
        machine
    }

    /// Knows some packages; installing puts a program in place.
    fn with_apt(self, known: &[&str], installs: &str) -> Machine {
        let known = known.join("|");
        self.fake(
            "apt-cache",
            &format!("case $2 in {known}) echo \"  Candidate: 99\" ;; *) echo '  Candidate: (none)' ;; esac"),
        );
        let notes = self.notes();
        let program = self.path.path().join(installs);
        self.fake(
            "apt-get",
            &format!(
                "echo \"$*\" >>'{}'; case $1 in install) printf '#!/bin/sh\\n{}\\n' >'{program}'; '{chmod}' +x '{program}' ;; esac",
                notes.display(),
                answer_of(installs).replace('\'', "'\\''"),
                program = program.display(),
                chmod = "/bin/chmod",
            ),
        );
        self
    }

    fn link(&self, tool: &str) {
        let found = ["/bin", "/usr/bin"]
            .iter()
            .map(|directory| Path::new(directory).join(tool))
            .find(|path| path.exists());
        symlink(found.unwrap(), self.path.path().join(tool)).unwrap();
    }

    fn fake(&self, name: &str, script: &str) {
        let path = self.path.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn notes(&self) -> PathBuf {
        self.path.path().join("notes-of-apt-get")
    }

    fn installed(&self) -> Vec<String> {
        let notes = std::fs::read_to_string(self.notes()).unwrap_or_default();
        notes.lines().map(str::to_owned).collect()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let script =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/install-prerequisites");
        Command::new("/bin/sh")
            .arg(script)
            .args(arguments)
            .env_clear()
            .env("PATH", self.path.path())
            .env("HOME", self.path.path())
            .output()
            .unwrap()
    }
}

fn answer_of(program: &str) -> String {
    match program {
        "cargo" => "echo 'cargo 1.999.0 (abc 2026-01-01)'".to_owned(),
        "java" => "echo 'openjdk version \"17.0.1\"' >&2".to_owned(),
        _ => "exit 0".to_owned(),
    }
}

#[test]
fn a_complete_machine_is_left_alone() {
    let machine = Machine::without(&[]).with_apt(&["maven"], "mvn");
    let output = machine.run(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(machine.installed().is_empty());
}

#[test]
fn what_is_missing_is_installed_and_looked_for_again() {
    let machine = Machine::without(&["mvn"]).with_apt(&["maven"], "mvn");
    let output = machine.run(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let installed = machine.installed();
    assert!(installed[0].starts_with("update"), "{installed:?}");
    assert!(
        installed[1].starts_with("install -y") && installed[1].ends_with(" maven"),
        "{installed:?}"
    );
    assert!(
        installed[1].contains("--no-install-recommends"),
        "{installed:?}"
    );
}

#[test]
fn what_still_is_missing_afterwards_is_an_error() {
    let machine = Machine::without(&["mvn", "make"]).with_apt(&["maven"], "mvn");
    let output = machine.run(&[]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        stderr(&output).contains("--no-install-recommends make\n"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn without_root_the_command_is_printed_and_nothing_installed() {
    let machine = Machine::without(&["mvn", "cc"]).with_apt(&["maven"], "mvn");
    machine.fake("id", "echo 1000");
    for arguments in [&[][..], &["--check"]] {
        let output = machine.run(arguments);
        assert_eq!(output.status.code(), Some(3));
        let told = stderr(&output);
        assert!(
            told.contains("apt-get install -y --no-install-recommends gcc maven"),
            "{told}"
        );
    }
    assert!(machine.installed().is_empty());
}

#[test]
fn the_java_that_apt_has_is_taken() {
    for (known, expected) in [
        ("openjdk-17-jre-headless", "openjdk-17-jre-headless"),
        ("openjdk-21-jre-headless", "openjdk-21-jre-headless"),
        ("something-else", "default-jre-headless"),
    ] {
        let machine = Machine::without(&["java"]).with_apt(&[known], "java");
        let output = machine.run(&[]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(
            machine.installed()[1].ends_with(expected),
            "{:?}",
            machine.installed()
        );
    }
}

#[test]
fn an_old_java_is_as_good_as_none() {
    for old in ["openjdk version \"11.0.2\"", "java version \"1.8.0_402\""] {
        let machine = Machine::without(&[]).with_apt(&["openjdk-17-jre-headless"], "java");
        machine.fake("java", &format!("echo '{old}' >&2"));
        assert_eq!(machine.run(&["--check"]).status.code(), Some(3), "{old}");
    }
}

#[test]
fn rust_is_asked_for_and_never_installed() {
    for (cargo, rustup, told) in [
        (None, false, "install it with rustup"),
        (Some("cargo 1.63.0"), true, "rustup update stable"),
        (Some("cargo 1.63.0"), false, "install it with rustup"),
    ] {
        let missing: &[&str] = if rustup {
            &["cargo"]
        } else {
            &["cargo", "rustup"]
        };
        let machine = Machine::without(missing).with_apt(&["cargo"], "mvn");
        if let Some(version) = cargo {
            machine.fake("cargo", &format!("echo '{version} (abc)'"));
        }
        let output = machine.run(&[]);
        assert_eq!(output.status.code(), Some(3));
        assert!(stderr(&output).contains(told), "{}", stderr(&output));
        assert!(machine.installed().is_empty());
    }
}

#[test]
fn unknown_arguments_are_a_usage_error() {
    let output = Machine::without(&[]).run(&["--force"]);
    assert_eq!(output.status.code(), Some(2));
}

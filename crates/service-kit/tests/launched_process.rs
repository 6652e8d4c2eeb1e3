//! A launched service as its supervisor sees it: signals in, exit codes out; and secrets, which come from an environment
//! that only a process of its own can have to itself.

// Helpers of tests are tests, which clippy.toml lets unwrap, but clippy sees that only inside of #[test] functions.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

fn example() -> Command {
    let test_binary = std::env::current_exe().unwrap();
    let profile_directory: PathBuf = test_binary.parent().unwrap().parent().unwrap().into();
    let mut command = Command::new(profile_directory.join("examples/wait_for_signal"));
    command
        .env_remove("EXAMPLE_SECRET")
        .env_remove("EXAMPLE_SECRET_FILE");
    command
}

struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(mode: &str) -> Self {
        let mut child = example().arg(mode).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut running = Running { child, lines };
        running.expect_line("started");
        running
    }

    fn expect_line(&mut self, expected: &str) {
        assert_eq!(self.lines.next().unwrap().unwrap(), expected);
    }

    fn send(&self, signal: Signal) {
        kill(
            Pid::from_raw(i32::try_from(self.child.id()).unwrap()),
            signal,
        )
        .unwrap();
    }

    fn exit_code(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

#[test]
fn sigterm_ends_it_well() {
    let mut service = Running::start("");
    service.send(Signal::SIGTERM);
    service.expect_line("stopping");
    assert_eq!(service.exit_code(), Some(0));
}

#[test]
fn an_interrupt_ends_it_with_130() {
    let mut service = Running::start("");
    service.send(Signal::SIGINT);
    service.expect_line("stopping");
    assert_eq!(service.exit_code(), Some(130));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut service = Running::start("deaf");
    service.send(Signal::SIGTERM);
    service.expect_line("stopping");
    service.send(Signal::SIGTERM);
    assert_eq!(service.exit_code(), Some(130));
}

fn secret_with(variables: &[(&str, &str)]) -> Output {
    example()
        .arg("secret")
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_secret_comes_from_the_variable_or_from_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret");
    std::fs::write(&path, "from the file\n").unwrap();
    let path = path.to_str().unwrap();

    assert_eq!(printed(&secret_with(&[])), "none\n");
    assert_eq!(
        printed(&secret_with(&[("EXAMPLE_SECRET", "direct")])),
        "direct\n"
    );
    assert_eq!(
        printed(&secret_with(&[("EXAMPLE_SECRET_FILE", path)])),
        "from the file\n"
    );
    let empty_and_file = [("EXAMPLE_SECRET", ""), ("EXAMPLE_SECRET_FILE", path)];
    assert_eq!(printed(&secret_with(&empty_and_file)), "from the file\n");
}

#[test]
fn two_sources_or_an_unreadable_file_are_a_configuration_failure() {
    let both = secret_with(&[
        ("EXAMPLE_SECRET", "hunter2"),
        ("EXAMPLE_SECRET_FILE", "/etc/hostname"),
    ]);
    assert_eq!(both.status.code(), Some(3));
    let stderr = String::from_utf8(both.stderr).unwrap();
    assert!(
        stderr.contains("error: EXAMPLE_SECRET and EXAMPLE_SECRET_FILE are both set"),
        "{stderr}"
    );
    assert!(!stderr.contains("hunter2"), "{stderr}");

    let unreadable = secret_with(&[("EXAMPLE_SECRET_FILE", "/nonexistent/secret")]);
    assert_eq!(unreadable.status.code(), Some(3));
    assert!(
        String::from_utf8(unreadable.stderr)
            .unwrap()
            .contains("/nonexistent/secret")
    );
}

//! Whatever ends the program that started a stack, its servers end with it.

use std::env;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use local_stack::{Stack, StackOptions};
use nix::sys::signal::Signal;

use crate::support::{
    Program, ask, eventually, execute, is_alive, local_stack, number, open_directory, send, stderr,
    text, up,
};

#[test]
fn a_killed_program_takes_its_servers_along_and_the_data_stays() {
    let home = open_directory();
    let (mut owner, record) = up(home.path(), "killed");
    let servers = [
        number(&record, "postgres_pid"),
        number(&record, "kafka_pid"),
    ];
    assert_eq!(text(&record, "name"), "killed");
    check_that_secrets_are_kept(&home.path().join("killed"));
    execute(
        text(&record, "migrator_url"),
        "CREATE TABLE kept AS SELECT 42 AS n",
    )
    .unwrap();
    a_second_of_the_same_name_is_refused(home.path(), owner.0.id());

    send(number(&record, "owner_pid"), Signal::SIGKILL);
    owner.0.wait().unwrap();
    let took = eventually("both servers are gone", || {
        !servers.iter().any(|pid| is_alive(*pid))
    });
    println!("kill -9: both servers gone after {took:?}");

    // At once, while the guard may still be at work: the next start waits for it.
    let last_address = text(&record, "kafka_bootstrap_servers").to_owned();
    let (mut next, record) = up(home.path(), "killed");
    assert_eq!(text(&record, "kafka_bootstrap_servers"), last_address);
    assert_eq!(
        ask(text(&record, "superuser_url"), "SELECT n::text FROM kept"),
        "42"
    );
    let servers = [
        number(&record, "postgres_pid"),
        number(&record, "kafka_pid"),
    ];
    let down = local_stack(home.path())
        .args(["down", "--name", "killed"])
        .output()
        .unwrap();
    assert_eq!(down.status.code(), Some(0), "{}", stderr(&down));
    assert_eq!(next.0.wait().unwrap().code(), Some(0), "an orderly end");
    assert!(
        !servers.iter().any(|pid| is_alive(*pid)),
        "`down` waits until the servers are gone"
    );
    assert!(!home.path().join("killed/stack.json").exists());

    let clean = local_stack(home.path()).arg("clean").output().unwrap();
    assert_eq!(clean.status.code(), Some(0), "{}", stderr(&clean));
    assert!(!home.path().join("killed").exists());
}

fn check_that_secrets_are_kept(stack: &Path) {
    for file in ["stack.json", "passwords.json", "kafka/server.properties"] {
        let mode = std::fs::metadata(stack.join(file)).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let passwords = std::fs::read_to_string(stack.join("passwords.json")).unwrap();
    let passwords: serde_json::Value = serde_json::from_str(&passwords).unwrap();
    for log in ["postgres.log", "kafka.log", "guard.log"] {
        let told = std::fs::read_to_string(stack.join(log)).unwrap();
        for role in ["superuser", "migrator"] {
            assert!(
                !told.contains(passwords[role].as_str().unwrap()),
                "{log} holds the password of {role}"
            );
        }
    }
}

fn a_second_of_the_same_name_is_refused(home: &Path, owner: u32) {
    let second = local_stack(home)
        .args(["up", "--name", "killed"])
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(3));
    let told = stderr(&second);
    assert!(
        told.contains(&format!("already running (process {owner})")),
        "{told}"
    );
}

#[test]
fn a_start_that_is_killed_at_any_moment_leaves_no_process_behind() {
    let home = open_directory();
    for milliseconds in [5, 300, 1_200, 2_500, 4_000] {
        let starting = local_stack(home.path())
            .args(["up", "--name", "often-killed"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        drop(Program(starting));
        eventually("all that was started is gone", || {
            processes_about(home.path()) == 0
        });
    }
    // And what the starts left half-done is completed by the next.
    up(home.path(), "often-killed");
}

/// How many processes have a path within this directory on their command line.
fn processes_about(directory: &Path) -> usize {
    let needle = directory.as_os_str().as_encoded_bytes();
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .filter(|line| line.windows(needle.len()).any(|window| window == needle))
        .count()
}

#[test]
fn ctrl_c_ends_a_stack_with_code_130_also_while_it_starts() {
    let home = open_directory();
    let mut starting = Program(
        local_stack(home.path())
            .args(["up", "--name", "starting"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let pid_file = home.path().join("starting/postgres/data/postmaster.pid");
    eventually("PostgreSQL has begun to start", || pid_file.exists());
    let pid = i32::try_from(starting.0.id()).unwrap();
    send(pid, Signal::SIGINT);
    assert_eq!(starting.0.wait().unwrap().code(), Some(130));
    eventually("what was started is stopped", || !pid_file.exists());

    let (mut running, record) = up(home.path(), "starting");
    send(number(&record, "owner_pid"), Signal::SIGINT);
    assert_eq!(running.0.wait().unwrap().code(), Some(130));
    assert!(!is_alive(number(&record, "postgres_pid")));
    assert!(!is_alive(number(&record, "kafka_pid")));
}

const LIBRARY_USER: &str = "LOCAL_STACK_TEST_LIBRARY_USER";

/// Not a test of its own: what `a_killed_test_binary_takes_its_servers_along` runs in a process to be killed.
#[test]
fn library_user() {
    let Some(report) = env::var_os(LIBRARY_USER) else {
        return;
    };
    let stack = Stack::start(StackOptions::private()).unwrap();
    let told = format!(
        "{} {} {}",
        stack.postgres_pid().unwrap(),
        stack.kafka_pid().unwrap(),
        stack.dir().display()
    );
    let report = Path::new(&report);
    std::fs::write(report.with_extension("new"), told).unwrap();
    std::fs::rename(report.with_extension("new"), report).unwrap();
    std::thread::sleep(Duration::from_secs(600));
}

#[test]
fn a_killed_test_binary_takes_its_servers_along() {
    let directory = open_directory();
    let report = directory.path().join("report");
    let mut user = Program(
        Command::new(env::current_exe().unwrap())
            .args(["--exact", "ending::library_user"])
            .env(LIBRARY_USER, &report)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let begun = Instant::now();
    while !report.exists() {
        assert!(
            user.0.try_wait().unwrap().is_none(),
            "the library's user ended early"
        );
        assert!(begun.elapsed() < Duration::from_secs(150));
        std::thread::sleep(Duration::from_millis(20));
    }
    let told = std::fs::read_to_string(&report).unwrap();
    let mut parts = told.splitn(3, ' ');
    let servers: Vec<i32> = parts
        .by_ref()
        .take(2)
        .map(|pid| pid.parse().unwrap())
        .collect();
    let stack_directory = Path::new(parts.next().unwrap()).to_path_buf();
    assert!(servers.iter().all(|pid| is_alive(*pid)) && stack_directory.exists());

    user.0.kill().unwrap();
    user.0.wait().unwrap();
    eventually("both servers are gone", || {
        !servers.iter().any(|pid| is_alive(*pid))
    });
    eventually("the temporary directory is gone", || {
        !stack_directory.exists()
    });
}

use std::process::Stdio;

use nix::sys::signal::Signal;

use crate::support::{Program, eventually, local_stack, open_directory, send, stderr};

#[test]
fn run_hands_over_the_addresses_and_the_exit_code() {
    let home = open_directory();
    let script = r#"
        set -e
        [ "$ASSAY_STACK" = external ]
        [ -d "$ASSAY_STACK_DIR" ]
        case $KAFKA_BOOTSTRAP_SERVERS in 127.0.0.1:*) ;; *) exit 1 ;; esac
        case $ASSAY_SUPERUSER_URL in postgresql://postgres:*@127.0.0.1:*/assay) ;; *) exit 1 ;; esac
        case $ASSAY_MIGRATOR_URL in postgresql://migrator:*@127.0.0.1:*/assay) ;; *) exit 1 ;; esac
        [ -z "$DATABASE_URL" ]
        [ "$("$PROGRAM" psql --name cli -- -Atc 'SELECT current_user')" = postgres ]
        [ "$("$PROGRAM" psql -- -Atc 'SELECT current_database()')" = assay ]
        exit 7
    "#;
    let failed = local_stack(home.path())
        .env("PROGRAM", env!("CARGO_BIN_EXE_local-stack"))
        .args(["run", "--name", "cli", "--", "sh", "-c", script])
        .output()
        .unwrap();
    assert_eq!(failed.status.code(), Some(7), "{}", stderr(&failed));
    let kept = home.path().join("cli/kafka.log");
    assert!(kept.exists(), "the logs of a failed run stay");

    let succeeded = local_stack(home.path())
        .args(["run", "--name", "cli", "--", "true"])
        .output()
        .unwrap();
    assert_eq!(succeeded.status.code(), Some(0), "{}", stderr(&succeeded));
    assert!(
        !home.path().join("cli").exists(),
        "a run that went well leaves nothing behind"
    );
}

#[test]
fn run_passes_a_signal_on_and_tells_how_the_command_ended() {
    let home = open_directory();
    let mark = home.path().join("running");
    let mut run = Program(
        local_stack(home.path())
            .args(["run", "--name", "signal", "--", "sh", "-c"])
            .arg(format!("touch '{}'; exec sleep 60", mark.display()))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    eventually("the command runs", || mark.exists());
    send(i32::try_from(run.0.id()).unwrap(), Signal::SIGTERM);
    assert_eq!(run.0.wait().unwrap().code(), Some(128 + 15));
}

#[test]
fn mistakes_are_told_before_anything_starts() {
    let home = open_directory();
    for (arguments, code, told) in [
        (&["run"][..], 2, "COMMAND"),
        (&["up", "--no-such-flag"], 2, "--no-such-flag"),
        (
            &["up", "--name", "Not A Name"],
            3,
            "cannot be the name of a stack",
        ),
        (
            &["psql", "--name", "absent"],
            4,
            "local-stack up --name absent",
        ),
    ] {
        let output = local_stack(home.path()).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(
            stderr(&output).contains(told),
            "{arguments:?}: {}",
            stderr(&output)
        );
    }
    let down = local_stack(home.path())
        .args(["down", "--name", "absent"])
        .output()
        .unwrap();
    assert_eq!(
        down.status.code(),
        Some(0),
        "what is to be stopped is not running: as it should be"
    );
}

#[test]
fn missing_programs_are_told_by_name() {
    let home = open_directory();
    let without_java = local_stack(home.path())
        .env("JAVA_HOME", "/nonexistent")
        .args(["run", "--", "true"])
        .output()
        .unwrap();
    assert_eq!(without_java.status.code(), Some(3));
    let told = stderr(&without_java);
    assert!(
        told.contains("a Java runtime is missing")
            && told.contains("scripts/install-prerequisites"),
        "{told}"
    );

    let doctor = local_stack(home.path())
        .env("JAVA_HOME", "/nonexistent")
        .arg("doctor")
        .output()
        .unwrap();
    assert_eq!(doctor.status.code(), Some(3));
    let table = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(
        table
            .lines()
            .any(|line| line.starts_with("missing") && line.contains("Java")),
        "{table}"
    );
}

//! What the command line answers when something is wrong, and the commands that need no Kafka.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "where these panic, the test has failed"
)]

mod support;

use std::process::Output;

use support::{run, stderr};
use tempfile::TempDir;

fn assert_fails(output: &Output, code: i32, texts: &[&str]) {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    for text in texts {
        assert!(said.contains(text), "`{text}` is missing in: {said}");
    }
}

#[test]
fn senseless_figures_end_with_2_and_say_what_is_sensible() {
    for (flags, text) in [
        (["--rate", "-1"], "is not between 0.001 and"),
        (["--rate", "NaN"], "is not between 0.001 and"),
        (["--rate", "fast"], "is not a number"),
        (["--duplicate-pct", "100.5"], "not between 0 and 100"),
        (["--late-pct", "-3"], "not between 0 and 100"),
        (["--bad-pct", "NaN"], "not between 0 and 100"),
        (["--count", "0"], "invalid value '0'"),
        (["--count", "-7"], "invalid value '-7'"),
        (["--duration", "0"], "longer than nothing"),
        (["--bad-mix", "frobnicated=1"], "choose from"),
        (["--start", "tomorrow"], "2026-01-01T00:00:00Z"),
        (["--lines-mean", "0.5"], "1 to 10 lines"),
        (["--speed", "fast"], "write for instance 60x"),
        (["--speed", "0"], "0.01x"),
        (["--growth-pct", "-5"], "per cent a year"),
        (["--rush", "100"], "times the usual orders"),
        (["--scenario", "quiet"], "outage-catchup"),
    ] {
        assert_fails(
            &run(&["run", "--dry-run", flags[0], flags[1]]),
            2,
            &[text, flags[0]],
        );
    }
}

#[test]
fn a_past_before_the_contract_ends_with_2() {
    let early = run(&[
        "run",
        "--dry-run",
        "--count",
        "10",
        "--start",
        "2000-01-10T00:00:00Z",
        "--backfill",
        "30d",
    ]);
    assert_fails(&early, 2, &["--backfill", "2000 to 2199"]);
    let long = run(&["run", "--dry-run", "--count", "10", "--backfill", "20years"]);
    assert_fails(&long, 2, &["--backfill", "at most"]);
}

#[test]
fn settings_that_cannot_work_end_with_3_at_once() {
    let url = run(&[
        "run",
        "--count",
        "1",
        "--kafka-bootstrap-servers",
        "kafka://localhost:9092",
    ]);
    assert_fails(&url, 3, &["kafka://localhost:9092", "localhost:9092 or"]);
    let option = run(&[
        "run",
        "--count",
        "1",
        "--kafka-option",
        "no.such.property=1",
    ]);
    assert_fails(&option, 3, &["no.such.property", "--kafka-option"]);
    let topic = run(&["run", "--count", "1", "--kafka-topic", "not a topic"]);
    assert_fails(&topic, 3, &["not a legal topic name"]);
}

#[test]
fn a_truth_that_cannot_be_written_is_found_before_anything_is_sent() {
    let missing = run(&[
        "run",
        "--dry-run",
        "--count",
        "10",
        "--truth",
        "/no/such/directory/truth.json",
    ]);
    assert_fails(
        &missing,
        3,
        &["/no/such/directory/truth.json", "directory that exists"],
    );
    let directory = TempDir::new().expect("a directory");
    let path = directory.path().to_str().expect("text");
    assert_fails(
        &run(&["run", "--dry-run", "--count", "10", "--truth", path]),
        3,
        &["it is a directory"],
    );
}

#[test]
fn a_broker_that_is_away_ends_with_4_after_the_patience() {
    for servers in ["127.0.0.1:1", "no-such-host.invalid:9092"] {
        let output = run(&[
            "run",
            "--count",
            "1",
            "--kafka-bootstrap-servers",
            servers,
            "--wait-for-dependencies",
            "1s",
        ]);
        assert_fails(
            &output,
            4,
            &[
                "cannot reach Kafka at",
                servers,
                "within 1s",
                "KAFKA_BOOTSTRAP_SERVERS",
            ],
        );
        assert_eq!(
            stderr(&output).matches("is away").count(),
            1,
            "said once: {}",
            stderr(&output)
        );
    }
}

#[test]
fn truth_files_are_shown_and_their_seals_checked() {
    let directory = TempDir::new().expect("a directory");
    let path = directory.path().join("truth.json");
    let file = path.to_str().expect("text");
    let written = run(&[
        "run",
        "--dry-run",
        "--count",
        "3000",
        "--backfill",
        "10d",
        "--start",
        "2026-01-01T00:00:00Z",
        "--duplicate-pct",
        "5",
        "--bad-pct",
        "5",
        "--truth",
        file,
    ]);
    assert!(written.status.success(), "{}", stderr(&written));
    let leftovers = std::fs::read_dir(directory.path())
        .expect("readable")
        .count();
    assert_eq!(leftovers, 1, "no draft is left beside the truth");

    let shown = run(&["truth", file]);
    assert!(shown.status.success(), "{}", stderr(&shown));
    let table = String::from_utf8(shown.stdout).expect("text");
    for text in ["3,000", "2025-12-22", "EUR", "bad_utf8", "seal matches"] {
        assert!(table.contains(text), "`{text}` is missing in: {table}");
    }

    let text = std::fs::read_to_string(&path).expect("readable");
    std::fs::write(&path, text.replacen("\"orders\": ", "\"orders\": 1", 1)).expect("writable");
    assert_fails(&run(&["truth", file]), 5, &[file, "seal does not match"]);
    std::fs::write(&path, "{}").expect("writable");
    assert_fails(&run(&["truth", file]), 5, &["not a truth file"]);
    assert_fails(
        &run(&["truth", "/no/such/file"]),
        3,
        &["cannot read /no/such/file"],
    );
}

#[test]
fn a_dry_run_is_reproducible_and_its_summary_is_json() {
    let directory = TempDir::new().expect("a directory");
    let truths = ["one", "two"].map(|name| {
        let path = directory.path().join(name);
        let output = run(&[
            "run",
            "--dry-run",
            "--json",
            "--count",
            "5000",
            "--start",
            "2026-01-01T00:00:00Z",
            "--late-pct",
            "10",
            "--bad-pct",
            "2",
            "--truth",
            path.to_str().expect("text"),
        ]);
        assert!(output.status.success(), "{}", stderr(&output));
        let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(summary["events"], 5_000);
        std::fs::read(path).expect("a truth")
    });
    assert_eq!(truths[0], truths[1]);
}

#[test]
fn a_simulated_duration_has_its_number_of_events() {
    let output = run(&[
        "run",
        "--dry-run",
        "--json",
        "--start",
        "2026-01-01T00:00:00Z",
        "--rate",
        "2000",
        "--duration",
        "1s",
    ]);
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(summary["events"], 2_000);
}

#[test]
fn the_environment_stands_in_for_flags() {
    let mut command = support::producer(&["run"]);
    command.envs([
        ("PRODUCER_COUNT", "70"),
        ("PRODUCER_DRY_RUN", "1"),
        ("PRODUCER_JSON", "true"),
        ("PRODUCER_SEED", "9"),
    ]);
    let output = command.output().expect("the producer starts");
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        (&summary["events"], &summary["seed"]),
        (&70.into(), &9.into())
    );
}

#[test]
fn variables_that_are_set_to_nothing_count_as_not_set() {
    let mut command = support::producer(&["run", "--dry-run", "--json", "--count", "10"]);
    command.envs(
        [
            "PRODUCER_RATE",
            "PRODUCER_START",
            "PRODUCER_TRUTH",
            "PRODUCER_BAD_MIX",
            "PRODUCER_SEED",
        ]
        .map(|name| (name, "")),
    );
    let output = command.output().expect("the producer starts");
    assert!(output.status.success(), "{}", stderr(&output));
}

fn summary_of(flags: &[&str]) -> serde_json::Value {
    let output = run(&[&["run", "--dry-run", "--json"], flags].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn a_kind_that_nobody_can_make_bad_is_answered_with_the_list() {
    let output = run(&["run", "--dry-run", "--bad-mix", "oversize=1"]);
    let kinds = event_contract::spoil::KINDS
        .iter()
        .map(|kind| kind.as_str());
    assert_fails(&output, 2, &kinds.chain(["tombstone"]).collect::<Vec<_>>());
}

#[test]
fn scenarios_are_chosen_by_flag_or_variable_and_yield_to_flags() {
    let dirty = summary_of(&["--scenario", "dirty", "--count", "10000"]);
    let counts = |summary: &serde_json::Value| {
        ["duplicates", "bad"].map(|name| summary[name].as_u64().expect("a number"))
    };
    let [duplicates, bad] = counts(&dirty);
    assert!((220..380).contains(&duplicates), "{duplicates}");
    assert!((400..600).contains(&bad), "{bad}");
    let without = summary_of(&["--scenario", "dirty", "--count", "10000", "--bad-pct", "0"]);
    assert_eq!(counts(&without)[1], 0);

    let mut command = support::producer(&["run", "--dry-run", "--json", "--count", "10000"]);
    command.env("PRODUCER_SCENARIO", "dirty");
    let output = command.output().expect("the producer starts");
    let by_variable: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(counts(&by_variable)[1] > 0, "{by_variable}");
}

#[test]
fn a_replay_takes_its_time_and_a_backfill_does_not() {
    let past = ["--backfill", "2h", "--count", "2000", "--rate", "100000"];
    let seconds = |flags: &[&str]| summary_of(flags)["seconds"].as_f64().expect("a number");
    assert!(seconds(&past) < 1.0);
    let replayed = seconds(&[&past[..], &["--speed", "3600x"]].concat());
    assert!(
        (1.7..4.0).contains(&replayed),
        "two hours at 3600x: {replayed}"
    );
}

#[test]
fn two_seconds_of_a_simulated_run_at_86400x_are_two_days() {
    let directory = TempDir::new().expect("a directory");
    let path = directory.path().join("truth.json");
    let summary = summary_of(&[
        "--start",
        "2026-01-01T00:00:00Z",
        "--speed",
        "86400x",
        "--rate",
        "500",
        "--duration",
        "2s",
        "--truth",
        path.to_str().expect("text"),
    ]);
    // 500 events a second of the run, whatever its speed.
    assert_eq!(summary["events"], 1_000);
    let truth = std::fs::read_to_string(path).expect("a truth");
    for day in ["2026-01-01", "2026-01-02"] {
        assert!(truth.contains(day), "two seconds are two days: {day}");
    }
}

#[test]
fn helpers_answer() {
    let script = run(&["completions", "bash"]);
    assert!(String::from_utf8_lossy(&script.stdout).contains("--duplicate-pct"));
    let help = run(&["run", "--help"]);
    for text in [
        "Examples:",
        "black-friday",
        "six times the orders",
        "--speed",
    ] {
        let said = String::from_utf8_lossy(&help.stdout);
        assert!(said.contains(text), "`{text}` is missing in: {said}");
    }
    assert_fails(&run(&["healthcheck"]), 2, &["--http-addr"]);
    assert!(
        !run(&["healthcheck", "--http-addr", "127.0.0.1:1"])
            .status
            .success()
    );
}

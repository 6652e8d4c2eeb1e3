//! `transformer verify`: the warehouse held against itself, and against what producers swear to.

pub mod truth;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use event_contract::truth::Truth;
use serde::Serialize;
use service_kit::Failure;
use warehouse::Warehouse;
use warehouse::verify::{CheckResult, FINDINGS_KEPT, Verification};

/// What to verify and how to say it.
#[derive(Debug, Clone)]
pub struct VerifyOptions {
    /// Sealed truth files; all producers that wrote to the warehouse, or none.
    pub truth_files: Vec<PathBuf>,
    /// Records may be there more often than the truths say: a producer was killed and run again.
    pub allows_repeats: bool,
    /// JSON on stdout instead of lines for a person.
    pub json: bool,
}

/// The outcome as `--json` prints it.
#[derive(Debug, Serialize)]
struct Report {
    ok: bool,
    pending: Pending,
    checks: Vec<CheckLine>,
}

#[derive(Debug, Serialize)]
struct Pending {
    kafka: i64,
    bronze: i64,
    silver: i64,
}

#[derive(Debug, Serialize)]
struct CheckLine {
    invariant: &'static str,
    statement: String,
    ok: bool,
    violations: usize,
    findings: Vec<String>,
    seconds: f64,
}

/// Runs all checks and prints their outcome to stdout.
///
/// # Errors
/// [`Failure::DataNotInOrder`] where anything is off, [`Failure::Usage`] where a truth file cannot be used.
pub async fn verify(warehouse: &Warehouse, options: &VerifyOptions) -> Result<(), Failure> {
    let truths = options
        .truth_files
        .iter()
        .map(|path| read_truth(path))
        .collect::<Result<Vec<Truth>, Failure>>()?;
    let mut session = warehouse.connect().await?;
    let verification = Verification::begin(&mut session).await?;
    let [kafka, bronze, silver] = verification.pending().await?;
    let mut lines = Vec::new();
    let mut results = verification
        .run_checks(|result| print_unless(options.json, result))
        .await?;
    if !truths.is_empty() {
        for result in truth::compare(&verification, &truths, options.allows_repeats).await? {
            print_unless(options.json, &result);
            results.push(result);
        }
    }
    lines.extend(results.iter().map(CheckLine::from));
    let report = Report {
        ok: lines.iter().all(|line| line.ok),
        pending: Pending {
            kafka,
            bronze,
            silver,
        },
        checks: lines,
    };
    print_end(&report, options.json)?;
    if report.ok {
        return Ok(());
    }
    let broken = report.checks.iter().filter(|line| !line.ok).count();
    Err(Failure::DataNotInOrder(format!(
        "{broken} of {} checks found something: see above, and docs/OPERATIONS.md for what each one means",
        report.checks.len()
    )))
}

fn read_truth(path: &Path) -> Result<Truth, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::Usage(format!(
            "cannot read the truth file {}: {error}; `producer run --truth FILE` writes one",
            path.display()
        ))
    })?;
    Truth::from_sealed_json(&text)
        .map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

impl From<&CheckResult> for CheckLine {
    fn from(result: &CheckResult) -> Self {
        CheckLine {
            invariant: result.invariant,
            statement: result.statement.clone(),
            ok: result.violations == 0,
            violations: result.violations,
            findings: result.findings.clone(),
            seconds: result.took.as_secs_f64(),
        }
    }
}

fn print_unless(json: bool, result: &CheckResult) {
    if json {
        return;
    }
    let mut text = String::new();
    let mark = if result.violations == 0 { "✔" } else { "✘" };
    text.push_str(&format!(
        "{mark} {:<5} {:<66} {:>7.2} s\n",
        result.invariant,
        result.statement,
        result.took.as_secs_f64()
    ));
    for finding in &result.findings {
        text.push_str(&format!("          {finding}\n"));
    }
    if result.violations > FINDINGS_KEPT {
        text.push_str(&format!(
            "          … and {} more\n",
            result.violations - FINDINGS_KEPT
        ));
    }
    // A reader that has gone away is no reason to stop verifying: the exit code still tells.
    let _ = io::stdout().write_all(text.as_bytes());
}

fn print_end(report: &Report, json: bool) -> Result<(), Failure> {
    let text = if json {
        let json = serde_json::to_string_pretty(report)
            .map_err(|error| Failure::Internal(error.into()))?;
        format!("{json}\n")
    } else {
        let Pending {
            kafka,
            bronze,
            silver,
        } = report.pending;
        let verdict = if report.ok {
            "GREEN: every record is accounted for"
        } else {
            "RED: something is off"
        };
        format!(
            "\n{verdict} ({} checks; waiting: {kafka} in Kafka, {bronze} in bronze, {silver} in silver)\n",
            report.checks.len()
        )
    };
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(())
}

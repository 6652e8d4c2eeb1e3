//! Is everything there that building and running needs? The same list as in scripts/install-prerequisites.

use std::process::Command;

use crate::error::StackError;
use crate::home;
use crate::kafka::jars::{self, Jars, KAFKA_VERSION};
use crate::kafka::java::{self, Java};
use crate::postgres::installation::{self, Installation};

/// The oldest Rust that the workspace builds with.
const RUST_VERSION: &str = env!("CARGO_PKG_RUST_VERSION");

/// Something that building or running needs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What is needed, e.g. "Java runtime 17 or newer".
    pub needed: String,
    /// What it is needed for.
    pub purpose: &'static str,
    /// The version found, or why it does not do.
    pub found: Result<String, String>,
    /// The command, or the advice, that mends it.
    pub remedy: String,
}

/// Looks for everything, and changes nothing.
pub fn examine() -> Vec<Finding> {
    let mut findings = vec![rust()];
    findings.extend(build_tools());
    findings.push(postgres());
    findings.push(psql());
    findings.push(java_runtime());
    findings.push(maven());
    findings
}

fn rust() -> Finding {
    let found = first_line("cargo", &["--version"]).and_then(|line| {
        let version = line.split(' ').nth(1).unwrap_or_default();
        if is_at_least(version, RUST_VERSION) {
            Ok(line)
        } else {
            Err(format!("{line} is too old"))
        }
    });
    Finding {
        needed: format!("Rust {RUST_VERSION} or newer"),
        purpose: "building",
        found,
        remedy: "rustup update stable (rustup is Rust's installer; its site says how to get it)"
            .to_owned(),
    }
}

fn build_tools() -> Vec<Finding> {
    [
        ("C compiler", "cc", "--version", "gcc"),
        ("C++ compiler", "c++", "--version", "g++"),
        ("make", "make", "--version", "make"),
        ("pkg-config", "pkg-config", "--version", "pkg-config"),
    ]
    .into_iter()
    .map(|(needed, program, argument, package)| Finding {
        needed: needed.to_owned(),
        purpose: "building librdkafka",
        found: first_line(program, &[argument]),
        remedy: install(package),
    })
    .chain([Finding {
        needed: "OpenSSL's headers".to_owned(),
        purpose: "building librdkafka",
        found: first_line("pkg-config", &["--modversion", "openssl"]),
        remedy: install("libssl-dev"),
    }])
    .collect()
}

fn postgres() -> Finding {
    let oldest = installation::OLDEST_MAJOR;
    Finding {
        needed: format!("PostgreSQL server {oldest} or newer"),
        purpose: "demo and tests",
        found: Installation::find()
            .map(|found| found.version)
            .map_err(reason),
        remedy: install("postgresql"),
    }
}

fn psql() -> Finding {
    let found = Installation::find()
        .map_err(reason)
        .and_then(|installation| {
            let beside_the_server = installation.program("psql");
            first_line(&beside_the_server.display().to_string(), &["--version"])
        });
    Finding {
        needed: "psql".to_owned(),
        purpose: "make psql",
        found: found.or_else(|_| first_line("psql", &["--version"])),
        remedy: install("postgresql-client"),
    }
}

fn java_runtime() -> Finding {
    let oldest = java::OLDEST_MAJOR;
    Finding {
        needed: format!("Java runtime {oldest} or newer"),
        purpose: "Kafka in demo and tests",
        found: Java::find().map(|found| found.version).map_err(reason),
        remedy: install(&format!("openjdk-{oldest}-jre-headless")),
    }
}

fn maven() -> Finding {
    let cached = home::cache().is_ok_and(|cache| Jars::are_cached(&cache));
    let found = match jars::maven_version() {
        Err(_) if cached => Ok(format!("not needed: Kafka {KAFKA_VERSION} is in the cache")),
        found => found.map_err(reason),
    };
    Finding {
        needed: "Maven".to_owned(),
        purpose: "fetching Kafka, once",
        found,
        remedy: install("maven"),
    }
}

fn reason(error: StackError) -> String {
    match error {
        StackError::MissingProgram { reason, .. } => reason,
        other => other.to_string(),
    }
}

fn install(package: &str) -> String {
    if Command::new("apt-get").arg("--version").output().is_ok() {
        return format!("apt-get install --no-install-recommends {package}");
    }
    format!("install what Debian calls {package} with your system's package manager")
}

/// What a program prints first, on either output; why there is nothing to print otherwise.
fn first_line(program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "not found".to_owned(),
            _ => error.to_string(),
        })?;
    if !output.status.success() {
        return Err("not found".to_owned());
    }
    let printed = String::from_utf8_lossy(&output.stdout);
    let line = printed.lines().find(|line| !line.trim().is_empty());
    line.map(|line| line.trim().to_owned())
        .ok_or_else(|| "prints no version".to_owned())
}

/// Compares dotted numbers; what follows the numbers, as in "1.97.0-nightly", does not count.
fn is_at_least(version: &str, oldest: &str) -> bool {
    numbers(version) >= numbers(oldest)
}

fn numbers(version: &str) -> Vec<u32> {
    version
        .split('.')
        .map_while(|part| {
            let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(is_at_least("1.95.0", "1.89"));
        assert!(is_at_least("1.89.0", "1.89"));
        assert!(is_at_least("1.100.0-nightly", "1.89"));
        assert!(is_at_least("2.0", "1.89"));
        assert!(!is_at_least("1.9.0", "1.89"));
        assert!(!is_at_least("1.88.9", "1.89"));
        assert!(!is_at_least("", "1.89"));
    }

    #[test]
    fn a_missing_program_is_a_finding_and_no_failure() {
        assert_eq!(
            first_line("no-such-program-here", &[]),
            Err("not found".to_owned())
        );
    }

    #[test]
    fn every_finding_says_what_to_do() {
        let findings = examine();
        assert!(findings.len() >= 10);
        assert!(
            findings
                .iter()
                .all(|finding| !finding.remedy.is_empty() && !finding.needed.is_empty())
        );
    }
}

//! Which Java the system has.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::error::StackError;

/// The oldest version that this Kafka's broker runs on.
pub(crate) const OLDEST_MAJOR: u32 = 17;

/// A Java that can run the broker.
#[derive(Debug, Clone)]
pub(crate) struct Java {
    pub(crate) program: PathBuf,
    /// The first line that it prints about itself, e.g. `openjdk version "17.0.15" 2025-04-15`.
    pub(crate) version: String,
    /// Stands for the exact build: a class archive is good for one build only.
    pub(crate) build: String,
}

impl Java {
    /// `JAVA_HOME`, else what is on the PATH.
    pub(crate) fn find() -> Result<Java, StackError> {
        let missing = |reason: String| StackError::MissingProgram {
            program: "a Java runtime",
            reason,
        };
        let program = match env::var_os("JAVA_HOME").filter(|home| !home.is_empty()) {
            Some(home) => PathBuf::from(home).join("bin/java"),
            None => PathBuf::from("java"),
        };
        let output = Command::new(&program)
            .arg("-version")
            .output()
            .map_err(|error| {
                missing(format!("`{} -version` failed ({error})", program.display()))
            })?;
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        let Some((major, version)) = parse_version(&printed) else {
            return Err(missing(format!(
                "`{} -version` prints no version",
                program.display()
            )));
        };
        if major < OLDEST_MAJOR {
            return Err(missing(format!(
                "version {OLDEST_MAJOR} or newer is needed, and {} is {version}",
                program.display()
            )));
        }
        let digest = Sha256::digest(printed.as_bytes());
        Ok(Java {
            program,
            version,
            build: digest
                .iter()
                .take(6)
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        })
    }
}

/// From `openjdk version "17.0.15" 2025-04-15`; `"1.8.0_402"` is Java 8. Other lines, such as those about options
/// picked up from the environment, may come first.
fn parse_version(printed: &str) -> Option<(u32, String)> {
    let line = printed.lines().find(|line| line.contains(" version \""))?;
    let number = line.split('"').nth(1)?;
    let modern = number.strip_prefix("1.").unwrap_or(number);
    let digits: String = modern.chars().take_while(char::is_ascii_digit).collect();
    Some((digits.parse().ok()?, line.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_several_makers_are_read() {
        for (printed, major) in [
            (
                "openjdk version \"17.0.15\" 2025-04-15\nOpenJDK Runtime",
                Some(17),
            ),
            (
                "Picked up JAVA_TOOL_OPTIONS: -Dx=1\njava version \"21\" 2023-09-19 LTS",
                Some(21),
            ),
            ("java version \"1.8.0_402\"", Some(8)),
            ("openjdk version \"25-ea\" 2025-09-16", Some(25)),
            ("command not found", None),
        ] {
            assert_eq!(
                parse_version(printed).map(|(major, _)| major),
                major,
                "{printed}"
            );
        }
    }
}

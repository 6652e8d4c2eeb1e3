//! Reads the files that put the pipeline into containers and watch it there, for the tests that hold them against each
//! other and against the services: compose and stack files, the Dockerfile, alert rules, the table of metrics.
//!
//! No container engine is needed, and no image is pulled. What only an engine can show, `make images-check` shows.

pub mod compose;
pub mod dockerfile;
pub mod metric_table;
pub mod promql;

use std::path::{Path, PathBuf};

/// A file of the repository could not be read as what it should be.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {why}")]
pub struct Unreadable {
    /// The file.
    pub file: String,
    /// What is wrong with it.
    pub why: String,
}

/// The repository's root directory.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap_or(Path::new("."))
        .to_owned()
}

/// The text of a file, by its path from the root.
///
/// # Errors
/// Where it cannot be read.
pub fn read_text(file: &str) -> Result<String, Unreadable> {
    std::fs::read_to_string(root().join(file)).map_err(|error| Unreadable {
        file: file.to_owned(),
        why: error.to_string(),
    })
}

/// A YAML file of the repository, its merge keys (`<<`) resolved.
///
/// # Errors
/// Where it cannot be read, or is no YAML.
pub fn read_yaml(file: &str) -> Result<serde_json::Value, Unreadable> {
    parse_yaml(&read_text(file)?).map_err(|why| Unreadable {
        file: file.to_owned(),
        why,
    })
}

fn parse_yaml(text: &str) -> Result<serde_json::Value, String> {
    let mut yaml: serde_norway::Value =
        serde_norway::from_str(text).map_err(|error| error.to_string())?;
    // Once for each level of nesting: a merge may bring in a mapping that merges in turn.
    for _ in 0..4 {
        yaml.apply_merge().map_err(|error| error.to_string())?;
    }
    serde_json::to_value(yaml).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merge_keys_are_resolved_and_own_keys_win() {
        let text = "base: &base { a: 1, b: 2 }\nuser: { <<: *base, b: 3 }\n";
        let value = parse_yaml(text).unwrap();
        assert_eq!(value["user"], serde_json::json!({ "a": 1, "b": 3 }));
        assert!(parse_yaml("a: [").is_err());
    }
}

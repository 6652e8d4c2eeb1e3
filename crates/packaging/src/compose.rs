//! What a compose or stack file says, as far as the checks ask.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A `${NAME…}` in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// What stands for it where it is not set, after `:-`.
    pub default: Option<String>,
    /// What is said where it is not set, after `:?`.
    pub complaint: Option<String>,
}

/// The variables that a file's text interpolates, comments apart. `$$` is a dollar sign.
pub fn variables(text: &str) -> BTreeSet<Variable> {
    let mut found = BTreeSet::new();
    for line in text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
    {
        let line = line.replace("$$", "");
        for piece in line.split("${").skip(1) {
            if let Some((inside, _)) = piece.split_once('}') {
                found.insert(to_variable(inside));
            }
        }
    }
    found
}

fn to_variable(inside: &str) -> Variable {
    let name: String = inside
        .chars()
        .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
        .collect();
    let rest = inside.get(name.len()..).unwrap_or_default();
    Variable {
        default: rest.strip_prefix(":-").map(str::to_owned),
        complaint: rest.strip_prefix(":?").map(str::to_owned),
        name,
    }
}

/// The settings of an env file: `NAME=value` lines.
pub fn settings(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// A file's services by name.
pub fn services(file: &Value) -> BTreeMap<String, Value> {
    section(file, "services")
}

/// The entries of a top-level section by name; none where it is missing.
pub fn section(file: &Value, name: &str) -> BTreeMap<String, Value> {
    let entries = file.get(name).and_then(Value::as_object);
    entries
        .into_iter()
        .flatten()
        .map(|(name, entry)| (name.clone(), entry.clone()))
        .collect()
}

/// The names that a service lists under `key`: plain strings, mappings with a `source`, or a mapping's keys.
pub fn references(service: &Value, key: &str) -> BTreeSet<String> {
    match service.get(key) {
        Some(Value::Array(entries)) => entries.iter().filter_map(reference).collect(),
        Some(Value::Object(entries)) => entries.keys().cloned().collect(),
        _ => BTreeSet::new(),
    }
}

fn reference(entry: &Value) -> Option<String> {
    entry
        .as_str()
        .or_else(|| entry.get("source")?.as_str())
        .map(str::to_owned)
}

/// The sources of a service's volumes: names of volumes, or paths; without tmpfs.
pub fn volume_sources(service: &Value) -> BTreeSet<String> {
    references(service, "volumes")
        .iter()
        .filter_map(|volume| volume.split(':').next())
        .map(str::to_owned)
        .collect()
}

/// A service's environment, in whichever form it is written.
pub fn environment(service: &Value) -> BTreeMap<String, String> {
    match service.get("environment") {
        Some(Value::Object(entries)) => entries
            .iter()
            .map(|(name, value)| (name.clone(), plain(value)))
            .collect(),
        Some(Value::Array(entries)) => entries
            .iter()
            .filter_map(Value::as_str)
            .map(|entry| entry.split_once('=').unwrap_or((entry, "")))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        _ => BTreeMap::new(),
    }
}

/// The words of `command` or `entrypoint`.
pub fn words(service: &Value, key: &str) -> Vec<String> {
    match service.get(key) {
        Some(Value::Array(words)) => words.iter().map(plain).collect(),
        Some(Value::String(line)) => line.split_whitespace().map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn variables_are_found_with_what_stands_for_them() {
        let text = "# ${COMMENT}\na: ${A:-1}-${B:?say so}\nb: $${NOT_OURS} ${C}\n";
        let found: Vec<Variable> = variables(text).into_iter().collect();
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(
            (found[0].name.as_str(), found[0].default.as_deref()),
            ("A", Some("1"))
        );
        assert_eq!(found[1].complaint.as_deref(), Some("say so"));
        assert_eq!((&found[2].default, &found[2].complaint), (&None, &None));
    }

    #[test]
    fn both_forms_of_lists_are_read() {
        let service = json!({
            "secrets": ["a", { "source": "b", "mode": 256 }],
            "networks": { "c": null },
            "environment": ["X=1", "Y"],
            "volumes": ["data:/d", "./f:/f:ro", { "type": "tmpfs", "target": "/tmp" }],
            "command": "run --fast",
        });
        let names = |found: BTreeSet<String>| found.into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(names(references(&service, "secrets")), "a b");
        assert_eq!(names(references(&service, "networks")), "c");
        assert_eq!(names(volume_sources(&service)), "./f data");
        assert_eq!(environment(&service)["X"], "1");
        assert_eq!(words(&service, "command"), ["run", "--fast"]);
    }
}

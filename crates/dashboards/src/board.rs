//! The dashboards' files, and the queries in them.

use packaging::{Unreadable, read_text, root};
use serde_json::Value;

/// Where the dashboards are, from the repository's root.
pub const DIRECTORY: &str = "grafana/dashboards";

/// One dashboard.
#[derive(Debug, Clone)]
pub struct Board {
    /// The name of its file, without the directory.
    pub file: String,
    /// What it says.
    pub json: Value,
}

/// What a query is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Data of the panel with this position in the list of panels.
    Panel(usize),
    /// Marks on the panels with time.
    Annotation,
    /// The options of a variable.
    Variable,
}

/// One query of a dashboard.
#[derive(Debug, Clone)]
pub struct Query {
    /// File and title, for messages.
    pub place: String,
    /// What it is for.
    pub purpose: Purpose,
    /// The data source that is asked.
    pub datasource_uid: String,
    /// `time_series`, `table`, or nothing for Prometheus and variables.
    pub format: String,
    /// SQL with Grafana's variables and macros, or a PromQL expression.
    pub text: String,
}

/// Every dashboard, in the order of the files' names.
///
/// # Errors
/// Where the directory or a file cannot be read, or is no JSON.
pub fn all() -> Result<Vec<Board>, Unreadable> {
    let unreadable = |why: String| Unreadable {
        file: DIRECTORY.to_owned(),
        why,
    };
    let entries =
        std::fs::read_dir(root().join(DIRECTORY)).map_err(|error| unreadable(error.to_string()))?;
    let mut boards = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| unreadable(error.to_string()))?;
        let file = entry.file_name().to_string_lossy().into_owned();
        if !file.ends_with(".json") {
            continue;
        }
        let text = read_text(&format!("{DIRECTORY}/{file}"))?;
        let json =
            serde_json::from_str(&text).map_err(|error| unreadable(format!("{file}: {error}")))?;
        boards.push(Board { file, json });
    }
    boards.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(boards)
}

impl Board {
    /// Its panels, in order.
    pub fn panels(&self) -> &[Value] {
        list(&self.json, "/panels")
    }

    /// Its variables, in order.
    pub fn variables(&self) -> &[Value] {
        list(&self.json, "/templating/list")
    }

    /// Every query in it.
    pub fn queries(&self) -> Vec<Query> {
        let mut queries = Vec::new();
        for (position, panel) in self.panels().iter().enumerate() {
            for target in list(panel, "/targets") {
                queries.push(self.query(panel, "title", Purpose::Panel(position), target));
            }
        }
        for annotation in list(&self.json, "/annotations/list") {
            if let Some(target) = annotation
                .get("target")
                .filter(|t| t.get("rawSql").is_some())
            {
                queries.push(self.query(annotation, "name", Purpose::Annotation, target));
            }
        }
        for variable in self.variables() {
            if variable["type"] == "query" {
                queries.push(self.query(variable, "name", Purpose::Variable, variable));
            }
        }
        queries
    }

    fn query(&self, owner: &Value, named_by: &str, purpose: Purpose, target: &Value) -> Query {
        let text = ["rawSql", "expr", "query"]
            .iter()
            .find_map(|key| target.get(*key)?.as_str())
            .unwrap_or_default();
        Query {
            place: format!("{}: {}", self.file, string(owner, named_by)),
            purpose,
            datasource_uid: string(&target["datasource"], "uid"),
            format: string(target, "format"),
            text: text.to_owned(),
        }
    }
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn string(value: &Value, key: &str) -> String {
    value
        .get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

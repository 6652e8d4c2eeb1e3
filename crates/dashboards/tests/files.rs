//! What can be said of the dashboards' files without a database: they are what Grafana's published types allow, every panel
//! explains itself, and what they name is there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::{BTreeMap, BTreeSet};

use dashboards::board::{self, Board};
use dashboards::variables::references;
use packaging::{metric_table, promql, read_text, read_yaml};
use serde_json::{Value, json};

const SCHEMA: &str = "crates/dashboards/schema/dashboard.schema.json";
const UIDS: [(&str, &str); 5] = [
    ("customers.json", "assay-customers"),
    ("data-quality.json", "assay-data-quality"),
    ("pipeline.json", "assay-pipeline"),
    ("products.json", "assay-products"),
    ("sales.json", "assay-sales"),
];
const MOST_PANELS: usize = 14;
/// Links carry these to every dashboard, shown or hidden.
const SHARED_VARIABLES: [&str; 5] = ["currency", "channel", "country", "category", "product"];

fn boards() -> Vec<Board> {
    board::all().unwrap()
}

fn validator() -> jsonschema::Validator {
    jsonschema::validator_for(&serde_json::from_str(&read_text(SCHEMA).unwrap()).unwrap()).unwrap()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

#[test]
fn files_are_what_grafanas_types_allow() {
    let validator = validator();
    for board in boards() {
        let errors: Vec<String> = validator
            .iter_errors(&board.json)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", board.file);
    }
}

#[test]
fn what_grafana_does_not_know_is_noticed() {
    let validator = validator();
    let board = boards().pop().unwrap().json;
    assert!(validator.is_valid(&board));
    let mut unnoticed = Vec::new();
    for (pointer, key, value) in [
        ("", "refrehs", json!("5s")),
        ("", "schemaVersion", json!("41")),
        ("", "graphTooltip", json!(7)),
        ("/time", "until", json!("now")),
        ("/links/0", "type", json!("dashboard")),
        ("/templating/list/0", "refesh", json!(1)),
        ("/templating/list/0", "type", json!("sql")),
        ("/annotations/list/0/target", "rawSQL", json!("SELECT 1")),
        ("/panels/0", "type", json!("singlestat")),
        ("/panels/0", "tilte", json!("x")),
        ("/panels/0/gridPos", "width", json!(3)),
        ("/panels/0/options", "graphMod", json!("none")),
        ("/panels/0/options", "colorMode", json!("valu")),
        ("/panels/0/targets/0", "format", json!("time series")),
        ("/panels/0/targets/0", "rawQuery", json!(false)),
        ("/panels/0/fieldConfig/defaults", "units", json!("short")),
        (
            "/panels/0/fieldConfig/defaults/color",
            "mode",
            json!("threshold"),
        ),
        (
            "/panels/0/fieldConfig/defaults/thresholds",
            "mode",
            json!("abs"),
        ),
        (
            "/panels/6/fieldConfig/defaults/custom",
            "drawStyle",
            json!("bar"),
        ),
        (
            "/panels/6/fieldConfig/defaults/custom",
            "fillOpactiy",
            json!(1),
        ),
        ("/panels/6/options/legend", "displayMode", json!("grid")),
    ] {
        let mut spoilt = board.clone();
        spoilt.pointer_mut(pointer).expect(pointer)[key] = value.clone();
        if validator.is_valid(&spoilt) {
            unnoticed.push(format!("{pointer}/{key} = {value}"));
        }
    }
    assert!(unnoticed.is_empty(), "{unnoticed:#?}");
}

#[test]
fn five_dashboards_stand_under_fixed_names_and_cannot_be_edited() {
    let found: Vec<(String, String)> = boards()
        .iter()
        .map(|board| (board.file.clone(), text(&board.json, "/uid").to_owned()))
        .collect();
    let expected: Vec<(String, String)> = UIDS
        .iter()
        .map(|(file, uid)| ((*file).to_owned(), (*uid).to_owned()))
        .collect();
    assert_eq!(found, expected);
    for Board { file, json } in boards() {
        assert!(
            json.get("id").is_none(),
            "{file}: an id belongs to one Grafana"
        );
        assert!(json["schemaVersion"].as_u64().unwrap() <= 42, "{file}");
        assert_eq!(json["editable"], false, "{file}");
        assert_eq!(json["refresh"], "5s", "{file}");
        assert_eq!(json["timezone"], "utc", "{file}: days are UTC days");
        assert_eq!(json["time"]["to"], "now", "{file}");
        assert!(!text(&json, "/description").is_empty(), "{file}");
        let link = &json["links"][0];
        assert_eq!(link["type"], "dashboards", "{file}");
        assert_eq!(
            (&link["keepTime"], &link["includeVars"]),
            (&json!(true), &json!(true)),
            "{file}"
        );
        assert_eq!(
            link["tags"], json["tags"],
            "{file}: the link leads elsewhere"
        );
        let annotations: Vec<&str> = json["annotations"]["list"]
            .as_array()
            .unwrap()
            .iter()
            .map(|annotation| text(annotation, "/name"))
            .collect();
        assert_eq!(annotations, ["Pipeline runs", "Restatements"], "{file}");
    }
}

#[test]
fn the_first_that_one_sees_is_sales() {
    let compose = read_yaml("docker-compose.yml").unwrap();
    let stack = read_yaml("deploy/docker-stack.yml").unwrap();
    let provider = read_yaml("grafana/provisioning/dashboards/assay.yml").unwrap();
    let directory = text(&provider, "/providers/0/options/path");
    for file in [&compose, &stack] {
        let home = text(
            file,
            "/services/grafana/environment/GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH",
        );
        assert_eq!(home, format!("{directory}/sales.json"));
    }
    // Swarm mounts no directories: each dashboard is a config of its own.
    let mounted: BTreeSet<&str> = stack["services"]["grafana"]["configs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|config| text(config, "/target"))
        .collect();
    for (file, _) in UIDS {
        assert!(
            mounted.contains(format!("{directory}/{file}").as_str()),
            "{file}"
        );
    }
}

#[test]
fn every_panel_explains_itself() {
    for board in boards() {
        let panels = board.panels();
        assert!(
            (5..=MOST_PANELS).contains(&panels.len()),
            "{}: {}",
            board.file,
            panels.len()
        );
        let mut ids = BTreeSet::new();
        let mut titles = BTreeSet::new();
        for panel in panels {
            let told = format!("{}: {}", board.file, text(panel, "/title"));
            assert!(
                ids.insert(panel["id"].as_u64().unwrap()),
                "{told}: the id is taken"
            );
            assert!(
                titles.insert(text(panel, "/title")),
                "{told}: the title is taken"
            );
            assert!(text(panel, "/title").len() > 2, "{told}: no title");
            assert!(
                text(panel, "/description").len() > 20,
                "{told}: no description"
            );
            let defaults = &panel["fieldConfig"]["defaults"];
            assert!(!text(defaults, "/unit").is_empty(), "{told}: no unit");
            assert!(
                !text(defaults, "/noValue").is_empty(),
                "{told}: no text for no data"
            );
            assert!(
                !text(defaults, "/color/mode").is_empty(),
                "{told}: no colour"
            );
            assert!(
                !defaults["thresholds"]["steps"]
                    .as_array()
                    .unwrap()
                    .is_empty(),
                "{told}"
            );
        }
    }
}

#[test]
fn panels_lie_side_by_side() {
    for board in boards() {
        let mut taken: BTreeMap<(u64, u64), &str> = BTreeMap::new();
        let mut cells_to = 0;
        for panel in board.panels() {
            let title = text(panel, "/title");
            let of = |key: &str| panel["gridPos"][key].as_u64().unwrap();
            assert!(
                of("x") + of("w") <= 24,
                "{}: {title} is cut off",
                board.file
            );
            cells_to = cells_to.max(of("y") + of("h"));
            for x in of("x")..of("x") + of("w") {
                for y in of("y")..of("y") + of("h") {
                    let other = taken.insert((x, y), title);
                    assert_eq!(other, None, "{}: {title} lies on it", board.file);
                }
            }
        }
        let free = cells_to * 24 - taken.len() as u64;
        assert_eq!(free, 0, "{}: holes between the panels", board.file);
    }
}

#[test]
fn sources_are_the_provisioned_ones() {
    let datasources = read_yaml("grafana/provisioning/datasources/assay.yml").unwrap();
    let provisioned: BTreeSet<(&str, &str)> = datasources["datasources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|datasource| (text(datasource, "/type"), text(datasource, "/uid")))
        .collect();
    let mut seen = BTreeSet::new();
    for board in boards() {
        visit(&board.json, &mut |key, value| {
            if key == "datasource" {
                let source = (text(value, "/type"), text(value, "/uid"));
                assert!(provisioned.contains(&source), "{}: {source:?}", board.file);
                seen.insert((source.0.to_owned(), source.1.to_owned()));
            }
        });
        for query in board.queries() {
            assert!(!query.text.is_empty(), "{}: asks nothing", query.place);
            assert!(
                !query.datasource_uid.is_empty(),
                "{}: asks nobody",
                query.place
            );
        }
        for panel in board.panels() {
            for target in panel["targets"].as_array().unwrap() {
                assert_eq!(target["datasource"], panel["datasource"], "{}", board.file);
            }
        }
    }
    assert_eq!(seen.len(), 2);
}

fn visit<'a>(value: &'a Value, see: &mut impl FnMut(&str, &'a Value)) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| {
            see(key, value);
            visit(value, see);
        }),
        Value::Array(values) => values.iter().for_each(|value| visit(value, see)),
        _ => {}
    }
}

#[test]
fn prometheus_is_asked_for_metrics_that_the_services_export() {
    let table = metric_table::metrics(&read_text("docs/METRICS.md").unwrap());
    let mut read = BTreeSet::new();
    for query in boards().iter().flat_map(Board::queries) {
        if query.datasource_uid != "assay-metrics" {
            continue;
        }
        for name in promql::metric_names(&query.text) {
            let series = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|suffix| name.strip_suffix(suffix));
            let is_histogram = |name: &str| table.get(name).is_some_and(|m| m.kind == "histogram");
            let is_exported = match series {
                Some(base) if is_histogram(base) => true,
                // A histogram has no series of its bare name. `up` is Prometheus's own.
                _ => name == "up" || table.get(&name).is_some_and(|m| m.kind != "histogram"),
            };
            assert!(
                is_exported,
                "{} reads {name}, which nobody exports",
                query.place
            );
            read.insert(name);
        }
        for label in labels(&query.text) {
            let is_there = ["job", "le"].contains(&label.as_str())
                || promql::metric_names(&query.text)
                    .iter()
                    .any(|name| table.get(name).is_some_and(|m| m.labels.contains(&label)));
            assert!(is_there, "{} asks for the label {label}", query.place);
        }
    }
    assert!(read.len() >= 20, "{read:?}");
}

/// The labels that an expression groups by or selects.
fn labels(expression: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (open, close) in [("by (", ')'), ("{", '}')] {
        for part in expression.split(open).skip(1) {
            let inside = part.split(close).next().unwrap();
            for label in inside.split(',') {
                let name = label.split(['=', '!', '~']).next().unwrap().trim();
                found.insert(name.to_owned());
            }
        }
    }
    found
}

#[test]
fn variables_that_are_used_are_there_and_wanted_as_they_may_be() {
    // Grafana's own, and what only links and titles may use.
    let is_grafanas = |name: &str| name.starts_with("__") || name.starts_with("{__");
    for board in boards() {
        let names: BTreeSet<&str> = board.variables().iter().map(|v| text(v, "/name")).collect();
        for name in SHARED_VARIABLES {
            assert!(
                names.contains(name),
                "{}: links would lose {name}",
                board.file
            );
        }
        assert_eq!(
            names.len(),
            board.variables().len(),
            "{}: a name twice",
            board.file
        );
        for variable in board.variables() {
            let told = format!("{}: {}", board.file, text(variable, "/name"));
            assert!(!text(variable, "/label").is_empty(), "{told}: no label");
            assert!(
                !text(variable, "/description").is_empty(),
                "{told}: no description"
            );
            if variable["type"] == "query" {
                // Grafana puts it in as it stands, so it brings its own quotes.
                let all = if variable["multi"] == true { "'*'" } else { "" };
                assert_eq!(text(variable, "/allValue"), all, "{told}");
                assert_eq!(variable["refresh"], 1, "{told}: when the dashboard opens");
            }
        }
        let mut texts = Vec::new();
        visit(&board.json, &mut |key, value| {
            if let Some(text) = value.as_str() {
                texts.push((key.to_owned(), text.to_owned()));
            }
        });
        for (key, said) in texts {
            for reference in references(&said) {
                let name = reference.name.as_str();
                let told = format!("{}: {key}: {name}", board.file);
                assert!(
                    is_grafanas(name) || names.contains(name),
                    "{told} is no variable"
                );
                let is_sql = ["rawSql", "query"].contains(&key.as_str()) && !is_grafanas(name);
                assert!(
                    !is_sql || reference.format == "sqlstring",
                    "{told} goes into SQL unquoted"
                );
            }
            if key == "url" && said.starts_with("/d/") {
                assert_link_keeps_everything(&board, &said);
            }
        }
    }
}

/// A link within a panel leads to a dashboard that there is, keeps the time, and sets or keeps each shared variable that it
/// does not replace.
fn assert_link_keeps_everything(board: &Board, url: &str) {
    let (path, query) = url.split_once('?').unwrap();
    let uid = path.trim_start_matches("/d/");
    assert!(
        UIDS.iter().any(|(_, known)| *known == uid),
        "{}: {url}",
        board.file
    );
    let parts: Vec<&str> = query.split('&').collect();
    assert!(
        parts.contains(&"${__url_time_range}"),
        "{}: {url}",
        board.file
    );
    let set = parts
        .iter()
        .find_map(|part| part.strip_prefix("var-"))
        .unwrap();
    let narrowed = set.split('=').next().unwrap();
    for name in SHARED_VARIABLES {
        // What narrows to a product or a category replaces the choice of both.
        let is_replaced =
            ["product", "category"].contains(&name) && ["product", "category"].contains(&narrowed);
        let is_kept = parts.contains(&format!("${{{name}:queryparam}}").as_str());
        assert!(is_kept || is_replaced, "{}: {url} loses {name}", board.file);
    }
}

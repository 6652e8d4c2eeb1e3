//! Alert rules: sound, tested, alike in Prometheus and Grafana, about metrics that exist, and each with a runbook.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use packaging::compose::services;
use packaging::{metric_table, promql, read_text, read_yaml, root};
use serde_json::Value;

const RULES: &str = "deploy/prometheus/alerts.yml";
const GRAFANA: &str = "grafana/provisioning/alerting/assay.yml";

fn rules() -> BTreeMap<String, Value> {
    let file = read_yaml(RULES).unwrap();
    let groups = file["groups"].as_array().unwrap();
    let rules = groups
        .iter()
        .flat_map(|group| group["rules"].as_array().unwrap().clone());
    rules
        .map(|rule| (rule["alert"].as_str().unwrap().to_owned(), rule))
        .collect()
}

fn grafana_rules() -> BTreeMap<String, Value> {
    let file = read_yaml(GRAFANA).unwrap();
    let rules = file["groups"][0]["rules"].as_array().unwrap().clone();
    rules
        .into_iter()
        .map(|rule| (rule["title"].as_str().unwrap().to_owned(), rule))
        .collect()
}

/// Prints why it cannot be had, where it cannot.
fn promtool() -> Option<String> {
    let found = Command::new(root().join("scripts/promtool"))
        .output()
        .unwrap();
    if !found.status.success() {
        println!("SKIPPED: {}", String::from_utf8_lossy(&found.stderr));
        return None;
    }
    Some(String::from_utf8(found.stdout).unwrap().trim().to_owned())
}

fn run(promtool: &str, arguments: &[&str], directory: &Path) -> (bool, String) {
    let output = Command::new(promtool)
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), said)
}

#[test]
fn promtool_accepts_the_rules_and_their_tests_pass() {
    let Some(promtool) = promtool() else { return };
    let directory = root().join("deploy/prometheus");
    for arguments in [
        ["check", "config", "--syntax-only", "prometheus.yml"].as_slice(),
        &["check", "rules", "alerts.yml"],
        &["test", "rules", "alerts.test.yml"],
    ] {
        let (is_well, said) = run(&promtool, arguments, &directory);
        assert!(is_well, "promtool {arguments:?}: {said}");
    }
}

#[test]
fn the_rules_tests_notice_a_changed_rule() {
    let Some(promtool) = promtool() else { return };
    let rules = read_text(RULES).unwrap();
    for (from, to) in [
        ("ledger_balanced) == 0", "ledger_balanced) == 2"),
        ("waiting_seconds) > 60", "waiting_seconds) > 600"),
        (
            "deriv(assay_warehouse_pending_records[10m])) > 0",
            "deriv(assay_warehouse_pending_records[10m])) > -1",
        ),
        ("> 0.05", "> 0.5"),
        ("for: 5m", "for: 1m"),
        ("up{job=\"consumer\"}", "up{job=\"customer\"}"),
        (
            "or vector(0)) == 0\n        for: 1m\n        labels: { severity: critical }\n        annotations:\n          summary: No transformer",
            ") == 0\n        for: 1m\n        labels: { severity: critical }\n        annotations:\n          summary: No transformer",
        ),
        (
            "looked_at_timestamp_seconds) > 60",
            "looked_at_timestamp_seconds) > 6000",
        ),
    ] {
        let changed = rules.replacen(from, to, 1);
        assert_ne!(changed, rules, "{from}");
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("alerts.yml"), changed).unwrap();
        let tests = read_text("deploy/prometheus/alerts.test.yml").unwrap();
        std::fs::write(directory.path().join("alerts.test.yml"), tests).unwrap();
        let (is_well, said) = run(
            &promtool,
            &["test", "rules", "alerts.test.yml"],
            directory.path(),
        );
        assert!(!is_well, "{from} → {to} goes unnoticed: {said}");
    }
}

#[test]
fn rules_read_metrics_that_the_services_export() {
    let table = metric_table::metrics(&read_text("docs/METRICS.md").unwrap());
    let mut read = BTreeSet::new();
    for (alert, rule) in rules() {
        for name in promql::metric_names(rule["expr"].as_str().unwrap()) {
            let base = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|suffix| name.strip_suffix(suffix))
                .filter(|base| {
                    table
                        .get(*base)
                        .is_some_and(|metric| metric.kind == "histogram")
                })
                .unwrap_or(&name);
            // Prometheus's own: whether a target answered.
            assert!(
                base == "up" || table.contains_key(base),
                "{alert} reads {name}, which nobody exports"
            );
            read.insert(base.to_owned());
        }
    }
    assert!(read.len() >= 6, "{read:?}");
}

#[test]
fn the_table_keeps_prometheus_conventions() {
    let table = metric_table::metrics(&read_text("docs/METRICS.md").unwrap());
    assert!(table.len() > 20);
    let breaches: Vec<String> = table
        .iter()
        .filter_map(|(name, metric)| metric_table::breach_of_convention(name, metric))
        .collect();
    assert!(breaches.is_empty(), "{breaches:#?}");
}

#[test]
fn grafana_has_the_same_alerts() {
    let (rules, grafana) = (rules(), grafana_rules());
    let names: Vec<&String> = rules.keys().collect();
    assert_eq!(names, grafana.keys().collect::<Vec<_>>());
    let datasources = read_yaml("grafana/provisioning/datasources/assay.yml").unwrap();
    let uids: BTreeSet<&str> = datasources["datasources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|datasource| datasource["uid"].as_str().unwrap())
        .collect();
    let mut rule_uids = BTreeSet::new();
    for (name, rule) in &rules {
        let shown = &grafana[name];
        let query = &shown["data"][0];
        let expected = format!("count({}) or vector(0)", rule["expr"].as_str().unwrap());
        assert_eq!(query["model"]["expr"].as_str().unwrap(), expected, "{name}");
        assert!(
            uids.contains(query["datasourceUid"].as_str().unwrap()),
            "{name}"
        );
        let pending = rule.get("for").and_then(Value::as_str).unwrap_or("0s");
        assert_eq!(shown["for"].as_str().unwrap(), pending, "{name}");
        assert_eq!(shown["labels"], rule["labels"], "{name}");
        for note in ["summary", "runbook_url"] {
            assert_eq!(
                shown["annotations"][note], rule["annotations"][note],
                "{name}"
            );
        }
        assert_eq!(shown["condition"], shown["data"][1]["refId"], "{name}");
        assert_eq!(
            shown["noDataState"], "Alerting",
            "{name}: silent while Prometheus is away"
        );
        rule_uids.insert(shown["uid"].as_str().unwrap().to_owned());
    }
    assert_eq!(rule_uids.len(), rules.len(), "uids are not unique");
}

#[test]
fn every_alert_has_a_runbook() {
    let operations = read_text("docs/OPERATIONS.md").unwrap();
    for (name, rule) in rules() {
        let url = rule["annotations"]["runbook_url"].as_str().unwrap();
        assert_eq!(url, format!("docs/OPERATIONS.md#{}", name.to_lowercase()));
        let (_, paragraph) = operations
            .split_once(&format!("\n### {name}\n"))
            .unwrap_or_else(|| panic!("docs/OPERATIONS.md has no paragraph on {name}"));
        let paragraph = paragraph.split("\n#").next().unwrap();
        assert!(paragraph.len() > 200, "{name}: {paragraph}");
    }
}

#[test]
fn prometheus_scrapes_every_service_and_dashboards_are_where_grafana_looks() {
    let config = read_yaml("deploy/prometheus/prometheus.yml").unwrap();
    let mut known: BTreeSet<String> = services(&read_yaml("docker-compose.yml").unwrap())
        .into_keys()
        .collect();
    known.extend(services(&read_yaml("docker-compose-tools.yml").unwrap()).into_keys());
    let mut jobs = BTreeSet::new();
    for job in config["scrape_configs"].as_array().unwrap() {
        let name = job["job_name"].as_str().unwrap().to_owned();
        for lookup in job["dns_sd_configs"].as_array().into_iter().flatten() {
            assert_eq!(lookup["port"], 9100, "{name}");
            for host in lookup["names"].as_array().unwrap() {
                assert!(
                    known.contains(host.as_str().unwrap()),
                    "{name}: no service {host}"
                );
            }
        }
        jobs.insert(name);
    }
    for job in ["consumer", "transformer", "producer"] {
        assert!(jobs.contains(job), "{job} is not scraped");
    }
    let provider = read_yaml("grafana/provisioning/dashboards/assay.yml").unwrap();
    let path = provider["providers"][0]["options"]["path"]
        .as_str()
        .unwrap();
    let grafana = &services(&read_yaml("docker-compose.yml").unwrap())["grafana"];
    let mounts = grafana["volumes"].as_array().unwrap();
    let is_mounted = mounts
        .iter()
        .any(|mount| mount.as_str().unwrap() == format!("./grafana/dashboards:{path}:ro"));
    assert!(is_mounted, "{path} is not mounted");
}

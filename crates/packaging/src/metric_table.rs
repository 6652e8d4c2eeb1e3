//! The table of docs/METRICS.md: the contract between what the services export and what dashboards and alerts read.

use std::collections::BTreeMap;

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    /// `counter`, `gauge` or `histogram`.
    pub kind: String,
    /// Its labels, in order; none is an empty list.
    pub labels: Vec<String>,
    /// `records`, `bytes`, `seconds`, …
    pub unit: String,
    /// The services that export it.
    pub services: Vec<String>,
}

/// The rows of a table `| name | type | labels | unit | service | meaning |`, by name.
pub fn metrics(markdown: &str) -> BTreeMap<String, Metric> {
    markdown.lines().filter_map(row).collect()
}

fn row(line: &str) -> Option<(String, Metric)> {
    let mut cells = line.trim().strip_prefix('|')?.split('|').map(str::trim);
    let name = cells
        .next()?
        .strip_prefix('`')?
        .strip_suffix('`')?
        .to_owned();
    let mut next = || cells.next().map(str::to_owned);
    let (kind, labels, unit, services) = (next()?, next()?, next()?, next()?);
    Some((
        name,
        Metric {
            kind,
            labels: list(&labels),
            unit,
            services: list(&services),
        },
    ))
}

fn list(cell: &str) -> Vec<String> {
    cell.split(',')
        .map(|entry| entry.trim().trim_matches('`').to_owned())
        .filter(|entry| !entry.is_empty())
        .collect()
}

/// What of Prometheus's conventions a name breaks, if anything.
pub fn breach_of_convention(name: &str, metric: &Metric) -> Option<String> {
    let is_plain = name
        .chars()
        .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_');
    if !is_plain {
        return Some(format!("{name}: only a to z, 0 to 9 and _"));
    }
    if !name.starts_with("assay_") && !name.starts_with("process_") {
        return Some(format!("{name}: begins with neither assay_ nor process_"));
    }
    let is_total = name.ends_with("_total");
    if is_total != (metric.kind == "counter") {
        return Some(format!("{name}: counters, and they alone, end in _total"));
    }
    let base = name.trim_end_matches("_total");
    if ["seconds", "bytes"].contains(&metric.unit.as_str()) && !base.ends_with(&metric.unit) {
        return Some(format!("{name}: ends in its unit, {}", metric.unit));
    }
    if base.ends_with("_milliseconds") || base.ends_with("_ms") || base.ends_with("_mib") {
        return Some(format!("{name}: in base units, seconds and bytes"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_and_the_rest_is_not() {
        let table = "| name | type |\n|---|---|\n\
            | `a_total` | counter | `x`, `y` | records | consumer | What it is. |\n\
            | `b` | gauge |  | seconds | consumer, transformer | What. |\ntext\n";
        let found = metrics(table);
        assert_eq!(found.len(), 2);
        assert_eq!(found["a_total"].labels, ["x", "y"]);
        assert_eq!(found["b"].services, ["consumer", "transformer"]);
    }

    #[test]
    fn breaches_are_found() {
        let metric = |kind: &str, unit: &str| Metric {
            kind: kind.to_owned(),
            labels: Vec::new(),
            unit: unit.to_owned(),
            services: Vec::new(),
        };
        for (name, kind, unit) in [
            ("assay_records", "counter", "records"),
            ("assay_lag_total", "gauge", "records"),
            ("assay_delay", "histogram", "seconds"),
            ("assay_Delay_seconds", "histogram", "seconds"),
            ("assay_bytes_received_total", "counter", "bytes"),
            ("lag_records", "gauge", "records"),
            ("assay_delay_ms", "gauge", "ms"),
        ] {
            assert!(
                breach_of_convention(name, &metric(kind, unit)).is_some(),
                "{name}"
            );
        }
        for (name, kind, unit) in [
            ("assay_bytes_total", "counter", "bytes"),
            ("process_cpu_seconds_total", "counter", "seconds"),
            ("assay_delay_seconds", "histogram", "seconds"),
        ] {
            assert_eq!(breach_of_convention(name, &metric(kind, unit)), None);
        }
    }
}

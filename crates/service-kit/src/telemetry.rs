//! Logs: for people where a person looks on, for machines everywhere else. Always on stderr; stdout belongs to results.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The pool reports each broken connection itself; what matters of it reaches us as the error of a statement, and is said
/// once an outage.
const DEFAULT_FILTER: &str = "info,deadpool.postgres=off";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LogFormat {
    Human,
    Json,
}

/// Sends logs to stderr: readable lines on a terminal, otherwise one JSON object a line.
///
/// `RUST_LOG` chooses what is logged (default `info`); `ASSAY_LOG_FORMAT=human` or `json` overrules the choice of form.
/// A second call changes nothing. A setting that makes no sense is reported and replaced by its default: logging badly is
/// better than not starting.
pub fn init(service: &'static str) {
    let (filter, filter_complaint) = filter_from(std::env::var("RUST_LOG").ok().as_deref());
    let wish = std::env::var("ASSAY_LOG_FORMAT").ok();
    let (format, format_complaint) = format_from(wish.as_deref(), std::io::stderr().is_terminal());

    let registry = tracing_subscriber::registry().with(filter);
    let installed = match format {
        LogFormat::Human => registry
            .with(
                fmt::layer()
                    .with_writer(std::io::stderr)
                    .with_ansi(use_colour()),
            )
            .try_init(),
        LogFormat::Json => registry
            .with(
                fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_writer(std::io::stderr),
            )
            .try_init(),
    };
    if installed.is_err() {
        return;
    }
    for complaint in [filter_complaint, format_complaint].into_iter().flatten() {
        tracing::warn!("{complaint}");
    }
    tracing::debug!(service, "logging is set up");
}

/// Colours only where they are seen as such, and not where the user refused them (see no-color.org).
fn use_colour() -> bool {
    std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn filter_from(wish: Option<&str>) -> (EnvFilter, Option<String>) {
    let wish = wish.map(str::trim).filter(|text| !text.is_empty());
    let Some(directives) = wish else {
        return (EnvFilter::new(DEFAULT_FILTER), None);
    };
    match EnvFilter::try_new(directives) {
        Ok(filter) => (filter, None),
        Err(error) => {
            let complaint = format!(
                "RUST_LOG={directives} makes no sense ({error}): logging at {DEFAULT_FILTER}; write for instance RUST_LOG=debug"
            );
            (EnvFilter::new(DEFAULT_FILTER), Some(complaint))
        }
    }
}

fn format_from(wish: Option<&str>, is_terminal: bool) -> (LogFormat, Option<String>) {
    let fitting = if is_terminal {
        LogFormat::Human
    } else {
        LogFormat::Json
    };
    match wish.map(str::trim) {
        None | Some("") => (fitting, None),
        Some("human") => (LogFormat::Human, None),
        Some("json") => (LogFormat::Json, None),
        Some(other) => {
            let complaint =
                format!("ASSAY_LOG_FORMAT={other} is neither `human` nor `json`: ignored");
            (fitting, Some(complaint))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_follows_the_terminal_unless_told() {
        assert_eq!(format_from(None, true).0, LogFormat::Human);
        assert_eq!(format_from(None, false).0, LogFormat::Json);
        assert_eq!(format_from(Some(""), false).0, LogFormat::Json);
        assert_eq!(format_from(Some("human"), false).0, LogFormat::Human);
        assert_eq!(format_from(Some("json"), true).0, LogFormat::Json);
        let (form, complaint) = format_from(Some("xml"), true);
        assert_eq!(form, LogFormat::Human);
        assert!(complaint.unwrap().contains("xml"));
    }

    #[test]
    fn a_senseless_filter_falls_back_and_says_so() {
        let default = EnvFilter::new(DEFAULT_FILTER).to_string();
        assert_eq!(filter_from(None).0.to_string(), default);
        assert_eq!(filter_from(Some("debug")).0.to_string(), "debug");
        let (filter, complaint) = filter_from(Some("a=b=c"));
        assert_eq!(filter.to_string(), default);
        assert!(complaint.unwrap().contains("a=b=c"));
    }

    #[test]
    fn a_second_init_is_harmless() {
        init("test");
        init("test");
    }
}

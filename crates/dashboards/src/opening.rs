//! What a dashboard asks for when it is opened: its own time range, and its variables before anyone has chosen.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, NaiveTime, Utc};

use crate::board::Board;
use crate::macros::TimeRange;
use crate::variables::Chosen;

/// What Grafana makes of `$__interval` depends on the width of the screen; this is one of the usual widths.
const INTERVAL: &str = "10m";

/// The time range with which it opens, up to `now`; nothing where that is not written as `now-13d/d` or `now-24h` is.
pub fn range(board: &Board, now: DateTime<Utc>) -> Option<TimeRange> {
    let text = board.json.pointer("/time/from")?.as_str()?;
    let text = text.strip_prefix("now-")?;
    let (text, is_rounded) = match text.strip_suffix("/d") {
        Some(text) => (text, true),
        None => (text, false),
    };
    let from = match (text.strip_suffix('d'), text.strip_suffix('h')) {
        (Some(days), _) => now - Duration::try_days(days.parse().ok()?)?,
        (_, Some(hours)) => now - Duration::try_hours(hours.parse().ok()?)?,
        _ => return None,
    };
    let from = if is_rounded {
        from.date_naive().and_time(NaiveTime::MIN).and_utc()
    } else {
        from
    };
    Some(TimeRange { from, to: now })
}

/// The given currency, All of the variables that have it, and of the others what their file says.
pub fn variables(board: &Board, currency: &str) -> BTreeMap<String, Chosen> {
    let mut chosen = BTreeMap::from([("__interval".to_owned(), Chosen::One(INTERVAL.to_owned()))]);
    for variable in board.variables() {
        let said = |pointer: &str| {
            let value = variable.pointer(pointer).and_then(|value| value.as_str());
            value.unwrap_or_default().to_owned()
        };
        let name = said("/name");
        let value = match (said("/allValue"), name.as_str()) {
            (_, "currency") => Chosen::One(currency.to_owned()),
            (all, _) if !all.is_empty() => Chosen::All(all),
            _ => Chosen::One(said("/current/value")),
        };
        chosen.insert(name, value);
    }
    chosen
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn times_are_counted_back_from_now() {
        let now = "2026-11-21T06:30:00Z".parse().unwrap();
        for (from, expected) in [
            ("now-13d/d", Some("2026-11-08T00:00:00Z")),
            ("now-24h", Some("2026-11-20T06:30:00Z")),
            ("now-1w", None),
            ("2026-01-01", None),
        ] {
            let json = serde_json::json!({ "time": { "from": from, "to": "now" } });
            let board = Board {
                file: String::new(),
                json,
            };
            let expected = expected.map(|at| at.parse::<DateTime<Utc>>().unwrap());
            assert_eq!(range(&board, now).map(|range| range.from), expected);
        }
    }
}

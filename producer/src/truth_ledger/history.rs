//! Histories: which attributes a customer or product had from when on, from what events state in the order of their time.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use event_contract::truth::table::text_hash;
use event_contract::truth::{Row, Table};

/// The histories of many keys. At any time that holds which the latest statement at or before it made; of several at the
/// same time, the one that comes last in the order of [`Histories::state`]. Equal statements after each other are one
/// version.
#[derive(Debug)]
pub(super) struct Histories<Version> {
    by_key: HashMap<u32, History<Version>>,
    /// By day on which versions begin: how many, and a digest of them.
    begun: BTreeMap<NaiveDate, [i64; 2]>,
}

#[derive(Debug)]
struct History<Version> {
    /// What held before the latest statement.
    before: Option<Version>,
    /// The latest statement; another one at the same time may yet replace it.
    stated_at: i64,
    stated: Version,
    versions: i64,
}

impl<Version> Default for Histories<Version> {
    fn default() -> Self {
        Histories {
            by_key: HashMap::new(),
            begun: BTreeMap::new(),
        }
    }
}

impl<Version: Copy + PartialEq> Histories<Version> {
    /// A statement, at a time not before that of any other; `text` writes out a key and a version, parts joined by `|`.
    pub(super) fn state(
        &mut self,
        key: u32,
        at: i64,
        version: Version,
        text: impl Fn(u32, Version, &str) -> String,
    ) {
        let history = match self.by_key.entry(key) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(History {
                    before: None,
                    stated_at: at,
                    stated: version,
                    versions: 0,
                });
                return;
            }
        };
        if history.stated_at != at {
            settle(&mut self.begun, key, history, &text);
            history.stated_at = at;
        }
        history.stated = version;
    }

    /// What holds of a key for now, and since when; nothing where nothing was stated.
    pub(super) fn latest(&self, key: u32) -> Option<(i64, Version)> {
        let history = self.by_key.get(&key)?;
        Some((history.stated_at, history.stated))
    }

    /// Writes two tables: the versions by the day on which they begin, and the keys by how many versions they have, with
    /// a digest of what holds now.
    pub(super) fn tables(
        mut self,
        counted: &str,
        text: impl Fn(u32, Version, &str) -> String,
    ) -> [Table; 2] {
        let mut by_versions: BTreeMap<i64, [i64; 2]> = BTreeMap::new();
        for (key, history) in &mut self.by_key {
            settle(&mut self.begun, *key, history, &text);
            let now = text_hash(&text(*key, history.stated, ""));
            let [count, digest] = by_versions.entry(history.versions).or_default();
            *count += 1;
            *digest = digest.wrapping_add(now);
        }
        let begun = self.begun.into_iter();
        let counts = by_versions.into_iter();
        [
            Table::new(
                &["day"],
                &["versions", "digest"],
                begun.map(|(day, sums)| Row(vec![day.to_string()], sums.to_vec())),
            ),
            Table::new(
                &["versions"],
                &[counted, "digest"],
                counts.map(|(versions, sums)| Row(vec![versions.to_string()], sums.to_vec())),
            ),
        ]
    }
}

/// Enters the latest statement as a version, unless it says nothing new.
fn settle<Version: Copy + PartialEq>(
    begun: &mut BTreeMap<NaiveDate, [i64; 2]>,
    key: u32,
    history: &mut History<Version>,
    text: &impl Fn(u32, Version, &str) -> String,
) {
    if history.before == Some(history.stated) {
        return;
    }
    history.before = Some(history.stated);
    history.versions += 1;
    let since = format!("{}|", history.stated_at);
    let hash = text_hash(&text(key, history.stated, &since));
    let [count, digest] = begun.entry(day_of(history.stated_at)).or_default();
    *count += 1;
    *digest = digest.wrapping_add(hash);
}

/// The UTC day of a time in microseconds.
pub(super) fn day_of(at: i64) -> NaiveDate {
    DateTime::<Utc>::from_timestamp_micros(at)
        .unwrap_or_default()
        .date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000_000;

    fn text(key: u32, version: char, since: &str) -> String {
        format!("{key}|{since}{version}")
    }

    #[test]
    fn repeated_statements_are_one_version_and_the_last_of_a_moment_wins() {
        let mut histories = Histories::default();
        for (at, version) in [
            (1, 'a'),
            (2, 'a'),
            (3, 'b'),
            (3, 'a'),
            (DAY, 'b'),
            (DAY + 1, 'c'),
            (DAY + 1, 'b'),
        ] {
            histories.state(7, at, version, text);
        }
        histories.state(8, 5, 'a', text);
        let [begun, counts] = histories.tables("keys", text);
        let row = |key: &str, texts: &[&str]| {
            let digest = texts
                .iter()
                .map(|text| text_hash(text))
                .fold(0i64, i64::wrapping_add);
            Row(
                vec![key.to_owned()],
                vec![i64::try_from(texts.len()).unwrap(), digest],
            )
        };
        assert_eq!(
            begun.rows,
            vec![
                row("1970-01-01", &["7|1|a", "8|5|a"]),
                row("1970-01-02", &["7|86400000000|b"])
            ]
        );
        assert_eq!(counts.rows, vec![row("1", &["8|a"]), row("2", &["7|b"])]);
    }
}

use std::collections::HashMap;
use std::hash::Hash;

use event_contract::truth::{Row, Table};

/// Sums by key. What was added can be subtracted again.
#[derive(Debug)]
pub(super) struct Cells<Key, const MEASURES: usize>(HashMap<Key, [i64; MEASURES]>);

impl<Key, const MEASURES: usize> Default for Cells<Key, MEASURES> {
    fn default() -> Self {
        Cells(HashMap::new())
    }
}

impl<Key: Eq + Hash, const MEASURES: usize> Cells<Key, MEASURES> {
    /// Adds to the cell of a key. Digests wrap around, and amounts never come near.
    pub(super) fn add(&mut self, key: Key, measures: [i64; MEASURES]) {
        let sums = self.0.entry(key).or_insert([0; MEASURES]);
        for (sum, measure) in sums.iter_mut().zip(measures) {
            *sum = sum.wrapping_add(measure);
        }
    }

    /// All cells as a table; `texts` writes out a key.
    pub(super) fn table(
        &self,
        keys: &[&str],
        measures: &[&str; MEASURES],
        texts: impl Fn(&Key) -> Vec<String>,
    ) -> Table {
        let rows = self.0.iter();
        Table::new(
            keys,
            measures,
            rows.map(|(key, sums)| Row(texts(key), sums.to_vec())),
        )
    }
}

//! Cells of a mart as a truth states them, and digests that stand for cells too many to be written out.
//!
//! A producer and the warehouse compute a digest each for itself, and over any order of the cells: it is a sum modulo
//! 2^64 of what each cell contributes. What a cell contributes depends on the digest's kind:
//!
//! - [`text_hash`] of the whole cell as text, its parts joined by `|`. One changed part changes the digest.
//! - [`text_hash`] of the cell's key times its measure ([`weighted`]), where a cell comes about in many small steps: such
//!   a digest can be added up step by step without keeping the cells.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Some columns of a mart that make up the key, and what was measured under it.
///
/// Amounts are in the hundredth part of the currency, times in microseconds since the epoch, digests as the signed number
/// of the same 64 bits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// What the parts of a key are called.
    pub keys: Vec<String>,
    /// What the measures are called; those that end with `digest` are digests.
    pub measures: Vec<String>,
    /// Sorted by key.
    pub rows: Vec<Row>,
}

/// A key and its measures, in the order of the table's names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Row(pub Vec<String>, pub Vec<i64>);

impl Table {
    /// A table of these rows, sorted by key. Rows that measure nothing at all are left out.
    pub fn new(keys: &[&str], measures: &[&str], rows: impl IntoIterator<Item = Row>) -> Table {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let mut rows: Vec<Row> = rows
            .into_iter()
            .filter(|row| row.1.iter().any(|measure| *measure != 0))
            .collect();
        rows.sort();
        Table {
            keys: owned(keys),
            measures: owned(measures),
            rows,
        }
    }
}

/// The first 8 bytes of the text's SHA-256, big endian, as a signed number.
pub fn text_hash(text: &str) -> i64 {
    let digest = Sha256::digest(text.as_bytes());
    i64::from_be_bytes(*digest.first_chunk::<8>().unwrap_or(&[0; 8]))
}

/// What a measure of a cell contributes to a digest over many: the hash of its key times the measure, modulo 2^64.
pub const fn weighted(key_hash: i64, measure: i64) -> i64 {
    key_hash.wrapping_mul(measure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_that_postgres_computes() {
        // SELECT ('x' || encode(substr(sha256('abc'), 1, 8), 'hex'))::bit(64)::bigint
        assert_eq!(text_hash("abc"), -5_010_229_573_455_851_542);
    }

    #[test]
    fn weights_add_up_in_any_steps() {
        let key = text_hash("P1");
        let at_once = weighted(key, 7);
        assert_eq!(weighted(key, 10).wrapping_add(weighted(key, -3)), at_once);
        assert_ne!(weighted(text_hash("P2"), 7), at_once);
    }

    #[test]
    fn rows_of_nothing_are_left_out_and_the_others_sorted() {
        let row = |key: &str, measure| Row(vec![key.to_owned()], vec![measure, 0]);
        let table = Table::new(&["k"], &["m", "n"], [row("b", 2), row("c", 0), row("a", 1)]);
        assert_eq!(table.rows, vec![row("a", 1), row("b", 2)]);
    }
}

//! Proof by counting again: each check is a query, written apart from the code that loads, that answers one row for
//! each thing that is not as it must be. All checks of one verification see one snapshot.

use std::time::{Duration, Instant};

use deadpool_postgres::Transaction;
use tokio_postgres::{IsolationLevel, Row};

use crate::gold::MARTS;
use crate::{Session, WarehouseError, history, sql};

mod truth_tables;

pub use truth_tables::{Cell, TRUTH_TABLES, TruthTable};

/// Findings kept of one check; the number is always whole.
pub const FINDINGS_KEPT: usize = 20;

/// The outcome of one check.
#[derive(Debug, Clone)]
pub struct CheckResult {
    /// Which invariant: `I1` to `I6`.
    pub invariant: &'static str,
    /// What must hold.
    pub statement: String,
    /// How many things are not so.
    pub violations: usize,
    /// The first of them, for a person.
    pub findings: Vec<String>,
    /// How long the check took.
    pub took: Duration,
}

struct Check {
    invariant: &'static str,
    statement: &'static str,
    query: &'static str,
}

const CHECKS: &[Check] = &[
    Check {
        invariant: "I1",
        statement: "bronze batches and gaps are contiguous up to next_offset",
        query: sql!("verify/i1_offsets_are_contiguous.sql"),
    },
    Check {
        invariant: "I1",
        statement: "bronze holds the rows of every batch, none twice",
        query: sql!("verify/i1_batches_hold_their_rows.sql"),
    },
    Check {
        invariant: "I2",
        statement: "bronze holds every byte that the consumer took from Kafka",
        query: sql!("verify/i2_bytes_are_all_there.sql"),
    },
    Check {
        invariant: "I3",
        statement: "bronze = accepted + duplicate + quarantined + pending",
        query: sql!("verify/i3_counts_add_up.sql"),
    },
    Check {
        invariant: "I3",
        statement: "every judged record has exactly one verdict",
        query: sql!("verify/i3_every_record_has_one_verdict.sql"),
    },
    Check {
        invariant: "I3",
        statement: "gold batches count what the silver batches in them count",
        query: sql!("verify/i3_gold_batches_add_up.sql"),
    },
    Check {
        invariant: "I4",
        statement: "every event is in silver once",
        query: sql!("verify/i4_events_are_unique.sql"),
    },
    Check {
        invariant: "I4",
        statement: "lines belong to their events and add up to them",
        query: sql!("verify/i4_lines_belong_to_events.sql"),
    },
    Check {
        invariant: "I4",
        statement: "every fact has its dimension rows",
        query: sql!("verify/i4_facts_have_their_dimensions.sql"),
    },
    Check {
        invariant: "I4",
        statement: "every order's snapshot follows from its events",
        query: sql!("verify/i4_orders_sum_their_events.sql"),
    },
    Check {
        invariant: "I4",
        statement: "every order's steps follow from its events",
        query: sql!("verify/i4_steps_follow_from_events.sql"),
    },
    Check {
        invariant: "I4",
        statement: "cancellations take back the lines that were placed",
        query: sql!("verify/i4_cancellations_take_lines_back.sql"),
    },
    Check {
        invariant: "I6",
        statement: "histories neither overlap nor leave holes",
        query: sql!("verify/i6_histories_are_contiguous.sql"),
    },
    Check {
        invariant: "I6",
        statement: "histories tell what every event states at its time",
        query: sql!("verify/i6_histories_tell_what_is_stated.sql"),
    },
    Check {
        invariant: "I6",
        statement: "sightings of products follow from the lines",
        query: sql!("verify/i6_sightings_follow_from_lines.sql"),
    },
    Check {
        invariant: "I6",
        statement: "histories of customers = their derivation from the facts",
        query: history::COMPARE_CUSTOMERS,
    },
    Check {
        invariant: "I6",
        statement: "histories of products = their derivation from sightings",
        query: history::COMPARE_PRODUCTS,
    },
    Check {
        invariant: "I6",
        statement: "customers and products have the attributes that hold now",
        query: sql!("verify/i6_current_attributes.sql"),
    },
];

/// Every check as what must hold and the query that finds what does not, for those who want to run them themselves.
pub fn queries() -> impl Iterator<Item = (&'static str, &'static str)> {
    let checks = CHECKS.iter().map(|check| (check.statement, check.query));
    checks.chain(MARTS.iter().map(|mart| (mart.table, mart.compare)))
}

/// How many checks [`Verification::run_checks`] makes.
pub fn check_count() -> usize {
    CHECKS.len() + MARTS.len()
}

/// One look at the whole warehouse, as of one moment.
pub struct Verification<'a> {
    transaction: Transaction<'a>,
}

impl<'a> Verification<'a> {
    /// Opens the snapshot; nothing can be written through it.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn begin(session: &'a mut Session) -> Result<Verification<'a>, WarehouseError> {
        let transaction = session
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true)
            .start()
            .await
            .map_err(WarehouseError::database("beginning a verification"))?;
        transaction
            .batch_execute("SET LOCAL work_mem = '256MB'")
            .await
            .map_err(WarehouseError::database("beginning a verification"))?;
        Ok(Verification { transaction })
    }

    /// Runs every check, telling each result as it comes.
    ///
    /// # Errors
    /// Where a check could not be run; a check that finds something is no error.
    pub async fn run_checks(
        &self,
        mut tell: impl FnMut(&CheckResult),
    ) -> Result<Vec<CheckResult>, WarehouseError> {
        let mut results = Vec::with_capacity(check_count());
        for check in CHECKS {
            let result = self
                .run(check.invariant, check.statement.to_owned(), check.query)
                .await?;
            tell(&result);
            results.push(result);
        }
        for mart in MARTS {
            let statement = format!("{} = its recomputation from silver", mart.table);
            let result = self.run("I5", statement, mart.compare).await?;
            tell(&result);
            results.push(result);
        }
        Ok(results)
    }

    async fn run(
        &self,
        invariant: &'static str,
        statement: String,
        query: &'static str,
    ) -> Result<CheckResult, WarehouseError> {
        let began = Instant::now();
        let rows = self.rows(query, &[]).await?;
        let findings = rows
            .iter()
            .take(FINDINGS_KEPT)
            .map(|row| match row.len() {
                1 => row.get(0),
                _ => format!("{}: {}", row.get::<_, String>(0), row.get::<_, String>(1)),
            })
            .collect();
        Ok(CheckResult {
            invariant,
            statement,
            violations: rows.len(),
            findings,
            took: began.elapsed(),
        })
    }

    /// Records that wait before bronze, silver and gold, as far as the ledger knows.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn pending(&self) -> Result<[i64; 3], WarehouseError> {
        let rows = self.rows(sql!("verify/pending.sql"), &[]).await?;
        Ok(rows
            .first()
            .map_or([0; 3], |row| [row.get(0), row.get(1), row.get(2)]))
    }

    /// Records of a topic in bronze, and the digest of their payloads: the sum modulo 2^64 of the first 8 bytes of each
    /// payload's SHA-256.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn payloads(&self, topic_name: &str) -> Result<(i64, u64), WarehouseError> {
        let rows = self
            .rows(sql!("verify/truth_payloads.sql"), &[&topic_name])
            .await?;
        Ok(rows.first().map_or((0, 0), payload_digest))
    }

    /// Accepted events, orders placed, lines of events, lines that cancellations take back, duplicates.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn totals(&self) -> Result<[i64; 5], WarehouseError> {
        let rows = self.rows(sql!("verify/truth_totals.sql"), &[]).await?;
        Ok(rows.first().map_or([0; 5], |row| {
            [0, 1, 2, 3, 4].map(|index: usize| row.get(index))
        }))
    }

    /// Quarantined records by reason.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn quarantine(&self) -> Result<Vec<(String, i64)>, WarehouseError> {
        let rows = self.rows(sql!("verify/truth_quarantine.sql"), &[]).await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    /// Accepted events of all topics, and the digest of their payloads as in [`Verification::payloads`].
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn event_payloads(&self) -> Result<(i64, u64), WarehouseError> {
        let rows = self
            .rows(sql!("verify/truth_event_payloads.sql"), &[])
            .await?;
        Ok(rows.first().map_or((0, 0), payload_digest))
    }

    /// What the warehouse holds of a table that truths tell of.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn truth_cells(&self, table: &TruthTable) -> Result<Vec<Cell>, WarehouseError> {
        let rows = self.rows(table.query, &[]).await?;
        Ok(rows
            .iter()
            .map(|row| {
                let measures: Vec<String> = row.get("measures");
                let measures = measures.iter().map(|text| modulo_64_bits(text)).collect();
                (row.get("keys"), measures)
            })
            .collect())
    }

    async fn rows(
        &self,
        query: &str,
        parameters: &[&(dyn tokio_postgres::types::ToSql + Sync)],
    ) -> Result<Vec<Row>, WarehouseError> {
        self.transaction
            .query(query, parameters)
            .await
            .map_err(WarehouseError::database("verifying"))
    }
}

/// Records, and their digest from its two halves.
fn payload_digest(row: &Row) -> (i64, u64) {
    let half = |name: &str| -> u64 {
        let sum: u128 = row.get::<_, String>(name).parse().unwrap_or(u128::MAX);
        // Truncation is the modulo.
        u64::try_from(sum % (1 << 64)).unwrap_or(0)
    };
    let digest = half("high").wrapping_shl(32).wrapping_add(half("low"));
    (row.get("records"), digest)
}

/// A whole number as text, modulo 2^64, as the signed number of the same bits. Only digests are ever that large.
fn modulo_64_bits(text: &str) -> i64 {
    let number: i128 = text.parse().unwrap_or(i128::MAX);
    u64::try_from(number.rem_euclid(1 << 64))
        .unwrap_or(0)
        .cast_signed()
}

#[cfg(test)]
mod tests {
    use super::modulo_64_bits;

    #[test]
    fn numbers_wrap_as_64_bits_do() {
        let numbers = [
            "7",
            "-7",
            "18446744073709551615",
            "-18446744073709551615",
            "9223372036854775808",
        ];
        assert_eq!(numbers.map(modulo_64_bits), [7, -7, -1, 1, i64::MIN]);
    }
}

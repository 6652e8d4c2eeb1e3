//! What a producer sent, as it will swear to it: the file that `producer run --truth` writes and
//! `transformer verify --truth` holds the warehouse against.

mod layout;
pub mod scores;
pub mod table;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

pub use table::{Row, Table};

/// The format that this program writes and reads.
pub const TRUTH_FORMAT: u32 = 3;

/// The manifest of everything one producer run had acknowledged by Kafka.
///
/// Amounts are in the hundredth part of the cell's currency; days are UTC days of the event time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    /// [`TRUTH_FORMAT`].
    pub format: u32,
    /// The Kafka topic.
    pub topic: String,
    /// The seed of the generator.
    pub seed: u64,
    /// Records that Kafka acknowledged: good events, injected duplicates and bad ones.
    pub records: u64,
    /// [`PayloadDigest`] over the values of these records, 16 hex digits.
    pub payload_digest: String,
    /// [`PayloadDigest`] over the values of the good events alone, each counted once.
    pub event_digest: String,
    /// Distinct good events: what silver must accept.
    pub events: u64,
    /// Orders placed.
    pub orders: u64,
    /// Lines of good events, placed and returned.
    pub lines: u64,
    /// Lines of cancelled orders, which their cancellations take back.
    pub cancelled_lines: u64,
    /// Injected copies of good events: what silver must record as duplicates.
    pub duplicates: u64,
    /// Injected bad records by the reason code that each must be quarantined with.
    pub bad: BTreeMap<String, u64>,
    /// Sales by day, currency and channel; sorted by that key.
    pub sales: Vec<SalesCell>,
    /// Lines by day, category and currency; sorted by that key.
    pub categories: Vec<CategoryCell>,
    /// Lines by product and currency over all days; sorted by that key.
    pub products: Vec<ProductCell>,
    /// The other marts, and the histories of customers and products, by name; docs/SHOP.md tells what each holds.
    pub tables: BTreeMap<String, Table>,
    /// SHA-256, in hex, of this document as compact JSON with an empty seal.
    pub seal: String,
}

/// What `gold.sales_performance` must hold for one day, currency and channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesCell {
    /// UTC day of the event time.
    pub day: NaiveDate,
    /// ISO 4217.
    pub currency: String,
    /// Symbol of the channel.
    pub channel: String,
    /// `order_placed` events.
    pub orders: i64,
    /// Pieces in them.
    pub units_sold: i64,
    /// Their subtotals.
    pub gross_cents: i64,
    /// Their discounts.
    pub discount_cents: i64,
    /// Their tax.
    pub tax_cents: i64,
    /// Their shipping.
    pub shipping_cents: i64,
    /// Their totals.
    pub total_cents: i64,
    /// `order_returned` events.
    pub returns: i64,
    /// Pieces in them.
    pub units_returned: i64,
    /// Their totals.
    pub returned_cents: i64,
    /// Their subtotals less their discounts.
    pub returned_goods_cents: i64,
    /// `order_cancelled` events.
    pub cancellations: i64,
    /// Their totals.
    pub cancelled_cents: i64,
    /// Lines that they take back: unit price times quantity, less line discounts.
    pub cancelled_goods_cents: i64,
    /// Cost of the pieces in these lines.
    pub cancelled_cost_cents: i64,
    /// Cost of the pieces sold less that of the pieces returned; what was cancelled is not taken off here.
    pub cost_cents: i64,
}

/// What `gold.item_category_performance` must hold for one day, category and currency. Returned and cancelled lines
/// count negative, cancelled ones on the day of the cancellation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryCell {
    /// UTC day of the event time.
    pub day: NaiveDate,
    /// The category as the line gives it.
    pub category: String,
    /// ISO 4217.
    pub currency: String,
    /// Lines sold, returned and cancelled; never negative.
    pub lines: i64,
    /// Pieces sold less pieces returned and cancelled.
    pub quantity: i64,
    /// Unit price times quantity.
    pub gross_cents: i64,
    /// Line discounts.
    pub discount_cents: i64,
    /// Unit cost times quantity.
    pub cost_cents: i64,
}

/// What `gold.product_performance` must add up to for one product and currency. Returned and cancelled lines
/// count negative.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductCell {
    /// The shop's product number.
    pub product_id: String,
    /// ISO 4217.
    pub currency: String,
    /// Lines sold, returned and cancelled; never negative.
    pub lines: i64,
    /// Pieces sold less pieces returned and cancelled.
    pub quantity: i64,
    /// Unit price times quantity.
    pub gross_cents: i64,
    /// Line discounts.
    pub discount_cents: i64,
    /// Unit cost times quantity.
    pub cost_cents: i64,
}

/// Why a truth file cannot be used.
#[derive(Debug, Error)]
pub enum TruthError {
    /// Not the JSON of a truth file.
    #[error("not a truth file: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Written by a program of another format.
    #[error(
        "truth format {found} is not {TRUTH_FORMAT}: write it anew with this version's producer"
    )]
    Format {
        /// What the file says.
        found: u32,
    },
    /// The content is not what was sealed.
    #[error("the seal does not match: the file was changed after the producer wrote it")]
    BrokenSeal,
}

impl Truth {
    /// The document as JSON text, sealed.
    pub fn to_sealed_json(mut self) -> Result<String, TruthError> {
        self.seal = self.compute_seal()?;
        Ok(layout::to_text(&self)?)
    }

    /// Reads a sealed document, and refuses one that was changed.
    pub fn from_sealed_json(text: &str) -> Result<Truth, TruthError> {
        let truth: Truth = serde_json::from_str(text)?;
        if truth.format != TRUTH_FORMAT {
            return Err(TruthError::Format {
                found: truth.format,
            });
        }
        if truth.compute_seal()? != truth.seal {
            return Err(TruthError::BrokenSeal);
        }
        Ok(truth)
    }

    fn compute_seal(&self) -> Result<String, TruthError> {
        let unsealed = Truth {
            seal: String::new(),
            ..self.clone()
        };
        let digest = Sha256::digest(serde_json::to_vec(&unsealed)?);
        Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// A digest of a set of payloads that does not depend on their order, so that the sender and the warehouse can each
/// compute it over what they hold: the sum, modulo 2^64, of the first 8 bytes (big endian) of each payload's SHA-256.
/// A null payload counts as an empty one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PayloadDigest(u64);

impl PayloadDigest {
    /// Adds one payload.
    pub fn add(&mut self, payload: &[u8]) {
        let digest = Sha256::digest(payload);
        let mut head = [0u8; 8];
        head.copy_from_slice(digest.first_chunk::<8>().unwrap_or(&[0; 8]));
        self.0 = self.0.wrapping_add(u64::from_be_bytes(head));
    }

    /// The digest of both sets together.
    pub fn merge(self, other: PayloadDigest) -> PayloadDigest {
        PayloadDigest(self.0.wrapping_add(other.0))
    }

    /// 16 hex digits.
    pub fn to_hex(self) -> String {
        format!("{:016x}", self.0)
    }
}

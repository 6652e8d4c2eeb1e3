//! The mapping file: which columns of a shop's table mean what, and what no column tells. TOML; see
//! examples/store_mapping.toml.

use std::collections::BTreeMap;
use std::path::Path;

use event_contract::Channel;
use serde::Deserialize;
use service_kit::Failure;

use super::countries;
use super::dates::DateOrder;
use super::dialect::{Delimiter, Encoding, Wishes};
use super::numbers::DecimalMark;

/// A mapping that is larger than this is none.
const MOST_BYTES: u64 = 1 << 20;

/// What kind of source a mapping is for; decides what is taken where the mapping says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// A file of in-store sales.
    Store,
    /// A query of a shop's database.
    Postgres,
}

/// Which columns mean what, and what no column tells.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    /// Names the source in the identifiers of events: the same sales from two files of one source are the same.
    pub source: Option<String>,
    /// `in_store`, `web`, `mobile` or `import`.
    pub channel: Option<String>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// ISO 3166-1 alpha-2, where neither the row nor its store tells.
    pub country: Option<String>,
    /// City, where neither the row nor its store tells.
    pub city: Option<String>,
    /// Category of products without one.
    pub category: Option<String>,
    /// How it was paid, where no column tells.
    pub payment_method: Option<String>,
    /// `mdy` or `dmy`.
    pub date_order: Option<String>,
    /// `point` or `comma`.
    pub decimal: Option<String>,
    /// `,`, `;` or a tab.
    pub delimiter: Option<String>,
    /// `utf-8` or `windows-1252`.
    pub encoding: Option<String>,
    /// The names of the columns.
    pub columns: ColumnNames,
    /// Where the stores are, by their number.
    pub stores: BTreeMap<String, Store>,
}

/// Where a store is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// City.
    pub city: Option<String>,
}

/// The columns' names in the source.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ColumnNames {
    /// The order's number; rows that share it are its lines.
    pub order_id: Option<String>,
    /// When it was sold.
    pub ordered_at: Option<String>,
    /// Product number.
    pub product_id: Option<String>,
    /// Product name.
    pub product_name: Option<String>,
    /// Product category.
    pub category: Option<String>,
    /// Pieces; negative where they came back.
    pub quantity: Option<String>,
    /// What the line came to.
    pub amount: Option<String>,
    /// Or what a piece cost the customer.
    pub unit_price: Option<String>,
    /// What a piece costs the shop.
    pub unit_cost: Option<String>,
    /// The store.
    pub store_id: Option<String>,
    /// Customer number.
    pub customer_id: Option<String>,
    /// Country, as code or name.
    pub country: Option<String>,
    /// City.
    pub city: Option<String>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// Channel.
    pub channel: Option<String>,
    /// How it was paid.
    pub payment_method: Option<String>,
}

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    /// [`Failure::Configuration`] where it cannot be read or says something that cannot be.
    pub fn read(path: &Path) -> Result<Mapping, Failure> {
        let wrong = |reason: String| {
            Failure::Configuration(format!(
                "the mapping file {}: {reason}: see examples/store_mapping.toml",
                path.display()
            ))
        };
        let size = std::fs::metadata(path)
            .map_err(|error| wrong(error.to_string()))?
            .len();
        if size > MOST_BYTES {
            return Err(wrong(format!("{size} bytes are too many for a mapping")));
        }
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        Mapping::parse(&text).map_err(wrong)
    }

    /// Reads the text of a mapping file.
    ///
    /// # Errors
    /// A sentence on what is wrong.
    pub fn parse(text: &str) -> Result<Mapping, String> {
        let mapping: Mapping = toml::from_str(text).map_err(|error| error.to_string())?;
        let codes = mapping.stores.values().map(|store| &store.country);
        for code in codes.chain([&mapping.country]).flatten() {
            if !countries::is_code(code) {
                return Err(format!(
                    "country = \"{code}\" is no ISO 3166-1 alpha-2 code, such as \"DE\""
                ));
            }
        }
        mapping.channel()?;
        mapping.wishes()?;
        Ok(mapping)
    }

    /// The channel of sales whose row tells none.
    ///
    /// # Errors
    /// A sentence where it is unknown.
    pub fn channel(&self) -> Result<Option<Channel>, String> {
        let Some(name) = &self.channel else {
            return Ok(None);
        };
        let channel = Channel::from_symbol(name).ok_or_else(|| {
            format!("channel = \"{name}\" is none of web, mobile, in_store, import")
        })?;
        Ok(Some(channel))
    }

    /// How the file is spelt, as far as the mapping says.
    ///
    /// # Errors
    /// A sentence where it says something unknown.
    pub fn wishes(&self) -> Result<Wishes, String> {
        Ok(Wishes {
            encoding: choose(
                "encoding",
                self.encoding.as_deref(),
                &[
                    ("utf-8", Encoding::Utf8),
                    ("windows-1252", Encoding::Windows1252),
                ],
            )?,
            delimiter: choose(
                "delimiter",
                self.delimiter.as_deref(),
                &[
                    (",", Delimiter::Comma),
                    (";", Delimiter::Semicolon),
                    ("\t", Delimiter::Tab),
                ],
            )?,
            decimal: choose(
                "decimal",
                self.decimal.as_deref(),
                &[("point", DecimalMark::Point), ("comma", DecimalMark::Comma)],
            )?,
            date_order: choose(
                "date_order",
                self.date_order.as_deref(),
                &[("mdy", DateOrder::Mdy), ("dmy", DateOrder::Dmy)],
            )?,
        })
    }
}

fn choose<T: Copy>(
    key: &str,
    value: Option<&str>,
    known: &[(&str, T)],
) -> Result<Option<T>, String> {
    let Some(value) = value else {
        return Ok(None);
    };
    let found = known.iter().find(|(name, _)| *name == value);
    found.map(|(_, choice)| Some(*choice)).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        format!("{key} = {value:?} is none of {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_a_mapping() {
        let mapping = Mapping::parse(include_str!("../../../examples/store_mapping.toml")).unwrap();
        assert_eq!(mapping.channel(), Ok(Some(Channel::InStore)));
        assert!(mapping.stores.contains_key("S01"));
    }

    #[test]
    fn what_a_mapping_cannot_say() {
        for (text, complaint) in [
            ("colour = \"red\"", "colour"),
            ("channel = \"fax\"", "in_store"),
            ("country = \"UK\"", "ISO 3166-1"),
            ("stores.S1.country = \"Germany\"", "ISO 3166-1"),
            ("decimal = \"dot\"", "point, comma"),
            ("date_order = \"ymd\"", "mdy, dmy"),
            ("[columns]\nprice = \"p\"", "price"),
            ("= 1", "TOML parse error"),
        ] {
            let error = Mapping::parse(text).unwrap_err();
            assert!(error.contains(complaint), "{text}: {error}");
        }
    }
}

//! What products were called when, from the first time each day that a line names them so.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use event_contract::Item;
use event_contract::truth::Table;

use super::history::{Histories, day_of};
use super::in_order::Entry;
use super::names::Names;

/// A product as lines name it. Numbers are those of the tally's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ProductVersion {
    product: u32,
    name: u32,
    category: u32,
}

/// The books of products. Grow with products and their versions.
#[derive(Debug, Default)]
pub(super) struct Products {
    versions: Vec<ProductVersion>,
    /// Places in `versions`, by product.
    of_product: HashMap<u32, Vec<u32>>,
    histories: Histories<u32>,
    /// The day that is being entered, and what was seen on it.
    day: NaiveDate,
    seen: HashSet<u32>,
}

impl Products {
    /// The number of what a line says of its product.
    pub(super) fn version(&mut self, item: &Item, names: &mut Names) -> u32 {
        let product = names.number(&item.id);
        let known = self.of_product.entry(product).or_default();
        let is_same = |number: &&u32| {
            let version = place(**number).and_then(|place| self.versions.get(place));
            version.is_some_and(|version| {
                names.text(version.name) == item.name
                    && names.text(version.category) == item.category
            })
        };
        if let Some(number) = known.iter().rev().find(is_same) {
            return *number;
        }
        let next = u32::try_from(self.versions.len()).unwrap_or(u32::MAX);
        known.push(next);
        self.versions.push(ProductVersion {
            product,
            name: names.number(&item.name),
            category: names.number(&item.category),
        });
        next
    }

    /// Enters an event's lines; each event not before the one before it.
    pub(super) fn enter(&mut self, entry: &Entry, names: &Names) {
        if entry.products.is_empty() {
            return;
        }
        let day = day_of(entry.at);
        if self.day != day {
            self.day = day;
            self.seen.clear();
        }
        for number in &entry.products {
            if self.seen.insert(*number) {
                self.sight(*number, entry.at, names);
            }
        }
    }

    /// Of several versions at the same moment, the one with the greatest name and category holds.
    fn sight(&mut self, number: u32, at: i64, names: &Names) {
        let Some(version) = version_of(&self.versions, number) else {
            return;
        };
        let rank =
            |version: ProductVersion| (names.text(version.name), names.text(version.category));
        if let Some((stated_at, stated)) = self.histories.latest(version.product)
            && stated_at == at
            && version_of(&self.versions, stated).is_some_and(|other| rank(other) > rank(version))
        {
            return;
        }
        let versions = &self.versions;
        self.histories
            .state(version.product, at, number, |_, number, since| {
                version_text(versions, names, number, since)
            });
    }

    /// Writes the tables.
    pub(super) fn tables(self, names: &Names, tables: &mut BTreeMap<String, Table>) {
        let versions = self.versions;
        let [begun, counts] = self.histories.tables("products", |_, number, since| {
            version_text(&versions, names, number, since)
        });
        tables.insert("product_versions".to_owned(), begun);
        tables.insert("products_by_versions".to_owned(), counts);
    }
}

fn version_text(versions: &[ProductVersion], names: &Names, number: u32, since: &str) -> String {
    let Some(version) = version_of(versions, number) else {
        return String::new();
    };
    let [id, name, category] =
        [version.product, version.name, version.category].map(|number| names.text(number));
    format!("{id}|{since}{name}|{category}")
}

fn version_of(versions: &[ProductVersion], number: u32) -> Option<ProductVersion> {
    versions.get(place(number)?).copied()
}

fn place(number: u32) -> Option<usize> {
    usize::try_from(number).ok()
}

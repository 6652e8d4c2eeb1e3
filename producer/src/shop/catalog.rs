//! What the shop sells: products in categories, with prices in every currency of the shop. Now and then a product gets
//! another name, or is moved to another category.

use std::fmt::Write;

use event_contract::Money;

use super::brands::BRANDS;
use super::kinds::{CategoryKind, KINDS, MOST_CATEGORIES, Risks};
use super::places::CURRENCIES;
use super::random::{Chance, Dice, Domain, Weighted, exp, mix, upper_bits};

const QUALITIES: &[&str] = &[
    "Classic", "Compact", "Premium", "Everyday", "Nordic", "Eco", "Urban", "Deluxe",
];

/// How steeply popularity falls with rank: the second product sells a little more than half as often as the first.
const POPULARITY_EXPONENT: f64 = 0.8;

/// Price and cost of one piece in one currency.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PriceTag {
    pub(crate) price: Money,
    pub(crate) cost: Money,
}

/// How a product is called and where it is shelved, for some time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Edition {
    pub(crate) name: String,
    pub(crate) category: &'static str,
}

/// After so many editions a product is again what it was at first, which takes more than five years.
const EDITIONS: usize = 3;

/// How long an edition is sold: 700 days. Each product changes at a time of its own.
const SECONDS_OF_AN_EDITION: u32 = 700 * 86_400;

/// One product.
#[derive(Debug)]
pub(crate) struct Product {
    /// For instance `P00042`.
    pub(crate) id: String,
    /// What its orders have to fear; stays, wherever the product is shelved.
    pub(crate) risks: Risks,
    editions: Vec<Edition>,
    /// By how much its changes come earlier than those of a product that changes at the epoch.
    phase_micros: i64,
    /// By position of the currency.
    tags: Vec<PriceTag>,
}

/// All products, and how popular each is.
#[derive(Debug)]
pub(crate) struct Catalog {
    seed: u64,
    products: Vec<Product>,
    popularity: Weighted,
    by_rank: Vec<u32>,
}

impl Catalog {
    /// Draws the catalog of a seed. `categories` beyond [`MOST_CATEGORIES`] are cut off; `products` is at least 1.
    pub(crate) fn new(seed: u64, products: u32, categories: usize) -> Self {
        let products = products.max(1);
        let kinds = KINDS
            .get(..categories.clamp(1, MOST_CATEGORIES))
            .unwrap_or(KINDS);
        Catalog {
            seed,
            products: (0..products)
                .zip(kinds.iter().cycle())
                .map(|(number, kind)| Product::draw(seed, number, kind, kinds))
                .collect(),
            popularity: Weighted::zipf(products, POPULARITY_EXPONENT),
            by_rank: shuffled(seed, products),
        }
    }

    /// The number of the product that 32 random bits fall on, by popularity.
    pub(crate) fn pick(&self, bits: u32) -> u32 {
        let rank = self.popularity.pick(bits);
        self.by_rank.get(rank).copied().unwrap_or(0)
    }

    /// The product of a number.
    pub(crate) fn product(&self, number: u32) -> Option<&Product> {
        self.products.get(usize::try_from(number).ok()?)
    }

    /// What a piece of a product costs in a currency (by position) in a week (counted from the epoch). A few products
    /// are on offer each week, for 15 % less, so that a product's price changes over time.
    pub(crate) fn price_tag(&self, number: u32, currency: usize, week: i64) -> PriceTag {
        const ON_OFFER: Chance = Chance::percent(6.0);
        let Some(tag) = self
            .product(number)
            .and_then(|product| product.tags.get(currency))
        else {
            return PriceTag::default();
        };
        let draw = mix(self.seed ^ OFFERS, u64::from(number), week.unsigned_abs());
        if !ON_OFFER.met_by(upper_bits(draw)) {
            return *tag;
        }
        PriceTag {
            price: Money::from_cents(tag.price.cents() * 85 / 100),
            cost: tag.cost,
        }
    }
}

/// Sets the hash of weekly offers apart from the other uses of the seed.
const OFFERS: u64 = 0x6f66_6665_7273_2121;

impl Product {
    /// The name and category at a time, in microseconds since the epoch.
    pub(crate) fn edition(&self, at: i64) -> Option<&Edition> {
        let age = at.saturating_add(self.phase_micros);
        let nth = age.div_euclid(i64::from(SECONDS_OF_AN_EDITION) * 1_000_000);
        let position = usize::try_from(nth).unwrap_or(0) % EDITIONS;
        self.editions.get(position)
    }

    fn draw(
        seed: u64,
        number: u32,
        kind: &'static CategoryKind,
        kinds: &'static [CategoryKind],
    ) -> Self {
        let mut dice = Dice::new(seed, Domain::Catalog, u64::from(number));
        let euro_cents = kind.median_euro_cents * exp(kind.spread * dice.normal());
        let cost_per_cent = 35 + i64::from(dice.below(36));
        let noun = pick_word(kind.nouns, &mut dice);
        let brand = pick_word(BRANDS, &mut dice);
        let phase_seconds = dice.below(SECONDS_OF_AN_EDITION);
        Product {
            id: format!("P{number:05}"),
            risks: kind.risks,
            editions: draw_editions(brand, noun, kind.name, kinds, &mut dice),
            phase_micros: i64::from(phase_seconds) * 1_000_000,
            tags: CURRENCIES
                .iter()
                .map(|currency| price_tag(euro_cents, currency.per_euro, cost_per_cent))
                .collect(),
        }
    }
}

/// Of the changes between two editions, seven in ten are of the name and two in ten of the category; some are of both,
/// and in some nothing changes.
fn draw_editions(
    brand: &str,
    noun: &str,
    home: &'static str,
    kinds: &'static [CategoryKind],
    dice: &mut Dice,
) -> Vec<Edition> {
    const RENAMED: Chance = Chance::percent(70.0);
    const MOVED: Chance = Chance::percent(20.0);
    let mut quality = pick_word(QUALITIES, dice);
    (0..EDITIONS)
        .map(|nth| {
            let (new_quality, new_shelf) = (pick_word(QUALITIES, dice), pick_shelf(kinds, dice));
            let (is_renamed, is_moved) = (dice.happens(RENAMED), dice.happens(MOVED));
            let is_first = nth == 0;
            if is_renamed && !is_first {
                quality = new_quality;
            }
            let mut name = String::new();
            let _ = write!(name, "{brand} {quality} {noun}");
            Edition {
                name,
                category: if is_moved && !is_first {
                    new_shelf
                } else {
                    home
                },
            }
        })
        .collect()
}

fn pick_shelf(kinds: &'static [CategoryKind], dice: &mut Dice) -> &'static str {
    let choices = u32::try_from(kinds.len()).unwrap_or(0);
    let position = usize::try_from(dice.below(choices)).unwrap_or(0);
    kinds.get(position).map_or("", |kind| kind.name)
}

/// The price in a currency, ending in .49 or .99 as prices do, and the cost as a share of it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "the price is clamped to ten million units, and rates are small"
)]
fn price_tag(euro_cents: f64, per_euro: i64, cost_per_cent: i64) -> PriceTag {
    let cents = (euro_cents * per_euro as f64 / 10_000.0).clamp(99.0, 1e9) as i64;
    let price = (cents + 25) / 50 * 50 - 1;
    PriceTag {
        price: Money::from_cents(price),
        cost: Money::from_cents((price * cost_per_cent + 50) / 100),
    }
}

fn pick_word(words: &'static [&'static str], dice: &mut Dice) -> &'static str {
    let choices = u32::try_from(words.len()).unwrap_or(0);
    let position = usize::try_from(dice.below(choices)).unwrap_or(0);
    words.get(position).copied().unwrap_or_default()
}

/// The numbers from 0 up to `count` in a seeded order, so that popular products are spread over all categories.
fn shuffled(seed: u64, count: u32) -> Vec<u32> {
    let mut dice = Dice::new(seed, Domain::Catalog, u64::MAX);
    let mut numbers: Vec<u32> = (0..count).collect();
    for (unsettled, last) in (0..count).zip(0..numbers.len()).skip(1).rev() {
        let other = usize::try_from(dice.below(unsettled + 1)).unwrap_or(last);
        numbers.swap(last, other);
    }
    numbers
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// 2026-01-01T00:00:00Z.
    const NOW: i64 = 1_767_225_600_000_000;

    #[test]
    fn products_are_reproducible_distinct_and_priced() {
        let catalog = Catalog::new(42, 500, 12);
        let again = Catalog::new(42, 500, 12);
        let mut ids = BTreeSet::new();
        let mut categories = BTreeSet::new();
        for number in 0..500 {
            let product = catalog.product(number).expect("in range");
            let twin = again.product(number).expect("in range");
            let edition = product.edition(NOW).expect("there is one");
            assert_eq!((Some(edition), &product.id), (twin.edition(NOW), &twin.id));
            assert!(ids.insert(product.id.clone()));
            categories.insert(edition.category);
            for currency in 0..CURRENCIES.len() {
                let tag = catalog.price_tag(number, currency, 2800);
                assert!(tag.price.cents() > 0 && tag.cost.cents() > 0, "{tag:?}");
            }
        }
        assert_eq!(categories.len(), 12);
    }

    #[test]
    fn products_are_renamed_and_moved_now_and_then_on_days_of_their_own() {
        let catalog = Catalog::new(42, 2_000, 12);
        let (mut renamed, mut moved) = (0, 0);
        let mut changes_on = BTreeSet::new();
        for number in 0..2_000 {
            let product = catalog.product(number).expect("in range");
            let editions = |day: i64| product.edition(NOW + day * 86_400_000_000);
            let before = editions(0).expect("there is one");
            for day in 1..=90 {
                let after = editions(day).expect("there is one");
                if after != before {
                    changes_on.insert(day);
                    renamed += u32::from(after.name != before.name);
                    moved += u32::from(after.category != before.category);
                    break;
                }
            }
        }
        // 90 of 700 days: 257 products have a change due.
        assert!((120..230).contains(&renamed), "{renamed}");
        assert!((40..110).contains(&moved), "{moved}");
        assert!(changes_on.len() > 60, "{changes_on:?}");
    }

    #[test]
    fn a_shuffle_keeps_every_number() {
        let mut numbers = shuffled(7, 1000);
        assert_ne!(numbers.first().copied(), Some(0));
        numbers.sort_unstable();
        assert_eq!(numbers, (0..1000).collect::<Vec<u32>>());
    }

    #[test]
    fn prices_change_with_the_weeks() {
        let catalog = Catalog::new(42, 50, 12);
        let prices: BTreeSet<Money> = (2800..2900)
            .map(|week| catalog.price_tag(3, 0, week).price)
            .collect();
        assert_eq!(prices.len(), 2);
    }
}

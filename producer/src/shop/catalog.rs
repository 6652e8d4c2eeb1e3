//! What the shop sells: products in categories, with prices in every currency of the shop.
//!
//! The brand in a product's name is the only thing here that comes from the `fake` library, whose lists may change
//! between releases; ids, categories, prices and costs do not depend on it. The golden digest in the tests notices.

use std::fmt::Write;

use event_contract::Money;
use fake::Fake;
use fake::faker::name::en::LastName;

use super::places::CURRENCIES;
use super::random::{Chance, Dice, Domain, Weighted, exp, mix, upper_bits};

/// A product line: what its things are called and what they cost.
struct CategoryKind {
    name: &'static str,
    /// Typical price in euro cents.
    median_euro_cents: f64,
    /// How far prices spread about it: the standard deviation of the price's logarithm.
    spread: f64,
    nouns: &'static [&'static str],
}

const KINDS: &[CategoryKind] = &[
    kind(
        "Electronics",
        12_900.0,
        0.9,
        &[
            "Headphones",
            "Tablet",
            "Speaker",
            "Camera",
            "Router",
            "Smartwatch",
        ],
    ),
    kind(
        "Clothing",
        3_900.0,
        0.5,
        &["T-Shirt", "Jacket", "Jeans", "Hoodie", "Dress", "Scarf"],
    ),
    kind(
        "Home & Kitchen",
        3_400.0,
        0.7,
        &[
            "Kettle",
            "Pan",
            "Lamp",
            "Blender",
            "Knife Set",
            "Storage Box",
        ],
    ),
    kind(
        "Books",
        1_600.0,
        0.3,
        &[
            "Novel",
            "Cookbook",
            "Atlas",
            "Biography",
            "Workbook",
            "Anthology",
        ],
    ),
    kind(
        "Sports",
        4_500.0,
        0.6,
        &[
            "Yoga Mat",
            "Dumbbell",
            "Running Shoes",
            "Backpack",
            "Tent",
            "Bottle",
        ],
    ),
    kind(
        "Toys",
        2_400.0,
        0.5,
        &[
            "Puzzle",
            "Building Set",
            "Doll",
            "Board Game",
            "Kite",
            "Train",
        ],
    ),
    kind(
        "Beauty",
        1_900.0,
        0.5,
        &["Serum", "Shampoo", "Perfume", "Lipstick", "Cream", "Brush"],
    ),
    kind(
        "Garden",
        2_900.0,
        0.7,
        &["Shears", "Planter", "Hose", "Parasol", "Seeds", "Rake"],
    ),
    kind(
        "Grocery",
        650.0,
        0.5,
        &["Coffee", "Olive Oil", "Honey", "Tea", "Chocolate", "Pasta"],
    ),
    kind(
        "Office",
        1_200.0,
        0.8,
        &[
            "Notebook",
            "Desk Chair",
            "Pen Set",
            "Stapler",
            "Monitor Stand",
            "Lamp",
        ],
    ),
    kind(
        "Pet Supplies",
        1_800.0,
        0.5,
        &[
            "Cat Tree",
            "Dog Bed",
            "Leash",
            "Food Bowl",
            "Aquarium",
            "Treats",
        ],
    ),
    kind(
        "Automotive",
        3_200.0,
        0.8,
        &[
            "Wiper",
            "Floor Mat",
            "Jump Starter",
            "Roof Box",
            "Phone Mount",
            "Polish",
        ],
    ),
    kind(
        "Jewellery",
        8_900.0,
        0.9,
        &[
            "Ring", "Necklace", "Bracelet", "Earrings", "Brooch", "Watch",
        ],
    ),
    kind(
        "Music",
        5_900.0,
        0.9,
        &[
            "Ukulele",
            "Keyboard",
            "Strings",
            "Vinyl Record",
            "Microphone",
            "Stand",
        ],
    ),
    kind(
        "Health",
        1_500.0,
        0.5,
        &[
            "Vitamins",
            "Thermometer",
            "Bandage",
            "Scale",
            "Massager",
            "Mask",
        ],
    ),
    kind(
        "Furniture",
        18_900.0,
        0.7,
        &[
            "Bookcase",
            "Armchair",
            "Table",
            "Bed Frame",
            "Dresser",
            "Stool",
        ],
    ),
];

/// How many categories there are to choose from.
pub(crate) const MOST_CATEGORIES: usize = KINDS.len();

const QUALITIES: &[&str] = &[
    "Classic", "Compact", "Premium", "Everyday", "Nordic", "Eco", "Urban", "Deluxe",
];

/// How steeply popularity falls with rank: the second product sells a little more than half as often as the first.
const POPULARITY_EXPONENT: f64 = 0.8;

const fn kind(
    name: &'static str,
    median_euro_cents: f64,
    spread: f64,
    nouns: &'static [&'static str],
) -> CategoryKind {
    CategoryKind {
        name,
        median_euro_cents,
        spread,
        nouns,
    }
}

/// Price and cost of one piece in one currency.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PriceTag {
    pub(crate) price: Money,
    pub(crate) cost: Money,
}

/// One product.
#[derive(Debug)]
pub(crate) struct Product {
    /// For instance `P00042`.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) category: &'static str,
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
                .map(|(number, kind)| Product::draw(seed, number, kind))
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
    fn draw(seed: u64, number: u32, kind: &'static CategoryKind) -> Self {
        let mut dice = Dice::new(seed, Domain::Catalog, u64::from(number));
        let euro_cents = kind.median_euro_cents * exp(kind.spread * dice.normal());
        let cost_per_cent = 35 + i64::from(dice.below(36));
        let noun = pick_word(kind.nouns, &mut dice);
        let quality = pick_word(QUALITIES, &mut dice);
        let brand: &str = LastName().fake_with_rng(dice.generator());

        let mut name = String::new();
        let _ = write!(name, "{brand} {quality} {noun}");
        Product {
            id: format!("P{number:05}"),
            name,
            category: kind.name,
            tags: CURRENCIES
                .iter()
                .map(|currency| price_tag(euro_cents, currency.per_euro, cost_per_cent))
                .collect(),
        }
    }
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

    #[test]
    fn products_are_reproducible_distinct_and_priced() {
        let catalog = Catalog::new(42, 500, 12);
        let again = Catalog::new(42, 500, 12);
        let mut ids = BTreeSet::new();
        let mut categories = BTreeSet::new();
        for number in 0..500 {
            let product = catalog.product(number).expect("in range");
            let twin = again.product(number).expect("in range");
            assert_eq!((&product.name, &product.id), (&twin.name, &twin.id));
            assert!(ids.insert(product.id.clone()));
            categories.insert(product.category);
            for currency in 0..CURRENCIES.len() {
                let tag = catalog.price_tag(number, currency, 2800);
                assert!(tag.price.cents() > 0 && tag.cost.cents() > 0, "{tag:?}");
            }
        }
        assert_eq!(categories.len(), 12);
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

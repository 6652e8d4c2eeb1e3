//! Who buys. A customer is a number; everything about them is derived from it, so that any number of customers takes
//! no memory.

use super::places::{Country, pick_weighted};
use super::random::{mix, scale_to, upper_bits};

/// After so long, at a time of their own, a customer may find another home.
const SECONDS_IN_A_CITY: u32 = 1_000 * 86_400;

/// After so long, at a time of their own, a customer's segment is looked at again.
const SECONDS_IN_A_SEGMENT: u32 = 500 * 86_400;

/// The shop's segments of customers with their shares in per cent.
const SEGMENTS: &[(&str, u32)] = &[("occasional", 55), ("loyal", 30), ("business", 15)];

/// Sets the hash of customers apart from the other uses of the seed.
const CUSTOMERS: u64 = 0x6375_7374_6f6d_6572;

/// Who placed an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Buyer {
    /// Without an account; the order's own draws tell where they live.
    Guest,
    /// The customer of this number.
    Customer(u32),
}

/// The customers of a seed.
#[derive(Debug)]
pub(crate) struct Customers {
    seed: u64,
    /// How many there are in all.
    population: u32,
    /// Those numbered below this have ordered already.
    known: u32,
}

impl Customers {
    /// `population` customers, a fifth of which ordered before the first event.
    pub(crate) const fn new(seed: u64, population: u32) -> Self {
        Customers {
            seed: seed ^ CUSTOMERS,
            population,
            known: population / 5,
        }
    }

    /// A customer who orders for the first time; nothing when all have.
    pub(crate) fn welcome(&mut self) -> Option<u32> {
        if self.known >= self.population {
            return None;
        }
        let newcomer = self.known;
        self.known += 1;
        Some(newcomer)
    }

    /// A customer who ordered before; nothing while there is none. The product of two uniform draws: the longer somebody
    /// is a customer the more often they order, the first ones about a dozen times as often as the average.
    pub(crate) fn returning(&self, draws: (u32, u32)) -> Option<u32> {
        if self.known == 0 {
            return None;
        }
        let product = upper_bits(u64::from(draws.0) * u64::from(draws.1));
        Some(scale_to(product, self.known))
    }

    /// Where a customer lives.
    pub(crate) fn country(&self, customer: u32) -> &'static Country {
        Country::pick(upper_bits(mix(self.seed, u64::from(customer), 0)))
    }

    /// The city a customer lives in at a time, in microseconds since the epoch. Some move, within their country, so
    /// that the history of a customer has something to tell.
    pub(crate) fn city(&self, customer: u32, at: i64) -> &'static str {
        let draw = self.draw_of_period(customer, at, SECONDS_IN_A_CITY, Trait::City);
        self.country(customer).city(draw)
    }

    /// The segment the shop counts a customer to at a time, in microseconds since the epoch.
    pub(crate) fn segment(&self, customer: u32, at: i64) -> &'static str {
        let draw = self.draw_of_period(customer, at, SECONDS_IN_A_SEGMENT, Trait::Segment);
        pick_weighted(SEGMENTS, |(_, share)| *share, draw).map_or("", |(name, _)| name)
    }

    /// 32 random bits that stay the same for a period, and whose periods begin at each customer's own time.
    fn draw_of_period(&self, customer: u32, at: i64, seconds: u32, of: Trait) -> u32 {
        const MICROS: i64 = 1_000_000;
        let of = of as u64;
        let personal = mix(self.seed, u64::from(customer), of);
        let phase = i64::from(scale_to(upper_bits(personal), seconds)) * MICROS;
        let period = at
            .saturating_add(phase)
            .div_euclid(i64::from(seconds) * MICROS);
        upper_bits(mix(personal, of, period.unsigned_abs()))
    }
}

/// What of a customer changes with time; sets their hashes apart.
#[derive(Clone, Copy)]
enum Trait {
    City = 1,
    Segment = 2,
}

/// The shop's number of a customer, for instance `C0000123`.
pub(crate) fn write_customer_id(customer: u32, id: &mut String) {
    use std::fmt::Write;
    id.clear();
    let _ = write!(id, "C{customer:07}");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn everyone_is_new_once() {
        let mut customers = Customers::new(1, 10);
        let newcomers: Vec<u32> = std::iter::from_fn(|| customers.welcome()).collect();
        assert_eq!(newcomers, (2..10).collect::<Vec<u32>>());
        assert_eq!(customers.returning((u32::MAX, u32::MAX)), Some(9));
        assert_eq!(customers.returning((0, u32::MAX)), Some(0));
        assert_eq!(Customers::new(1, 0).returning((7, 7)), None);
    }

    const MICROS_PER_DAY: i64 = 86_400_000_000;

    /// How many of 10,000 customers change something within so many days, and the days on which the changes fall.
    fn changes(days: i64, of: impl Fn(u32, i64) -> &'static str) -> (usize, BTreeSet<i64>) {
        const NOW: i64 = 1_767_225_600_000_000;
        let mut on_days = BTreeSet::new();
        let changed = (0..10_000)
            .filter(|customer| {
                let before = of(*customer, NOW);
                let day =
                    (1..=days).find(|day| of(*customer, NOW + day * MICROS_PER_DAY) != before);
                on_days.extend(day);
                day.is_some()
            })
            .count();
        (changed, on_days)
    }

    #[test]
    fn customers_move_rarely_at_their_own_time_and_within_their_country() {
        let customers = Customers::new(1, 10_000);
        let (movers, days) = changes(100, |customer, at| customers.city(customer, at));
        // A tenth has a move due; some of them into the city that they live in.
        assert!((600..900).contains(&movers), "{movers}");
        assert_eq!(days.len(), 100, "{days:?}");
        for customer in 0..1_000 {
            let country = customers.country(customer);
            for day in (0..30_000).step_by(500) {
                let home = customers.city(customer, day * MICROS_PER_DAY);
                assert!(country.cities.iter().any(|(city, _)| *city == home));
            }
        }
    }

    #[test]
    fn segments_have_their_shares_and_change_at_times() {
        let customers = Customers::new(1, 10_000);
        let (changed, _) = changes(50, |customer, at| customers.segment(customer, at));
        // A tenth is looked at again, and 1 - 0.55² - 0.3² - 0.15² = 58 % of them change.
        assert!((480..690).contains(&changed), "{changed}");
        let loyal = (0..10_000).filter(|customer| customers.segment(*customer, 0) == "loyal");
        assert!((2_800..3_200).contains(&loyal.count()));
    }
}

//! Who buys. A customer is a number; everything about them is derived from it, so that any number of customers takes
//! no memory.

use super::places::Country;
use super::random::{lower_bits, mix, upper_bits};

/// Days that a customer lives in one city on average.
const DAYS_IN_A_CITY: i64 = 400;
const MICROS_PER_DAY: i64 = 86_400_000_000;

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
        Some(super::random::scale_to(product, self.known))
    }

    /// Where a customer lives.
    pub(crate) fn country(&self, customer: u32) -> &'static Country {
        Country::pick(upper_bits(mix(self.seed, u64::from(customer), 0)))
    }

    /// The city a customer lives in at a time, in microseconds since the epoch. Some move, within their country, so
    /// that the history of a customer has something to tell.
    pub(crate) fn city(&self, customer: u32, at: i64) -> &'static str {
        let personal = mix(self.seed, u64::from(customer), 1);
        let phase = i64::from(lower_bits(personal) % 400);
        let home = (at.div_euclid(MICROS_PER_DAY) + phase).div_euclid(DAYS_IN_A_CITY);
        let draw = mix(self.seed, u64::from(customer), 2 + home.unsigned_abs());
        self.country(customer).city(upper_bits(draw))
    }
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

    #[test]
    fn a_customer_stays_in_their_country_and_moves_at_times() {
        let customers = Customers::new(1, 1000);
        let mut moved = 0;
        for customer in 0..1000 {
            let country = customers.country(customer);
            let homes: BTreeSet<&str> = (0..2000)
                .step_by(50)
                .map(|day| customers.city(customer, day * MICROS_PER_DAY))
                .collect();
            moved += usize::from(homes.len() > 1);
            assert!(
                homes
                    .iter()
                    .all(|home| country.cities.iter().any(|(city, _)| city == home))
            );
        }
        assert!(moved > 500, "{moved}");
    }
}

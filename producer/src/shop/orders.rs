//! What is ordered. An order is a number: its content is drawn anew from the seed and that number whenever one of its
//! events is written, so that an open order takes a few bytes whatever it holds.

use event_contract::{Channel, Money};

use super::calendar::Calendar;
use super::catalog::Catalog;
use super::customers::Buyer;
use super::lifecycle::{Fate, Journey, Regrets};
use super::payments::PaymentMethod;
use super::places::Country;
use super::random::{Chance, Dice, Domain, Weighted};

/// The most lines of one order.
pub(crate) const MOST_LINES: u32 = 10;

/// The draws for who orders; the shop's state turns them into a [`Buyer`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct BuyerDraw {
    pub(crate) is_guest: bool,
    pub(crate) is_newcomer: bool,
    pub(crate) which: (u32, u32),
}

/// What orders are made of.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) catalog: Catalog,
    pub(crate) line_counts: LineCounts,
    pub(crate) calendar: Calendar,
}

/// Everything about an order that does not depend on who buys and when, and the dice for the rest.
pub(crate) struct Sketch {
    channel: Channel,
    pub(crate) buyer: BuyerDraw,
    payment: u32,
    fate: Fate,
    guest_home: (u32, u32),
    dice: Dice,
}

/// What an order is, apart from its lines.
pub(crate) struct Content {
    pub(crate) channel: Channel,
    pub(crate) payment: PaymentMethod,
    pub(crate) journey: Journey,
    /// For what is drawn after the lines.
    pub(crate) dice: Dice,
}

impl Sketch {
    /// The order of a number; always the same for the same seed.
    pub(crate) fn draw(seed: u64, number: u64) -> Self {
        const GUEST: Chance = Chance::percent(3.0);
        const NEWCOMER: Chance = Chance::percent(15.0);
        let mut dice = Dice::new(seed, Domain::Orders, number);
        let channel = match dice.below(100) {
            0..55 => Channel::Web,
            55..90 => Channel::Mobile,
            _ => Channel::InStore,
        };
        let payment = dice.bits();
        let fate = Fate::draw(&mut dice);
        let buyer = BuyerDraw {
            is_guest: dice.happens(GUEST),
            is_newcomer: dice.happens(NEWCOMER),
            which: (dice.bits(), dice.bits()),
        };
        let guest_home = (dice.bits(), dice.bits());
        Sketch {
            channel,
            buyer,
            payment,
            fate,
            guest_home,
            dice,
        }
    }

    /// Where the buyer lives, if they are a guest.
    pub(crate) fn guest_home(&self) -> (&'static Country, &'static str) {
        let country = Country::pick(self.guest_home.0);
        (country, country.city(self.guest_home.1))
    }

    /// Draws the order's lines into `lines`, and what else follows once it is known from where and when the order comes
    /// (in microseconds since the epoch).
    pub(crate) fn fill(
        mut self,
        offer: &Offer,
        country: &Country,
        placed_at: i64,
        lines: &mut Vec<Line>,
    ) -> Content {
        lines.clear();
        let day = Day {
            week: placed_at.div_euclid(MICROS_PER_WEEK),
            is_rush: offer.calendar.is_rush(placed_at),
        };
        let count = offer.line_counts.draw(&mut self.dice);
        for _ in 0..count {
            let line = Line::draw(&mut self.dice, &offer.catalog, country.currency, day);
            lines.push(line);
        }
        let payment = country.payments.pick(self.channel, self.payment);
        let regrets = regrets_of(lines, &offer.catalog, day);
        Content {
            channel: self.channel,
            payment,
            journey: self.fate.journey(self.channel, payment, &regrets),
            dice: self.dice,
        }
    }
}

const MICROS_PER_WEEK: i64 = 7 * 86_400_000_000;

/// What matters of the day on which an order is placed.
#[derive(Debug, Clone, Copy)]
struct Day {
    /// Counted from the epoch.
    week: i64,
    is_rush: bool,
}

fn regrets_of(lines: &[Line], catalog: &Catalog, day: Day) -> Regrets {
    // What is bought in a rush is sent back twice as often.
    let haste = if day.is_rush { 2 } else { 1 };
    let products = lines
        .iter()
        .filter_map(|line| catalog.product(line.product));
    products.fold(Regrets::default(), |sum, product| Regrets {
        lines: sum.lines + 1,
        returned: sum.returned + haste * product.risks.returned,
        cancelled: sum.cancelled + product.risks.cancelled,
    })
}

/// What a line is reduced by, in per cent, from a number below 100.
const fn discount_percent(draw: u32, is_rush: bool) -> i64 {
    if is_rush {
        return match draw {
            0..15 => 0,
            15..40 => 20,
            40..70 => 30,
            70..93 => 40,
            _ => 50,
        };
    }
    match draw {
        0..75 => 0,
        75..85 => 5,
        85..93 => 10,
        93..98 => 15,
        _ => 20,
    }
}

/// How many lines orders have: between 1 and [`MOST_LINES`], with a given mean (one and a binomial deviate).
#[derive(Debug)]
pub(crate) struct LineCounts(Weighted);

impl LineCounts {
    /// For a mean between 1 and [`MOST_LINES`]; what lies outside is taken as the nearer end.
    pub(crate) fn with_mean(mean: f64) -> Self {
        let trials = MOST_LINES - 1;
        let share = ((mean - 1.0) / f64::from(trials)).clamp(0.0, 1.0);
        let mut choices = 1.0;
        let weights: Vec<f64> = (0..=trials)
            .map(|successes| {
                let weight =
                    choices * power(share, successes) * power(1.0 - share, trials - successes);
                choices = choices * f64::from(trials - successes) / f64::from(successes + 1);
                weight
            })
            .collect();
        LineCounts(Weighted::new(weights.into_iter()))
    }

    fn draw(&self, dice: &mut Dice) -> usize {
        1 + self.0.pick(dice.bits())
    }
}

/// A small whole power by multiplication; 1 for the power of 0.
fn power(base: f64, exponent: u32) -> f64 {
    (0..exponent).map(|_| base).product()
}

/// One line of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    /// Number of the product in the catalog.
    pub(crate) product: u32,
    pub(crate) quantity: i32,
    pub(crate) unit_price: Money,
    /// On the whole line.
    pub(crate) discount: Money,
    /// Of one piece.
    pub(crate) cost: Money,
}

impl Line {
    fn draw(dice: &mut Dice, catalog: &Catalog, currency: usize, day: Day) -> Self {
        let product = catalog.pick(dice.bits());
        let quantity = match dice.below(100) {
            0..68 => 1,
            68..86 => 2,
            86..93 => 3,
            93..96 => 4,
            96..99 => 5,
            _ => 10,
        };
        let percent = discount_percent(dice.below(100), day.is_rush);
        let tag = catalog.price_tag(product, currency, day.week);
        let gross = tag.price.cents() * i64::from(quantity);
        Line {
            product,
            quantity,
            unit_price: tag.price,
            discount: Money::from_cents(gross * percent / 100),
            cost: tag.cost,
        }
    }

    /// Unit price times quantity.
    pub(crate) fn gross_cents(&self) -> i64 {
        self.unit_price.cents() * i64::from(self.quantity)
    }
}

/// Turns the draws into a buyer.
pub(crate) fn choose_buyer(
    draw: BuyerDraw,
    customers: &mut super::customers::Customers,
) -> (Buyer, bool) {
    if draw.is_guest {
        return (Buyer::Guest, true);
    }
    let newcomer = draw.is_newcomer.then(|| customers.welcome()).flatten();
    if let Some(customer) = newcomer {
        return (Buyer::Customer(customer), true);
    }
    match customers.returning(draw.which) {
        Some(customer) => (Buyer::Customer(customer), false),
        None => customers
            .welcome()
            .map_or((Buyer::Guest, true), |customer| {
                (Buyer::Customer(customer), true)
            }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::calendar::Rush;
    use crate::shop::lifecycle::Outcome;
    use crate::shop::places::COUNTRIES;

    /// A day in 2025.
    const DAY: i64 = 1_750_000_000_000_000;

    fn offer(mean: f64, rush: Option<Rush>) -> Offer {
        Offer {
            catalog: Catalog::new(42, 100, 12),
            line_counts: LineCounts::with_mean(mean),
            calendar: Calendar::new(0.0, 0, rush),
        }
    }

    fn lines_of(number: u64, mean: f64) -> Vec<Line> {
        let mut lines = Vec::new();
        let country = COUNTRIES.first().expect("there are countries");
        Sketch::draw(42, number).fill(&offer(mean, None), country, DAY, &mut lines);
        lines
    }

    #[test]
    fn a_rush_has_deeper_discounts_and_more_returns() {
        let day = chrono::DateTime::from_timestamp_micros(DAY).expect("a time");
        let rush = Rush {
            day: day.date_naive(),
            factor: 6.0,
        };
        let country = COUNTRIES.first().expect("there are countries");
        let of_ten_thousand = |offer: &Offer| {
            let (mut gross, mut discount, mut returns) = (0, 0, 0);
            let mut lines = Vec::new();
            for number in 0..10_000 {
                let content = Sketch::draw(42, number).fill(offer, country, DAY, &mut lines);
                gross += lines.iter().map(Line::gross_cents).sum::<i64>();
                discount += lines.iter().map(|line| line.discount.cents()).sum::<i64>();
                returns += i64::from(matches!(
                    content.journey.outcome,
                    Outcome::ReturnedInFull | Outcome::ReturnedInPart
                ));
            }
            (discount * 100 / gross, returns)
        };
        let (usual_discount, usual_returns) = of_ten_thousand(&offer(3.0, None));
        let (discount, returns) = of_ten_thousand(&offer(3.0, Some(rush)));
        assert!((1..=4).contains(&usual_discount), "{usual_discount}");
        assert!((20..=32).contains(&discount), "{discount}");
        assert!(
            (17..=23).contains(&(returns * 10 / usual_returns)),
            "{returns} {usual_returns}"
        );
    }

    #[test]
    fn an_order_is_always_the_same() {
        assert_eq!(lines_of(17, 3.0), lines_of(17, 3.0));
        assert_ne!(lines_of(17, 3.0), lines_of(18, 3.0));
    }

    #[test]
    fn line_counts_have_their_mean_and_bounds() {
        for mean in [1.0, 3.0, 7.5, 10.0] {
            let counts = LineCounts::with_mean(mean);
            let mut dice = Dice::new(1, Domain::Orders, 0);
            let drawn: Vec<usize> = (0..50_000).map(|_| counts.draw(&mut dice)).collect();
            let total: usize = drawn.iter().sum();
            let found = f64::from(u32::try_from(total).expect("small")) / 50_000.0;
            assert!((found - mean).abs() < 0.03, "{found} is not {mean}");
            assert!(drawn.iter().all(|count| (1..=10).contains(count)));
        }
    }

    #[test]
    fn discounts_never_exceed_the_line() {
        for number in 0..500 {
            for line in lines_of(number, 6.0) {
                assert!(
                    (0..=line.gross_cents()).contains(&line.discount.cents()),
                    "{line:?}"
                );
            }
        }
    }
}

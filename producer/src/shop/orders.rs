//! What is ordered. An order is a number: its content is drawn anew from the seed and that number whenever one of its
//! events is written, so that an open order takes a few bytes whatever it holds.

use event_contract::{Channel, Money};

use super::catalog::Catalog;
use super::customers::Buyer;
use super::lifecycle::Journey;
use super::places::Country;
use super::random::{Chance, Dice, Domain, Weighted};

/// The most lines of one order.
pub(crate) const MOST_LINES: u32 = 10;

/// How an order is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PaymentMethod {
    CreditCard,
    DebitCard,
    Paypal,
    BankTransfer,
    Invoice,
    Cash,
}

impl PaymentMethod {
    /// The shop's name of the method.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            PaymentMethod::CreditCard => "credit_card",
            PaymentMethod::DebitCard => "debit_card",
            PaymentMethod::Paypal => "paypal",
            PaymentMethod::BankTransfer => "bank_transfer",
            PaymentMethod::Invoice => "invoice",
            PaymentMethod::Cash => "cash",
        }
    }

    /// How long customers take to pay this way.
    pub(crate) const fn mean_seconds_to_pay(self) -> f64 {
        match self {
            PaymentMethod::CreditCard | PaymentMethod::DebitCard => 60.0,
            PaymentMethod::Paypal => 120.0,
            PaymentMethod::BankTransfer => 86_400.0,
            PaymentMethod::Invoice => 172_800.0,
            PaymentMethod::Cash => 20.0,
        }
    }

    fn draw(dice: &mut Dice, channel: Channel) -> Self {
        let share = dice.below(100);
        if channel == Channel::InStore {
            return match share {
                0..40 => PaymentMethod::Cash,
                40..75 => PaymentMethod::DebitCard,
                _ => PaymentMethod::CreditCard,
            };
        }
        match share {
            0..42 => PaymentMethod::CreditCard,
            42..57 => PaymentMethod::DebitCard,
            57..85 => PaymentMethod::Paypal,
            85..92 => PaymentMethod::BankTransfer,
            _ => PaymentMethod::Invoice,
        }
    }
}

/// The draws for who orders; the shop's state turns them into a [`Buyer`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct BuyerDraw {
    pub(crate) is_guest: bool,
    pub(crate) is_newcomer: bool,
    pub(crate) which: (u32, u32),
}

/// Everything about an order that does not depend on who buys and when, and the dice for the rest.
pub(crate) struct Sketch {
    pub(crate) channel: Channel,
    pub(crate) payment: PaymentMethod,
    pub(crate) journey: Journey,
    pub(crate) buyer: BuyerDraw,
    guest_home: (u32, u32),
    dice: Dice,
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
        let payment = PaymentMethod::draw(&mut dice, channel);
        let journey = Journey::draw(&mut dice, channel, payment);
        let buyer = BuyerDraw {
            is_guest: dice.happens(GUEST),
            is_newcomer: dice.happens(NEWCOMER),
            which: (dice.bits(), dice.bits()),
        };
        let guest_home = (dice.bits(), dice.bits());
        Sketch {
            channel,
            payment,
            journey,
            buyer,
            guest_home,
            dice,
        }
    }

    /// Where the buyer lives, if they are a guest.
    pub(crate) fn guest_home(&self) -> (&'static Country, &'static str) {
        let country = Country::pick(self.guest_home.0);
        (country, country.city(self.guest_home.1))
    }

    /// Draws the order's lines into `lines`, and hands back the dice for what comes after them.
    pub(crate) fn draw_lines(
        mut self,
        line_counts: &LineCounts,
        catalog: &Catalog,
        currency: usize,
        week: i64,
        lines: &mut Vec<Line>,
    ) -> Dice {
        lines.clear();
        let count = line_counts.draw(&mut self.dice);
        for _ in 0..count {
            lines.push(Line::draw(&mut self.dice, catalog, currency, week));
        }
        self.dice
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
    fn draw(dice: &mut Dice, catalog: &Catalog, currency: usize, week: i64) -> Self {
        let product = catalog.pick(dice.bits());
        let quantity = match dice.below(100) {
            0..68 => 1,
            68..86 => 2,
            86..93 => 3,
            93..96 => 4,
            96..99 => 5,
            _ => 10,
        };
        let discount_percent = match dice.below(100) {
            0..75 => 0,
            75..85 => 5,
            85..93 => 10,
            93..98 => 15,
            _ => 20,
        };
        let tag = catalog.price_tag(product, currency, week);
        let gross = tag.price.cents() * i64::from(quantity);
        Line {
            product,
            quantity,
            unit_price: tag.price,
            discount: Money::from_cents(gross * discount_percent / 100),
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

    fn lines_of(number: u64, mean: f64) -> Vec<Line> {
        let catalog = Catalog::new(42, 100, 12);
        let mut lines = Vec::new();
        Sketch::draw(42, number).draw_lines(
            &LineCounts::with_mean(mean),
            &catalog,
            0,
            2900,
            &mut lines,
        );
        lines
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

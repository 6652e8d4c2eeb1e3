//! Sums of money. All in whole cents, so that the contract's identities hold exactly.

use event_contract::{Channel, Money};

use super::orders::Line;
use super::places::Country;
use super::random::Dice;

/// The amounts of an order or of what was returned of it. `total = subtotal + tax + shipping - discount`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Amounts {
    pub(crate) subtotal: i64,
    pub(crate) tax: i64,
    pub(crate) shipping: i64,
    pub(crate) discount: i64,
}

impl Amounts {
    /// What an order of these lines comes to. Goods of 80 units or more are shipped free, and those from a till not at
    /// all; tax is on the goods less discount.
    pub(crate) fn of_order(lines: &[Line], country: &Country, channel: Channel) -> Self {
        const FREE_SHIPPING_FROM: i64 = 80_00;
        let (subtotal, discount) = goods(lines);
        let net = subtotal - discount;
        let is_free = channel == Channel::InStore || net >= FREE_SHIPPING_FROM;
        Amounts {
            subtotal,
            tax: (net * country.tax_basis_points + 5_000) / 10_000,
            shipping: if is_free { 0 } else { country.shipping_cents() },
            discount,
        }
    }

    /// What is paid back for the returned part of an order: its goods, the share of tax that falls on them (rounded
    /// down), and the shipping only if everything came back.
    pub(crate) fn of_return(returned: &[Line], order: &Amounts) -> Self {
        let (subtotal, discount) = goods(returned);
        let is_everything = subtotal == order.subtotal;
        let order_net = order.subtotal - order.discount;
        Amounts {
            subtotal,
            tax: if is_everything {
                order.tax
            } else {
                share_of(order.tax, subtotal - discount, order_net)
            },
            shipping: if is_everything { order.shipping } else { 0 },
            discount,
        }
    }

    pub(crate) const fn total(&self) -> Money {
        Money::from_cents(self.subtotal + self.tax + self.shipping - self.discount)
    }
}

/// Leaves in `lines` what a customer returns who does not return everything: what is rather regretted than the rest, and
/// of each line any number of pieces. `regret` says how likely each is regretted, on any scale. Always something.
pub(crate) fn keep_returned_part(
    lines: &mut Vec<Line>,
    regret: impl Fn(&Line) -> u32,
    dice: &mut Dice,
) {
    let first = lines.first().copied();
    let most = lines.iter().map(&regret).max().unwrap_or(0).max(1);
    lines.retain_mut(|line| {
        let is_returned = dice.below(most) < regret(line);
        let pieces = 1 + below_quantity(dice, line.quantity);
        shrink(line, pieces);
        is_returned
    });
    if let (true, Some(mut line)) = (lines.is_empty(), first) {
        shrink(&mut line, 1);
        lines.push(line);
    }
}

fn below_quantity(dice: &mut Dice, quantity: i32) -> i32 {
    let bound = u32::try_from(quantity).unwrap_or(1);
    i32::try_from(dice.below(bound)).unwrap_or(0)
}

/// Reduces a line to some of its pieces, with their share of the line's discount.
fn shrink(line: &mut Line, pieces: i32) {
    let share = share_of(
        line.discount.cents(),
        i64::from(pieces),
        i64::from(line.quantity),
    );
    line.discount = Money::from_cents(share);
    line.quantity = pieces;
}

/// `amount * part / whole`, rounded down; nothing of nothing.
fn share_of(amount: i64, part: i64, whole: i64) -> i64 {
    if whole == 0 {
        return 0;
    }
    let share = i128::from(amount) * i128::from(part) / i128::from(whole);
    i64::try_from(share).unwrap_or(amount)
}

fn goods(lines: &[Line]) -> (i64, i64) {
    lines.iter().fold((0, 0), |(subtotal, discount), line| {
        (
            subtotal + line.gross_cents(),
            discount + line.discount.cents(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::places::COUNTRIES;
    use crate::shop::random::Domain;

    fn line(quantity: i32, unit_price: i64, discount: i64) -> Line {
        Line {
            product: 0,
            quantity,
            unit_price: Money::from_cents(unit_price),
            discount: Money::from_cents(discount),
            cost: Money::ZERO,
        }
    }

    #[test]
    fn an_order_adds_up() {
        let germany = COUNTRIES.first().expect("there are countries");
        let order = Amounts::of_order(
            &[line(2, 1_999, 200), line(1, 501, 0)],
            germany,
            Channel::Web,
        );
        assert_eq!(
            order,
            Amounts {
                subtotal: 4_499,
                tax: 817,
                shipping: 490,
                discount: 200
            }
        );
        assert_eq!(order.total(), Money::from_cents(5_606));
        let dear = Amounts::of_order(&[line(1, 8_000, 0)], germany, Channel::Web);
        assert_eq!(dear.shipping, 0);
    }

    #[test]
    fn a_full_return_pays_back_everything_and_a_part_its_share() {
        let germany = COUNTRIES.first().expect("there are countries");
        let lines = vec![line(2, 1_999, 201), line(1, 501, 0)];
        let order = Amounts::of_order(&lines, germany, Channel::Web);
        assert_eq!(Amounts::of_return(&lines, &order), order);

        let mut part = vec![line(2, 1_999, 201)];
        shrink(part.first_mut().expect("one"), 1);
        let back = Amounts::of_return(&part, &order);
        assert_eq!(
            back,
            Amounts {
                subtotal: 1_999,
                tax: 360,
                shipping: 0,
                discount: 100
            }
        );
    }

    #[test]
    fn a_part_is_never_empty_nor_more_than_the_whole() {
        for number in 0..2_000 {
            let mut dice = Dice::new(3, Domain::Orders, number);
            let whole = vec![line(1, 10, 0), line(5, 20, 33), line(2, 30, 60)];
            let mut part = whole.clone();
            let regret = |line: &Line| u32::try_from(line.quantity).expect("small");
            keep_returned_part(&mut part, regret, &mut dice);
            assert!(!part.is_empty());
            assert!(
                part.iter()
                    .all(|line| line.quantity >= 1 && line.discount.cents() <= line.gross_cents())
            );
            assert!(goods(&part).0 <= goods(&whole).0);
        }
    }
}

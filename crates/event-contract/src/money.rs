use std::fmt;
use std::ops::{Add, AddAssign, Neg, Sub};

/// An exact amount of money in the hundredth part of a currency unit: the unscaled value of a `decimal(18,2)`.
///
/// The currency is not part of it; it stands beside the amount in every record that holds one.
/// Arithmetic wraps never: the contract bounds an amount to 18 digits, and `i64` holds the sum of 9 such amounts.
/// Where unbounded many are added, use [`Money::checked_add`] or sum in `i128`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(i64);

impl Money {
    /// Nothing: 0.00.
    pub const ZERO: Money = Money(0);
    /// The largest amount that `decimal(18,2)` holds: 9,999,999,999,999,999.99.
    pub const MAX: Money = Money(999_999_999_999_999_999);

    /// An amount given in hundredths.
    pub const fn from_cents(cents: i64) -> Self {
        Money(cents)
    }

    /// The amount in hundredths.
    pub const fn cents(self) -> i64 {
        self.0
    }

    /// The sum, or nothing where it leaves the range of `i64`.
    pub fn checked_add(self, other: Money) -> Option<Money> {
        self.0.checked_add(other.0).map(Money)
    }

    /// The amount taken `quantity` times, or nothing where it leaves the range of `i64`.
    pub fn checked_times(self, quantity: i32) -> Option<Money> {
        self.0.checked_mul(i64::from(quantity)).map(Money)
    }
}

impl Add for Money {
    type Output = Money;
    fn add(self, other: Money) -> Money {
        Money(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Money) {
        *self = *self + other;
    }
}

impl Sub for Money {
    type Output = Money;
    fn sub(self, other: Money) -> Money {
        Money(self.0.saturating_sub(other.0))
    }
}

impl Neg for Money {
    type Output = Money;
    fn neg(self) -> Money {
        Money(self.0.saturating_neg())
    }
}

impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let cents = self.0.unsigned_abs();
        write!(formatter, "{sign}{}.{:02}", cents / 100, cents % 100)
    }
}

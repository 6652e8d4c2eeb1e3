//! Amounts in text: exact where the sender wrote decimals, rounded to cents where it wrote floats.
//!
//! The grammar is that of a JSON number, whether it stands bare or between quotation marks.

use crate::fault::{Fault, quoted};
use crate::{Money, Reason};

/// No amount that fits `decimal(18,2)`, nor the shortest form of any float, is longer.
const LONGEST_LITERAL_CHARS: usize = 64;

/// Most digits of an amount in hundredths.
const MAX_DIGITS: i64 = 18;

/// A decimal number as `digits * 10^exponent`.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    is_negative: bool,
    /// Without leading and trailing zeros; empty for zero.
    digits: Vec<u8>,
    exponent: i64,
}

/// The amount that a text names exactly. A third digit after the point is refused unless it is zero.
pub(crate) fn exact_amount(text: &str) -> Result<Money, Fault> {
    amount(&Decimal::parse(text)?, refuse_fraction)
}

/// The amount next to a float, in its shortest decimal form; a tie goes to the even cent.
pub(crate) fn amount_of_float(float: f64) -> Result<Money, Fault> {
    if !float.is_finite() {
        return Err(Fault::new(
            Reason::NonFinite,
            format!("{float} is no amount"),
        ));
    }
    // Rust's `{:e}` gives the fewest digits that name this float and no other.
    amount(&Decimal::parse(&format!("{float:e}"))?, round_half_even)
}

/// A whole number; nothing for one with a fraction or beyond 64 bits.
pub(crate) fn whole_number(text: &str) -> Option<i64> {
    let decimal = Decimal::parse(text).ok()?;
    if decimal.exponent < 0 || decimal.integer_digits() > 19 {
        return None;
    }
    let magnitude = scaled(&decimal.digits, decimal.exponent);
    i64::try_from(if decimal.is_negative {
        -magnitude
    } else {
        magnitude
    })
    .ok()
}

fn amount(
    decimal: &Decimal,
    drop_fraction: fn(&Decimal, usize) -> Result<i128, Fault>,
) -> Result<Money, Fault> {
    const CENTS: i64 = 2;
    if decimal.integer_digits() > MAX_DIGITS - CENTS {
        return Err(beyond_range());
    }
    let exponent = decimal.exponent + CENTS;
    let magnitude = if exponent >= 0 {
        scaled(&decimal.digits, exponent)
    } else {
        let whole_digits = usize::try_from(decimal.digits.len() as i64 + exponent).unwrap_or(0);
        // Farther below the point than any digit reaches, nothing is left to round up.
        let is_below_a_tenth = decimal.digits.len() as i64 + exponent < 0;
        drop_fraction(
            decimal,
            if is_below_a_tenth {
                usize::MAX
            } else {
                whole_digits
            },
        )?
    };
    let cents = i64::try_from(if decimal.is_negative {
        -magnitude
    } else {
        magnitude
    });
    match cents.map(Money::from_cents) {
        Ok(amount) if amount.cents().unsigned_abs() <= Money::MAX.cents().unsigned_abs() => {
            Ok(amount)
        }
        _ => Err(beyond_range()),
    }
}

#[cold]
fn beyond_range() -> Fault {
    Fault::new(Reason::AmountRange, "an amount beyond decimal(18,2)")
}

fn refuse_fraction(_: &Decimal, _: usize) -> Result<i128, Fault> {
    Err(Fault::new(
        Reason::DecimalScale,
        "an amount with a fraction of a cent",
    ))
}

/// `whole_digits` of the digits stand before the point; `usize::MAX` says that zeros stand between the point and them.
fn round_half_even(decimal: &Decimal, whole_digits: usize) -> Result<i128, Fault> {
    let Some((whole, fraction)) = decimal.digits.split_at_checked(whole_digits) else {
        return Ok(0);
    };
    let floor = scaled(whole, 0);
    let is_odd = floor % 2 == 1;
    let rounds_up = match fraction {
        [b'5'] => is_odd,
        [first, ..] => *first >= b'5',
        [] => false,
    };
    Ok(floor + i128::from(rounds_up))
}

/// `digits * 10^exponent`, for what is known to have at most 19 digits.
fn scaled(digits: &[u8], exponent: i64) -> i128 {
    let zeros = usize::try_from(exponent).unwrap_or(0);
    let all_digits = digits
        .iter()
        .copied()
        .chain(std::iter::repeat_n(b'0', zeros));
    all_digits.fold(0, |value: i128, digit| {
        value
            .saturating_mul(10)
            .saturating_add(i128::from(digit - b'0'))
    })
}

impl Decimal {
    fn parse(text: &str) -> Result<Decimal, Fault> {
        if text.len() > LONGEST_LITERAL_CHARS {
            return Err(Fault::new(
                Reason::DecimalPrecision,
                format!("a number written with {} characters", text.len()),
            ));
        }
        Self::parse_short(text).ok_or_else(|| {
            let is_non_finite = ["nan", "inf", "infinity"].contains(
                &text
                    .trim_start_matches(['+', '-'])
                    .to_ascii_lowercase()
                    .as_str(),
            );
            let (reason, problem) = if is_non_finite {
                (Reason::NonFinite, "no amount")
            } else {
                (Reason::BadDecimal, "not a decimal number")
            };
            Fault::new(reason, format!("{} is {problem}", quoted(text)))
        })
    }

    fn parse_short(text: &str) -> Option<Decimal> {
        let (is_negative, magnitude) = match text.strip_prefix('-') {
            Some(magnitude) => (true, magnitude),
            None => (false, text),
        };
        let (mantissa, exponent) = match magnitude.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (magnitude, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return None,
            None => (mantissa, ""),
        };
        let has_leading_zero = whole.len() > 1 && whole.starts_with('0');
        let is_all_digits = [whole, fraction]
            .iter()
            .all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        if whole.is_empty() || has_leading_zero || !is_all_digits {
            return None;
        }
        let digits = [whole, fraction].concat();
        let without_trailing_zeros = digits.trim_end_matches('0');
        let trailing_zeros = digits.len() - without_trailing_zeros.len();
        let significant = without_trailing_zeros.trim_start_matches('0');
        if significant.is_empty() {
            return Some(Decimal {
                is_negative,
                digits: Vec::new(),
                exponent: 0,
            });
        }
        Some(Decimal {
            is_negative,
            digits: significant.as_bytes().to_vec(),
            exponent: exponent - fraction.len() as i64 + trailing_zeros as i64,
        })
    }

    /// Digits before the point; negative where zeros stand behind it.
    fn integer_digits(&self) -> i64 {
        self.digits.len() as i64 + self.exponent
    }
}

/// An exponent; one that is too long for 32 bits is as good as any that is far out of range.
fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let magnitude = digits.parse::<u32>().map_or(i64::from(u32::MAX), i64::from);
    Some(if text.starts_with('-') {
        -magnitude
    } else {
        magnitude
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(text: &str) -> Result<i64, Reason> {
        exact_amount(text)
            .map(Money::cents)
            .map_err(|fault| fault.into_parts().0)
    }

    fn rounded(float: f64) -> Result<i64, Reason> {
        amount_of_float(float)
            .map(Money::cents)
            .map_err(|fault| fault.into_parts().0)
    }

    #[test]
    fn exact_amounts() {
        for (text, cents) in [
            ("0", 0),
            ("-0.00", 0),
            ("0e999999999999", 0),
            ("1", 100),
            ("12.5", 1_250),
            ("12.50", 1_250),
            ("12.5000000", 1_250),
            ("-0.01", -1),
            ("1e2", 10_000),
            ("1.25E+1", 1_250),
            ("1250e-2", 1_250),
            ("9999999999999999.99", 999_999_999_999_999_999),
            ("-9999999999999999.99", -999_999_999_999_999_999),
        ] {
            assert_eq!(exact(text), Ok(cents), "{text}");
        }
        for (text, reason) in [
            ("1e-40", Reason::DecimalScale),
            ("0.001", Reason::DecimalScale),
            ("1e-99999999999", Reason::DecimalScale),
            ("1e17", Reason::AmountRange),
            ("1e16", Reason::AmountRange),
            ("1e99999999999", Reason::AmountRange),
            ("99999999999999999.001", Reason::AmountRange),
            ("", Reason::BadDecimal),
            ("-", Reason::BadDecimal),
            ("+1", Reason::BadDecimal),
            ("1.", Reason::BadDecimal),
            (".5", Reason::BadDecimal),
            ("1,5", Reason::BadDecimal),
            ("007", Reason::BadDecimal),
            ("1e", Reason::BadDecimal),
            (" 1", Reason::BadDecimal),
            ("1e1.5", Reason::BadDecimal),
            ("１", Reason::BadDecimal),
            ("0x10", Reason::BadDecimal),
            ("NaN", Reason::NonFinite),
            ("-Infinity", Reason::NonFinite),
            ("+inf", Reason::NonFinite),
        ] {
            assert_eq!(exact(text), Err(reason), "{text}");
        }
        assert_eq!(exact(&format!("1.{}", "0".repeat(62))), Ok(100));
        assert_eq!(
            exact(&format!("1.{}", "0".repeat(63))),
            Err(Reason::DecimalPrecision)
        );
    }

    #[test]
    fn floats_go_to_the_next_cent_and_ties_to_the_even_one() {
        for (float, cents) in [
            (0.0, 0),
            (-0.0, 0),
            (19.99, 1_999),
            (0.1 + 0.2, 30),
            (12.345, 1_234),
            (12.355, 1_236),
            (0.005, 0),
            (0.015, 2),
            (0.0050001, 1),
            (0.004, 0),
            (1e-40, 0),
            (-12.345, -1_234),
            (2.675, 268),
            (1e15, 100_000_000_000_000_000),
            (99.995, 10_000),
            (0.09, 9),
            (0.006, 1),
            (0.05, 5),
        ] {
            assert_eq!(rounded(float), Ok(cents), "{float}");
        }
        assert_eq!(rounded(1e16), Err(Reason::AmountRange));
        assert_eq!(rounded(f64::MAX), Err(Reason::AmountRange));
        assert_eq!(rounded(f64::NAN), Err(Reason::NonFinite));
    }

    #[test]
    fn whole_numbers() {
        assert_eq!(whole_number("2"), Some(2));
        assert_eq!(whole_number("2.0"), Some(2));
        assert_eq!(whole_number("2e3"), Some(2_000));
        assert_eq!(whole_number("-9223372036854775808"), Some(i64::MIN));
        assert_eq!(whole_number("9223372036854775808"), None);
        assert_eq!(whole_number("1e400"), None);
        assert_eq!(whole_number("2.5"), None);
    }
}

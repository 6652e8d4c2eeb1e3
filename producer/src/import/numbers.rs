//! Amounts and quantities as people's files write them: `2.55`, `2,55`, `1.234,56`, `6`, `-10`, `6.0`. Exact: never
//! through floating point.

use clap::ValueEnum;

/// What stands before the decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DecimalMark {
    /// 2.55; commas may group thousands
    Point,
    /// 2,55; points may group thousands
    Comma,
}

impl DecimalMark {
    const fn character(self) -> char {
        match self {
            DecimalMark::Point => '.',
            DecimalMark::Comma => ',',
        }
    }

    const fn other(self) -> Self {
        match self {
            DecimalMark::Point => DecimalMark::Comma,
            DecimalMark::Comma => DecimalMark::Point,
        }
    }
}

/// What is wrong with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberProblem {
    /// Not a number in this notation.
    NotANumber,
    /// Digits other than 0 beyond the smallest unit.
    TooPrecise,
    /// More than 18 digits.
    TooLarge,
}

/// An amount in hundredths.
///
/// # Errors
/// [`NumberProblem`]; among them [`NumberProblem::TooPrecise`] for a fraction of a hundredth.
pub fn parse_cents(text: &str, mark: DecimalMark) -> Result<i64, NumberProblem> {
    parse_scaled(text, mark, 2)
}

/// A whole number; `6.0`, as spreadsheets write it, is one.
///
/// # Errors
/// [`NumberProblem`]; among them [`NumberProblem::TooPrecise`] for half a piece.
pub fn parse_whole(text: &str, mark: DecimalMark) -> Result<i64, NumberProblem> {
    parse_scaled(text, mark, 0)
}

/// Which mark a number proves to be in use; nothing where it can be read either way, as `1,234`, or has none.
pub fn proven_mark(text: &str) -> Option<DecimalMark> {
    let text = text.trim();
    let mut readable = [DecimalMark::Point, DecimalMark::Comma]
        .into_iter()
        .filter(|mark| is_readable(text, *mark));
    match (readable.next(), readable.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

/// Whether a number means something else with the other mark.
pub fn is_ambiguous(text: &str) -> bool {
    let text = text.trim();
    text.contains(['.', ','])
        && proven_mark(text).is_none()
        && is_readable(text, DecimalMark::Point)
}

fn is_readable(text: &str, mark: DecimalMark) -> bool {
    split(text, mark).is_some()
}

fn parse_scaled(text: &str, mark: DecimalMark, decimals: usize) -> Result<i64, NumberProblem> {
    const MOST_DIGITS: usize = 18;
    let parts = split(text.trim(), mark).ok_or(NumberProblem::NotANumber)?;
    let fraction = parts.fraction.trim_end_matches('0');
    if fraction.len() > decimals {
        return Err(NumberProblem::TooPrecise);
    }
    let mut digits: String = parts.whole.chars().filter(char::is_ascii_digit).collect();
    digits.push_str(fraction);
    digits.extend(std::iter::repeat_n('0', decimals - fraction.len()));
    let digits = digits.trim_start_matches('0');
    if digits.len() > MOST_DIGITS {
        return Err(NumberProblem::TooLarge);
    }
    let magnitude: i64 = if digits.is_empty() {
        0
    } else {
        digits.parse().map_err(|_| NumberProblem::NotANumber)?
    };
    Ok(if parts.is_negative {
        -magnitude
    } else {
        magnitude
    })
}

struct Parts<'a> {
    is_negative: bool,
    /// Digits, perhaps in groups.
    whole: &'a str,
    fraction: &'a str,
}

fn split(text: &str, mark: DecimalMark) -> Option<Parts<'_>> {
    let (is_negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = unsigned
        .split_once(mark.character())
        .unwrap_or((unsigned, ""));
    let has_digits = !whole.is_empty() || !fraction.is_empty();
    let is_number = has_digits
        && is_grouped_or_plain(whole, mark.other().character())
        && fraction.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(Parts {
        is_negative,
        whole,
        fraction,
    })
}

/// `1234567` or `1.234.567`: groups of three after a first of one to three. Nothing before the mark, as in `.50`, is
/// fine too.
fn is_grouped_or_plain(whole: &str, separator: char) -> bool {
    let is_digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let mut groups = whole.split(separator);
    let Some(first) = groups.next() else {
        return false;
    };
    let mut rest = groups.peekable();
    if rest.peek().is_none() {
        return is_digits(first);
    }
    (1..=3).contains(&first.len())
        && is_digits(first)
        && rest.all(|group| group.len() == 3 && is_digits(group))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_exact() {
        use DecimalMark::{Comma, Point};
        for (text, mark, cents) in [
            ("2.55", Point, 255),
            ("2,55", Comma, 255),
            ("18", Point, 1_800),
            ("27.5", Point, 2_750),
            (".5", Point, 50),
            ("-11062.06", Point, -1_106_206),
            ("1,234.50", Point, 123_450),
            ("1.234,50", Comma, 123_450),
            ("1.234", Comma, 123_400),
            ("2.5500", Point, 255),
            ("0", Comma, 0),
            ("-0.00", Point, 0),
            ("+3", Point, 300),
        ] {
            assert_eq!(parse_cents(text, mark), Ok(cents), "{text}");
        }
        for (text, mark, problem) in [
            ("0.001", Point, NumberProblem::TooPrecise),
            ("2,55", Point, NumberProblem::NotANumber),
            ("", Point, NumberProblem::NotANumber),
            ("-", Point, NumberProblem::NotANumber),
            (".", Point, NumberProblem::NotANumber),
            ("1e3", Point, NumberProblem::NotANumber),
            ("NaN", Point, NumberProblem::NotANumber),
            ("1.2.3", Point, NumberProblem::NotANumber),
            ("12,34.5", Point, NumberProblem::NotANumber),
            ("٣", Point, NumberProblem::NotANumber),
            ("99999999999999999.00", Point, NumberProblem::TooLarge),
        ] {
            assert_eq!(parse_cents(text, mark), Err(problem), "{text}");
        }
        assert_eq!(parse_whole("6.0", Point), Ok(6));
        assert_eq!(parse_whole("-80,995", Point), Ok(-80_995));
        assert_eq!(parse_whole("0.5", Point), Err(NumberProblem::TooPrecise));
    }

    #[test]
    fn a_mark_is_proven_only_where_one_reading_is_left() {
        for (text, mark) in [
            ("2.55", Some(DecimalMark::Point)),
            ("2,55", Some(DecimalMark::Comma)),
            ("27,5", Some(DecimalMark::Comma)),
            ("1.234,5", Some(DecimalMark::Comma)),
            ("1,234,567", Some(DecimalMark::Point)),
            ("1,234", None),
            ("1.234", None),
            ("18", None),
            ("abc", None),
        ] {
            assert_eq!(proven_mark(text), mark, "{text}");
        }
        assert!(is_ambiguous("1,234") && is_ambiguous("1.234"));
        assert!(!is_ambiguous("18") && !is_ambiguous("2.55") && !is_ambiguous("x.y"));
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".{0,40}") {
            for mark in [DecimalMark::Point, DecimalMark::Comma] {
                let _ = parse_cents(&text, mark);
                let _ = parse_whole(&text, mark);
            }
            let _ = (proven_mark(&text), is_ambiguous(&text));
        }

        #[test]
        fn what_is_written_is_read(cents in -9_999_999_999_999_i64..9_999_999_999_999) {
            let text = event_contract::Money::from_cents(cents).to_string();
            prop_assert_eq!(parse_cents(&text, DecimalMark::Point), Ok(cents));
            prop_assert_eq!(parse_cents(&text.replace('.', ","), DecimalMark::Comma), Ok(cents));
        }
    }
}

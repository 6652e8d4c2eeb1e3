//! The codes of countries and currencies that an event may name.
//!
//! Which codes exist is the libraries' knowledge. When an update of one changes the answer here, old events would be
//! judged otherwise than before: `tests/accepted_codes.txt` pins the answer, and changing it means a new
//! [`crate::judge::RULE_VERSION`].

use std::sync::LazyLock;

use celes::Country;
use iso_currency::Currency;

static COUNTRIES: LazyLock<CodeTable<2>> = LazyLock::new(|| {
    let countries = Country::get_countries();
    CodeTable::new(|code| countries.iter().any(|country| country.alpha2 == code))
});

static CURRENCIES: LazyLock<CodeTable<3>> =
    LazyLock::new(|| CodeTable::new(|code| Currency::from_code(code).is_some_and(is_in_use)));

/// ISO 3166-1 alpha-2 in upper case; and XK (Kosovo), a user-assigned code that carriers and payment providers use.
pub(crate) fn is_country(code: &str) -> bool {
    COUNTRIES.contains(code)
}

/// The ISO 4217 code, in upper case, of money that a customer can pay with today.
pub(crate) fn is_currency(code: &str) -> bool {
    CURRENCIES.contains(code)
}

fn is_in_use(currency: Currency) -> bool {
    // ISO 4217 lists VES and VED side by side; the library takes the one for the other's successor.
    let is_superseded = currency.is_superseded().is_some() && currency != Currency::VES;
    !is_superseded && !currency.is_special() && !currency.is_fund()
}

/// Which of all codes of `LETTERS` upper case letters are in a set. One look, no hashing: it is asked for every event.
struct CodeTable<const LETTERS: usize> {
    is_known: Vec<bool>,
}

impl<const LETTERS: usize> CodeTable<LETTERS> {
    fn new(is_known: impl Fn(&str) -> bool) -> Self {
        let code_count = (0..LETTERS).fold(1, |count, _| count * 26);
        CodeTable {
            is_known: (0..code_count)
                .map(|position| is_known(&code_at::<LETTERS>(position)))
                .collect(),
        }
    }

    fn contains(&self, code: &str) -> bool {
        position_of::<LETTERS>(code)
            .and_then(|position| self.is_known.get(position))
            .is_some_and(|is_known| *is_known)
    }
}

fn position_of<const LETTERS: usize>(code: &str) -> Option<usize> {
    let letters = <[u8; LETTERS]>::try_from(code.as_bytes()).ok()?;
    letters.iter().try_fold(0, |position, letter| {
        letter
            .is_ascii_uppercase()
            .then(|| position * 26 + usize::from(letter - b'A'))
    })
}

fn code_at<const LETTERS: usize>(mut position: usize) -> String {
    let mut letters = [b'A'; LETTERS];
    for letter in letters.iter_mut().rev() {
        *letter += u8::try_from(position % 26).unwrap_or_default();
        position /= 26;
    }
    letters.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Differs when a library's update, or a change here, would judge old events anew.
    #[test]
    fn accepted_codes_are_those_of_this_rule_version() {
        let countries: Vec<_> = (0..26 * 26)
            .map(code_at::<2>)
            .filter(|code| is_country(code))
            .collect();
        let currencies: Vec<_> = (0..26 * 26 * 26)
            .map(code_at::<3>)
            .filter(|code| is_currency(code))
            .collect();
        let now = format!(
            "rule version {}\ncountries: {}\ncurrencies: {}\n",
            crate::judge::RULE_VERSION,
            countries.join(" "),
            currencies.join(" ")
        );
        assert_eq!(now, include_str!("../tests/accepted_codes.txt"));
    }

    #[test]
    fn positions_and_codes_are_each_others_inverse() {
        for position in 0..26 * 26 * 26 {
            assert_eq!(position_of::<3>(&code_at::<3>(position)), Some(position));
        }
    }

    #[test]
    fn codes_that_are_none() {
        for code in [
            "",
            "E",
            "EU",
            "EURO",
            "eur",
            "XXX",
            "XTS",
            "XAU",
            "XDR",
            "CLF",
            "ＵＳＤ",
            "É1",
        ] {
            assert!(!is_currency(code), "{code}");
        }
        for code in ["", "D", "DEU", "de", "ZZ", "EU", "UK", "Ｄ", "é"] {
            assert!(!is_country(code), "{code}");
        }
    }
}

//! Country names as files write them, to ISO 3166-1 alpha-2.

use std::collections::HashMap;

use celes::Country;

/// Names that no list of countries has, or has otherwise.
const OTHER_NAMES: [(&str, &str); 14] = [
    ("eire", "IE"),
    ("england", "GB"),
    ("great britain", "GB"),
    ("holland", "NL"),
    ("korea", "KR"),
    ("northern ireland", "GB"),
    ("rsa", "ZA"),
    ("russia", "RU"),
    ("scotland", "GB"),
    ("uae", "AE"),
    ("uk", "GB"),
    ("united kingdom", "GB"),
    ("usa", "US"),
    ("wales", "GB"),
];

/// Jersey and Guernsey have codes of their own, together they have none: Jersey, the larger, stands for both.
const CHANNEL_ISLANDS: (&str, &str) = ("channel islands", "JE");

/// Looks names up, and remembers what it found.
#[derive(Debug, Default)]
pub struct Countries {
    /// Bounded: only names that were found are kept, and there are a few spellings of a few hundred countries.
    found: HashMap<String, &'static str>,
    fallback: Option<String>,
}

impl Countries {
    /// With a code for names that are no country's, such as `Unspecified`; without, they are refused.
    pub fn new(fallback: Option<String>) -> Self {
        Countries {
            found: HashMap::new(),
            fallback,
        }
    }

    /// The code of a name or code; nothing where it is no country's and there is no fallback.
    pub fn code_of(&mut self, name: &str) -> Option<&str> {
        if !self.found.contains_key(name) {
            let Some(code) = look_up(name) else {
                return self.fallback.as_deref();
            };
            self.found.insert(name.to_owned(), code);
        }
        self.found.get(name).copied()
    }
}

fn look_up(name: &str) -> Option<&'static str> {
    let lower = name.trim().to_lowercase();
    let own = OTHER_NAMES.iter().chain([&CHANNEL_ISLANDS]);
    if let Some((_, code)) = own.clone().find(|(own_name, _)| *own_name == lower) {
        return Some(code);
    }
    Country::get_countries()
        .iter()
        .find(|country| {
            [country.alpha2, country.alpha3, country.long_name]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(&lower))
        })
        .map(|country| country.alpha2)
        .or_else(|| {
            Country::from_alias(lower.replace([' ', '-'], ""))
                .ok()
                .map(|country| country.alpha2)
        })
}

/// Whether this is a code that events may carry.
pub fn is_code(code: &str) -> bool {
    Country::get_countries()
        .iter()
        .any(|country| country.alpha2 == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every name in the UCI Online Retail data, both editions.
    #[test]
    fn the_names_in_the_uci_data() {
        let mut countries = Countries::default();
        for (name, code) in [
            ("Australia", "AU"),
            ("Austria", "AT"),
            ("Bahrain", "BH"),
            ("Belgium", "BE"),
            ("Bermuda", "BM"),
            ("Brazil", "BR"),
            ("Canada", "CA"),
            ("Channel Islands", "JE"),
            ("Cyprus", "CY"),
            ("Czech Republic", "CZ"),
            ("Denmark", "DK"),
            ("EIRE", "IE"),
            ("Finland", "FI"),
            ("France", "FR"),
            ("Germany", "DE"),
            ("Greece", "GR"),
            ("Hong Kong", "HK"),
            ("Iceland", "IS"),
            ("Israel", "IL"),
            ("Italy", "IT"),
            ("Japan", "JP"),
            ("Korea", "KR"),
            ("Lebanon", "LB"),
            ("Lithuania", "LT"),
            ("Malta", "MT"),
            ("Netherlands", "NL"),
            ("Nigeria", "NG"),
            ("Norway", "NO"),
            ("Poland", "PL"),
            ("Portugal", "PT"),
            ("RSA", "ZA"),
            ("Saudi Arabia", "SA"),
            ("Singapore", "SG"),
            ("Spain", "ES"),
            ("Sweden", "SE"),
            ("Switzerland", "CH"),
            ("Thailand", "TH"),
            ("USA", "US"),
            ("United Arab Emirates", "AE"),
            ("United Kingdom", "GB"),
        ] {
            assert_eq!(countries.code_of(name), Some(code), "{name}");
        }
        for name in ["European Community", "Unspecified", "West Indies", "", "XX"] {
            assert_eq!(countries.code_of(name), None, "{name}");
        }
    }

    #[test]
    fn codes_and_case_and_a_fallback() {
        let mut countries = Countries::new(Some("GB".to_owned()));
        assert_eq!(countries.code_of("de"), Some("DE"));
        assert_eq!(countries.code_of("DEU"), Some("DE"));
        assert_eq!(countries.code_of("germany"), Some("DE"));
        assert_eq!(countries.code_of("Unspecified"), Some("GB"));
        assert!(is_code("GB") && !is_code("gb") && !is_code("ZZ"));
    }
}

//! Where customers live: countries with their currency, taxes, shipping, habits of paying, and cities.

use super::payments::PaymentHabits;

/// A currency of the shop.
pub(crate) struct Currency {
    /// ISO 4217.
    pub(crate) code: &'static str,
    /// Ten-thousandths of a unit that one euro buys; fixed, so that a seed gives the same prices forever.
    pub(crate) per_euro: i64,
}

const EUR: usize = 0;
const USD: usize = 1;
const GBP: usize = 2;
const CHF: usize = 3;
const SEK: usize = 4;
const PLN: usize = 5;
const CAD: usize = 6;
const AUD: usize = 7;
const BRL: usize = 8;

/// All currencies; a country names its own by position.
pub(crate) const CURRENCIES: &[Currency] = &[
    currency("EUR", 10_000),
    currency("USD", 10_800),
    currency("GBP", 8_500),
    currency("CHF", 9_500),
    currency("SEK", 113_000),
    currency("PLN", 43_000),
    currency("CAD", 14_800),
    currency("AUD", 16_400),
    currency("BRL", 58_000),
];

/// A country that the shop delivers to.
pub(crate) struct Country {
    /// ISO 3166-1 alpha-2.
    pub(crate) code: &'static str,
    /// Position in [`CURRENCIES`].
    pub(crate) currency: usize,
    /// Share of the customers, relative to the other countries.
    pub(crate) weight: u32,
    /// Tax in hundredths of a per cent of the goods' net price.
    pub(crate) tax_basis_points: i64,
    /// Flat shipping, in euro cents.
    pub(crate) shipping_euro_cents: i64,
    /// How people pay.
    pub(crate) payments: PaymentHabits,
    /// Cities with their share of the country's customers.
    pub(crate) cities: &'static [(&'static str, u32)],
}

/// All countries.
pub(crate) const COUNTRIES: &[Country] = &[
    country(
        "DE",
        EUR,
        240,
        1900,
        490,
        payments([14, 12, 34, 6, 34], 38),
        &[
            ("Berlin", 37),
            ("Hamburg", 19),
            ("München", 15),
            ("Köln", 11),
            ("Frankfurt am Main", 8),
            ("Stuttgart", 6),
            ("Leipzig", 6),
            ("Düsseldorf", 6),
        ],
    ),
    country(
        "FR",
        EUR,
        140,
        2000,
        590,
        payments([52, 18, 22, 4, 4], 22),
        &[
            ("Paris", 45),
            ("Marseille", 18),
            ("Lyon", 11),
            ("Toulouse", 10),
            ("Nice", 7),
            ("Nantes", 6),
            ("Lille", 5),
        ],
    ),
    country(
        "US",
        USD,
        200,
        700,
        790,
        payments([56, 20, 20, 3, 1], 16),
        &[
            ("New York", 40),
            ("Los Angeles", 19),
            ("Chicago", 13),
            ("Houston", 11),
            ("Phoenix", 8),
            ("Philadelphia", 8),
            ("San Diego", 7),
            ("Austin", 5),
            ("Seattle", 4),
        ],
    ),
    country(
        "GB",
        GBP,
        120,
        2000,
        450,
        payments([36, 34, 24, 5, 1], 14),
        &[
            ("London", 60),
            ("Birmingham", 8),
            ("Leeds", 6),
            ("Glasgow", 5),
            ("Manchester", 5),
            ("Bristol", 4),
        ],
    ),
    country(
        "ES",
        EUR,
        70,
        2100,
        550,
        payments([34, 26, 28, 9, 3], 42),
        &[
            ("Madrid", 33),
            ("Barcelona", 16),
            ("Valencia", 8),
            ("Sevilla", 7),
            ("Zaragoza", 6),
            ("Málaga", 6),
        ],
    ),
    country(
        "IT",
        EUR,
        60,
        2200,
        590,
        payments([30, 24, 36, 8, 2], 46),
        &[
            ("Roma", 28),
            ("Milano", 14),
            ("Napoli", 9),
            ("Torino", 8),
            ("Bologna", 4),
            ("Firenze", 4),
        ],
    ),
    country(
        "NL",
        EUR,
        40,
        2100,
        490,
        payments([10, 6, 14, 56, 14], 14),
        &[
            ("Amsterdam", 9),
            ("Rotterdam", 7),
            ("Den Haag", 5),
            ("Utrecht", 4),
            ("Eindhoven", 2),
        ],
    ),
    country(
        "AT",
        EUR,
        30,
        2000,
        520,
        payments([18, 14, 28, 12, 28], 44),
        &[
            ("Wien", 19),
            ("Graz", 3),
            ("Linz", 2),
            ("Salzburg", 2),
            ("Innsbruck", 1),
        ],
    ),
    country(
        "CH",
        CHF,
        25,
        810,
        790,
        payments([32, 12, 14, 6, 36], 30),
        &[
            ("Zürich", 42),
            ("Genève", 20),
            ("Basel", 17),
            ("Bern", 13),
            ("Lausanne", 14),
        ],
    ),
    country(
        "SE",
        SEK,
        25,
        2500,
        490,
        payments([26, 20, 10, 12, 32], 6),
        &[
            ("Stockholm", 98),
            ("Göteborg", 60),
            ("Malmö", 35),
            ("Uppsala", 18),
        ],
    ),
    country(
        "PL",
        PLN,
        30,
        2300,
        350,
        payments([16, 22, 10, 48, 4], 36),
        &[
            ("Warszawa", 18),
            ("Kraków", 8),
            ("Łódź", 7),
            ("Wrocław", 7),
            ("Poznań", 5),
            ("Gdańsk", 5),
        ],
    ),
    country(
        "CA",
        CAD,
        30,
        500,
        890,
        payments([58, 18, 20, 3, 1], 18),
        &[
            ("Toronto", 28),
            ("Montréal", 18),
            ("Calgary", 13),
            ("Ottawa", 10),
            ("Vancouver", 7),
        ],
    ),
    country(
        "AU",
        AUD,
        20,
        1000,
        890,
        payments([44, 26, 24, 5, 1], 12),
        &[
            ("Sydney", 53),
            ("Melbourne", 51),
            ("Brisbane", 26),
            ("Perth", 21),
            ("Adelaide", 14),
        ],
    ),
    country(
        "BR",
        BRL,
        20,
        1200,
        690,
        payments([44, 10, 8, 36, 2], 34),
        &[
            ("São Paulo", 12),
            ("Rio de Janeiro", 7),
            ("Brasília", 3),
            ("Salvador", 3),
            ("Curitiba", 2),
        ],
    ),
];

const fn currency(code: &'static str, per_euro: i64) -> Currency {
    Currency { code, per_euro }
}

const fn payments(online: [u32; 5], cash_percent: u32) -> PaymentHabits {
    PaymentHabits {
        online,
        cash_percent,
    }
}

const fn country(
    code: &'static str,
    currency: usize,
    weight: u32,
    tax_basis_points: i64,
    shipping_euro_cents: i64,
    payments: PaymentHabits,
    cities: &'static [(&'static str, u32)],
) -> Country {
    Country {
        code,
        currency,
        weight,
        tax_basis_points,
        shipping_euro_cents,
        payments,
        cities,
    }
}

impl Country {
    /// The country that 32 random bits fall on, by its share of the customers.
    pub(crate) fn pick(bits: u32) -> &'static Country {
        pick_weighted(COUNTRIES, |country| country.weight, bits).unwrap_or(&FALLBACK)
    }

    /// The city that 32 random bits fall on, by its share of the country's customers.
    pub(crate) fn city(&self, bits: u32) -> &'static str {
        pick_weighted(self.cities, |(_, weight)| *weight, bits).map_or("", |(name, _)| name)
    }

    /// ISO 4217 code of the country's currency.
    pub(crate) fn currency_code(&self) -> &'static str {
        CURRENCIES
            .get(self.currency)
            .map_or("EUR", |currency| currency.code)
    }

    /// Flat shipping in cents of the country's currency.
    pub(crate) fn shipping_cents(&self) -> i64 {
        let per_euro = CURRENCIES
            .get(self.currency)
            .map_or(10_000, |currency| currency.per_euro);
        self.shipping_euro_cents * per_euro / 10_000
    }
}

/// Never picked, since the weights cover every draw; it spares the callers an impossible case.
static FALLBACK: Country = country(
    "DE",
    EUR,
    1,
    1900,
    490,
    payments([1, 1, 1, 1, 1], 40),
    &[("Berlin", 1)],
);

/// The choice that 32 random bits fall on, by weight; nothing where there is no choice.
pub(crate) fn pick_weighted<T>(
    choices: &'static [T],
    weight: impl Fn(&T) -> u32,
    bits: u32,
) -> Option<&'static T> {
    let total: u32 = choices.iter().map(&weight).sum();
    let mut remaining = super::random::scale_to(bits, total);
    for choice in choices {
        let share = weight(choice);
        if remaining < share {
            return Some(choice);
        }
        remaining -= share;
    }
    choices.last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_has_a_currency_and_cities() {
        for country in COUNTRIES {
            assert!(country.currency < CURRENCIES.len(), "{}", country.code);
            assert!(!country.cities.is_empty(), "{}", country.code);
            assert!(country.shipping_cents() > 0, "{}", country.code);
        }
    }

    #[test]
    fn draws_cover_all_countries_and_cities() {
        let first = COUNTRIES.first().map(|country| country.code);
        let last = COUNTRIES.last().map(|country| country.code);
        assert_eq!(Some(Country::pick(0).code), first);
        assert_eq!(Some(Country::pick(u32::MAX).code), last);
        assert_eq!(Country::pick(0).city(0), "Berlin");
        assert_eq!(Country::pick(0).city(u32::MAX), "Düsseldorf");
    }
}

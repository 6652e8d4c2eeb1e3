//! How a file spells things, found from its own content, and never guessed: what the content leaves open is asked for.

use std::fmt;

use clap::ValueEnum;
use service_kit::Failure;

use super::dates::{self, DateOrder, OrderEvidence};
use super::numbers::{self, DecimalMark};
use super::row::shortened;

/// Once so many dates need no order, the rest is taken to be the same.
const ENOUGH_DATES: u64 = 1_000;

/// How a file's bytes make characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Encoding {
    /// UTF-8, with or without byte order mark
    #[value(name = "utf-8")]
    Utf8,
    /// Windows-1252, the one byte encoding of western Windows
    #[value(name = "windows-1252")]
    Windows1252,
}

/// What stands between the fields of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Delimiter {
    /// ,
    Comma,
    /// ;
    Semicolon,
    /// The tab character
    Tab,
}

impl Delimiter {
    /// All of them.
    pub const ALL: [Delimiter; 3] = [Delimiter::Comma, Delimiter::Semicolon, Delimiter::Tab];

    /// The byte.
    pub const fn byte(self) -> u8 {
        match self {
            Delimiter::Comma => b',',
            Delimiter::Semicolon => b';',
            Delimiter::Tab => b'\t',
        }
    }
}

/// What the user has settled; the rest is found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wishes {
    /// How bytes make characters.
    pub encoding: Option<Encoding>,
    /// What stands between fields.
    pub delimiter: Option<Delimiter>,
    /// What stands before decimals.
    pub decimal: Option<DecimalMark>,
    /// What comes first in a date.
    pub date_order: Option<DateOrder>,
}

/// How the numbers and dates of a source are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notation {
    /// What stands before decimals.
    pub decimal: DecimalMark,
    /// What comes first in a date; nothing where the year always does.
    pub date_order: Option<DateOrder>,
}

impl fmt::Display for Notation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimal = match self.decimal {
            DecimalMark::Point => "decimal point",
            DecimalMark::Comma => "decimal comma",
        };
        let dates = match self.date_order {
            Some(DateOrder::Mdy) => "dates month/day/year",
            Some(DateOrder::Dmy) => "dates day/month/year",
            None => "dates with the year first",
        };
        write!(formatter, "{decimal}, {dates}")
    }
}

/// What has been seen so far of a source's numbers and dates. Feed it rows until it is settled or there are no more.
#[derive(Debug, Default)]
pub struct Evidence {
    wishes: Wishes,
    decimal: Option<DecimalMark>,
    ambiguous_number: Option<Sighting>,
    date_order: Option<DateOrder>,
    ambiguous_date: Option<Sighting>,
    dates_without_order: u64,
}

#[derive(Debug)]
struct Sighting {
    line: u64,
    text: String,
}

impl Sighting {
    fn new(line: u64, text: &str) -> Self {
        Sighting {
            line,
            text: shortened(text, 40),
        }
    }
}

impl Evidence {
    /// Nothing seen; what the user wishes counts as proven.
    pub fn new(wishes: Wishes) -> Self {
        Evidence {
            wishes,
            decimal: wishes.decimal,
            date_order: wishes.date_order,
            ..Evidence::default()
        }
    }

    /// A number of the source.
    pub fn see_number(&mut self, line: u64, text: &str) {
        if self.decimal.is_none() {
            self.decimal = numbers::proven_mark(text);
        }
        if self.decimal.is_none() && self.ambiguous_number.is_none() && numbers::is_ambiguous(text)
        {
            self.ambiguous_number = Some(Sighting::new(line, text));
        }
    }

    /// A date of the source.
    pub fn see_date(&mut self, line: u64, text: &str) {
        if self.date_order.is_some() {
            return;
        }
        match dates::evidence(text) {
            OrderEvidence::Proves(order) => self.date_order = Some(order),
            OrderEvidence::Either => {
                self.ambiguous_date
                    .get_or_insert_with(|| Sighting::new(line, text));
            }
            OrderEvidence::Needless => self.dates_without_order += 1,
            OrderEvidence::NoDate => {}
        }
    }

    /// Whether more rows would tell nothing new.
    pub fn is_settled(&self) -> bool {
        let needs_no_order =
            self.ambiguous_date.is_none() && self.dates_without_order >= ENOUGH_DATES;
        self.decimal.is_some() && (self.date_order.is_some() || needs_no_order)
    }

    /// The conclusion.
    ///
    /// # Errors
    /// [`Failure::Usage`] where something can be read in two ways and nothing tells which: the flag is asked for.
    pub fn conclude(self) -> Result<Notation, Failure> {
        if let (None, Some(sighting)) = (self.date_order, &self.ambiguous_date) {
            return Err(Failure::Usage(format!(
                "cannot tell day from month: no date proves their order, and `{}` in line {} can be read both ways: say \
                 --date-order mdy (month first) or --date-order dmy (day first)",
                sighting.text, sighting.line
            )));
        }
        let decimal = match (self.decimal, &self.ambiguous_number) {
            (Some(decimal), _) => decimal,
            (None, Some(sighting)) => {
                return Err(Failure::Usage(format!(
                    "cannot tell thousands from decimals: `{}` in line {} can be read both ways: say --decimal point or \
                     --decimal comma",
                    sighting.text, sighting.line
                )));
            }
            // Whole numbers only, if any: it does not matter.
            (None, None) => DecimalMark::Point,
        };
        Ok(Notation {
            decimal,
            date_order: self.date_order,
        })
    }

    /// What the user had settled before.
    pub fn wishes(&self) -> Wishes {
        self.wishes
    }
}

/// The delimiter by which a header line has the most of the wanted columns; of equals, the one with the most fields.
/// Also that of a file which has none of them, so that the message about it can name what there is.
pub fn delimiter_of(counts: &[(Delimiter, HeaderCount)]) -> Delimiter {
    counts
        .iter()
        .max_by_key(|(_, count)| (count.wanted, count.fields))
        .map_or(Delimiter::Comma, |(delimiter, _)| *delimiter)
}

/// What a header line looks like when it is split by one delimiter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeaderCount {
    /// How many of the wanted columns there are.
    pub wanted: usize,
    /// How many fields.
    pub fields: usize,
}

/// Finds out how bytes make characters, piece by piece, in constant memory.
#[derive(Debug, Default)]
pub struct EncodingEvidence {
    /// The bytes of a character that the last piece ended in.
    pending: Vec<u8>,
    is_not_utf8: bool,
    has_nul: bool,
    has_unassigned: bool,
}

impl EncodingEvidence {
    /// The next bytes of the file, without a byte order mark.
    pub fn see(&mut self, bytes: &[u8]) {
        self.has_nul |= bytes.contains(&0);
        // The five bytes that Windows-1252 leaves unassigned.
        self.has_unassigned |= bytes
            .iter()
            .any(|byte| matches!(byte, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D));
        if self.is_not_utf8 {
            return;
        }
        let joined;
        let bytes = if self.pending.is_empty() {
            bytes
        } else {
            joined = [self.pending.as_slice(), bytes].concat();
            self.pending.clear();
            &joined
        };
        if let Err(error) = std::str::from_utf8(bytes) {
            match error.error_len() {
                // The piece ends within a character.
                None => self
                    .pending
                    .extend_from_slice(bytes.get(error.valid_up_to()..).unwrap_or_default()),
                Some(_) => self.is_not_utf8 = true,
            }
        }
    }

    /// The conclusion, after the last piece.
    ///
    /// # Errors
    /// A sentence on why it is neither UTF-8 nor Windows-1252.
    pub fn conclude(self) -> Result<Encoding, &'static str> {
        if self.has_nul {
            return Err("it holds zero bytes, so it is binary or UTF-16");
        }
        if !self.is_not_utf8 && self.pending.is_empty() {
            return Ok(Encoding::Utf8);
        }
        if self.has_unassigned {
            return Err("it is neither UTF-8 nor Windows-1252");
        }
        Ok(Encoding::Windows1252)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn concluded(dates: &[&str], numbers: &[&str], wishes: Wishes) -> Result<Notation, Failure> {
        let mut evidence = Evidence::new(wishes);
        for (line, date) in (2..).zip(dates) {
            evidence.see_date(line, date);
        }
        for (line, number) in (2..).zip(numbers) {
            evidence.see_number(line, number);
        }
        evidence.conclude()
    }

    #[test]
    fn one_proof_settles_it() {
        let notation = concluded(
            &["12/1/2010", "12/13/2010"],
            &["18", "1,234", "2,5"],
            Wishes::default(),
        )
        .unwrap();
        assert_eq!(
            notation,
            Notation {
                decimal: DecimalMark::Comma,
                date_order: Some(DateOrder::Mdy)
            }
        );
    }

    #[test]
    fn what_cannot_be_told_is_asked_for() {
        let failure =
            concluded(&["1/1/2010", "12/1/2010"], &["2.5"], Wishes::default()).unwrap_err();
        assert_eq!(failure.exit_code(), 2);
        assert!(
            failure.to_string().contains("`12/1/2010` in line 3"),
            "{failure}"
        );
        assert!(failure.to_string().contains("--date-order"), "{failure}");
        let failure = concluded(&["2010-12-01"], &["1,234"], Wishes::default()).unwrap_err();
        assert_eq!(failure.exit_code(), 2);
        assert!(failure.to_string().contains("--decimal"), "{failure}");
    }

    #[test]
    fn a_wish_overrules_the_content() {
        let wishes = Wishes {
            date_order: Some(DateOrder::Dmy),
            decimal: Some(DecimalMark::Comma),
            ..Wishes::default()
        };
        let notation = concluded(&["12/13/2010"], &["2.55"], wishes).unwrap();
        assert_eq!(notation.date_order, Some(DateOrder::Dmy));
        assert_eq!(notation.decimal, DecimalMark::Comma);
    }

    #[test]
    fn years_first_and_whole_numbers_need_nothing() {
        let notation = concluded(&["2010-12-01"], &["18"], Wishes::default()).unwrap();
        assert_eq!(
            notation.to_string(),
            "decimal point, dates with the year first"
        );
    }

    #[test]
    fn encodings_are_told_whatever_the_pieces() {
        for (bytes, expected) in [
            ("plain".as_bytes(), Ok(Encoding::Utf8)),
            ("caf\u{e9} \u{20ac}".as_bytes(), Ok(Encoding::Utf8)),
            (b"caf\xe9 \x80", Ok(Encoding::Windows1252)),
            (b"\xc3", Ok(Encoding::Windows1252)),
            (b"caf\xe9 \x81", Err(())),
            (b"a\0b\0", Err(())),
        ] {
            for piece in 1..=bytes.len() {
                let mut evidence = EncodingEvidence::default();
                bytes.chunks(piece).for_each(|chunk| evidence.see(chunk));
                assert_eq!(
                    evidence.conclude().map_err(|_| ()),
                    expected,
                    "{bytes:?} by {piece}"
                );
            }
        }
    }

    #[test]
    fn the_delimiter_is_the_one_that_shows_the_columns() {
        let count = |wanted, fields| HeaderCount { wanted, fields };
        let counts = [
            (Delimiter::Comma, count(0, 12)),
            (Delimiter::Semicolon, count(8, 8)),
            (Delimiter::Tab, count(0, 1)),
        ];
        assert_eq!(delimiter_of(&counts), Delimiter::Semicolon);
    }
}

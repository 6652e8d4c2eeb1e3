//! Why rows are not sent.

use super::dates;
use super::dialect::Notation;
use super::numbers::{NumberProblem, parse_cents, parse_whole};
use super::row::shortened;

/// Longest text that is shown of a field.
const SHOWN: usize = 60;

/// The most pieces that the event contract takes in a line.
pub const MOST_PIECES: i64 = 1_000_000;

/// The most hundredths of a line: a thousand lines of it still fit into an order's amount.
pub const MOST_LINE_CENTS: i64 = 999_999_999_999_999;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal),+ $(,)?) => {
        /// Why a row was refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum RefusalReason { $($(#[$doc])* $name),+ }

        impl RefusalReason {
            /// All reasons.
            pub const ALL: &'static [RefusalReason] = &[$(RefusalReason::$name),+];

            /// The code in the summary and in the file of refused rows.
            pub const fn code(self) -> &'static str {
                match self { $(RefusalReason::$name => $code),+ }
            }
        }
    };
}

reasons! {
    /// The row has fewer or more fields than the header.
    FieldCount = "field_count",
    /// A field that must be there is empty.
    MissingField = "missing_field",
    /// Not a time in the notation of the file.
    BadDate = "bad_date",
    /// Before 2000, or more than a day ahead: the pipeline would quarantine it.
    DateRange = "date_range",
    /// Not a whole number.
    BadQuantity = "bad_quantity",
    /// Nothing was sold.
    ZeroQuantity = "zero_quantity",
    /// Pieces that came back outside of a return: a correction of the stock.
    NegativeQuantity = "negative_quantity",
    /// Sold pieces in a cancelled invoice.
    PositiveReturn = "positive_return",
    /// More pieces than an event may hold.
    QuantityRange = "quantity_range",
    /// Not an amount.
    BadAmount = "bad_amount",
    /// A fraction of a cent, which no amount can hold.
    AmountPrecision = "amount_precision",
    /// An amount beyond what an event may hold.
    AmountRange = "amount_range",
    /// A price of zero without a customer: a correction of the stock.
    ZeroPrice = "zero_price",
    /// A price below zero.
    NegativePrice = "negative_price",
    /// An entry of the books, such as a bad debt, and no sale.
    Bookkeeping = "bookkeeping",
    /// Quantity and amount disagree on whether something was sold or came back.
    SignMismatch = "sign_mismatch",
    /// No country of that name or code.
    UnknownCountry = "unknown_country",
    /// No currency of that code.
    BadCurrency = "bad_currency",
    /// Neither a channel of the shop nor a name for one.
    BadChannel = "bad_channel",
    /// Longer than the event contract allows.
    FieldTooLong = "field_too_long",
    /// Control characters, or characters that turn text around.
    ControlChar = "control_char",
    /// The order as a whole would be quarantined by the pipeline.
    Contract = "contract",
}

/// Why a row is not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The kind.
    pub reason: RefusalReason,
    /// Which field, and what it holds; foreign text cut and escaped.
    pub detail: String,
}

impl Refusal {
    /// With a detail.
    pub fn new(reason: RefusalReason, detail: impl Into<String>) -> Self {
        Refusal {
            reason,
            detail: detail.into(),
        }
    }

    /// Of a field and what it holds.
    pub fn of_field(reason: RefusalReason, field: &str, value: &str) -> Self {
        Refusal::new(reason, format!("{field}: `{}`", shortened(value, SHOWN)))
    }
}

/// The time in a field, if the pipeline takes events of that time.
///
/// # Errors
/// `bad_date`, `date_range`.
pub fn time_of(
    field: &str,
    text: &str,
    notation: Notation,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<chrono::DateTime<chrono::Utc>, Refusal> {
    const EARLIEST_SECOND: i64 = 946_684_800; // 2000-01-01
    let time = dates::parse(text, notation.date_order)
        .ok_or_else(|| Refusal::of_field(RefusalReason::BadDate, field, text))?;
    // A little less than the day that the contract grants, for a clock that runs ahead.
    let latest = now + chrono::TimeDelta::hours(23);
    if time.timestamp() < EARLIEST_SECOND || time > latest {
        return Err(Refusal::of_field(RefusalReason::DateRange, field, text));
    }
    Ok(time)
}

/// The whole number in a field.
///
/// # Errors
/// `bad_quantity`, `zero_quantity`, `quantity_range`.
pub fn quantity_of(field: &str, text: &str, notation: Notation) -> Result<i32, Refusal> {
    let refuse = |reason| Refusal::of_field(reason, field, text);
    let pieces = parse_whole(text, notation.decimal).map_err(|problem| match problem {
        NumberProblem::TooLarge => refuse(RefusalReason::QuantityRange),
        NumberProblem::NotANumber | NumberProblem::TooPrecise => refuse(RefusalReason::BadQuantity),
    })?;
    if pieces == 0 {
        return Err(refuse(RefusalReason::ZeroQuantity));
    }
    if pieces.abs() > MOST_PIECES {
        return Err(refuse(RefusalReason::QuantityRange));
    }
    i32::try_from(pieces).map_err(|_| refuse(RefusalReason::QuantityRange))
}

/// The amount in a field, in hundredths, if the amount of a line.
///
/// # Errors
/// `bad_amount`, `amount_precision`, `amount_range`.
pub fn cents_of(field: &str, text: &str, notation: Notation) -> Result<i64, Refusal> {
    let refuse = |reason| Refusal::of_field(reason, field, text);
    let cents = parse_cents(text, notation.decimal).map_err(|problem| match problem {
        NumberProblem::NotANumber => refuse(RefusalReason::BadAmount),
        NumberProblem::TooPrecise => refuse(RefusalReason::AmountPrecision),
        NumberProblem::TooLarge => refuse(RefusalReason::AmountRange),
    })?;
    if cents.abs() > MOST_LINE_CENTS {
        return Err(refuse(RefusalReason::AmountRange));
    }
    Ok(cents)
}

/// Text that the event contract takes: not longer than `most` characters, nothing that drives terminals or turns text
/// around.
///
/// # Errors
/// `field_too_long`, `control_char`.
pub fn text_of(field: &str, text: &str, most: usize) -> Result<String, Refusal> {
    if text.len() > most && text.chars().count() > most {
        return Err(Refusal::of_field(RefusalReason::FieldTooLong, field, text));
    }
    let is_forbidden = |character: char| {
        character.is_control()
            || matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    if text.chars().any(is_forbidden) {
        return Err(Refusal::of_field(RefusalReason::ControlChar, field, text));
    }
    Ok(text.to_owned())
}

/// The same for text that must be there.
///
/// # Errors
/// As [`text_of`], and `missing_field`.
pub fn required_text(field: &str, text: &str, most: usize) -> Result<String, Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::new(RefusalReason::MissingField, field));
    }
    text_of(field, text, most)
}

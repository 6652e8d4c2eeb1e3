use std::fmt;

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $code:literal),+ $(,)?) => {
        /// Why an event was quarantined. Stable codes: they are stored, shown and filtered by.
        ///
        /// A duplicate is not quarantined: the same event twice is recorded beside the one that was kept.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Reason { $($(#[$doc])* $variant),+ }

        impl Reason {
            /// All reasons, from the frame to the meaning.
            pub const ALL: &'static [Reason] = &[$(Reason::$variant),+];

            /// The code as stored in `silver.quarantined_events.reason`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Reason::$variant => $code),+ }
            }

            /// The reason of a stored code; nothing for a code that this build does not know.
            pub fn from_code(code: &str) -> Option<Reason> {
                match code { $($code => Some(Reason::$variant),)+ _ => None }
            }
        }
    };
}

reasons! {
    /// The value is null.
    Tombstone = "tombstone",
    /// The value has no bytes.
    Empty = "empty",
    /// Larger than the configured limit.
    Oversize = "oversize",
    /// The first bytes open no known frame: raw text, an Avro object container file, another serialisation.
    BadMagic = "bad_magic",
    /// Ends within the frame's header: a single-object encoding of fewer than 10 bytes, a Confluent one of fewer than 5.
    ShortHeader = "short_header",
    /// A fingerprint that nobody knows; a registry id that the registry does not know, or whose schema our events cannot
    /// be read from; any registry id where no registry was asked.
    UnknownSchema = "unknown_schema",
    /// Well-formed JSON, which was judged from rule version 2 on; no longer given.
    UnsupportedFraming = "unsupported_framing",
    /// Begins like JSON and is none, or none that can be trusted: broken, with a key twice in one object, nested deeper
    /// than 127 levels, with a number that no double holds; or a value is of another kind than its field, such as a list
    /// in the place of text.
    BadJson = "bad_json",
    /// Ends in the middle of a field, or before one.
    Truncated = "truncated",
    /// Bytes follow the datum.
    TrailingBytes = "trailing_bytes",
    /// A length or count that cannot be: negative, or a block's size that is not what its items take.
    BadLength = "bad_length",
    /// Announces more than could ever be accepted: a field longer than the largest payload, more lines than the limit.
    AllocLimit = "alloc_limit",
    /// Nested deeper than the limit. Only a schema from a registry can have a type that nests.
    DepthLimit = "depth_limit",
    /// A variable-length integer that does not end within 10 bytes.
    BadVarint = "bad_varint",
    /// A variable-length integer beyond 64 bits.
    IntOverflow = "int_overflow",
    /// A union branch that the schema does not have.
    BadUnion = "bad_union",
    /// An ordinal beyond the enum's symbols; in JSON a channel, customer type or state that has no such symbol.
    BadEnum = "bad_enum",
    /// A boolean that is neither 0 nor 1. Only a schema from a registry can have one.
    BadBool = "bad_bool",
    /// A string, or a JSON document, that is not UTF-8.
    BadUtf8 = "bad_utf8",
    /// A decimal without a single byte, or that is no number in text.
    BadDecimal = "bad_decimal",
    /// A decimal of more than 18 digits, or of more than 16 bytes whatever its value; in JSON one that is written with more
    /// than 64 characters.
    DecimalPrecision = "decimal_precision",
    /// A decimal with more digits after the point than the contract keeps. Avro fixes the scale in the schema; JSON
    /// can breach it.
    DecimalScale = "decimal_scale",
    /// An amount that is not a number, or infinite. Only a textual frame can carry one.
    NonFinite = "non_finite",
    /// An event type that the contract does not know, by its name. Avro carries an ordinal instead: see `bad_enum`.
    UnknownType = "unknown_type",
    /// The event id is not a UUID in its hyphenated form, or it is the nil UUID. Upper case is fine.
    BadUuid = "bad_uuid",
    /// The event claims a version of the contract that nobody knows.
    UnknownVersion = "unknown_version",
    /// An event time before year 1, or beyond what the warehouse can store; or text that names no moment.
    TsRange = "ts_range",
    /// An event time before 2000: most often seconds or milliseconds sent as microseconds.
    TsTooOld = "ts_too_old",
    /// An event time more than 24 hours after the event was received.
    TsFuture = "ts_future",
    /// Text with U+0000, which PostgreSQL cannot store.
    NulChar = "nul_char",
    /// Text with a control character (C0, DEL, C1: terminal escapes among them) or a bidirectional override or isolate.
    ControlChar = "control_char",
    /// Text of more characters than its field allows.
    FieldTooLong = "field_too_long",
    /// A required field is absent, null or blank, or an order is placed or returned without lines.
    MissingField = "missing_field",
    /// Lines on an event of a type that carries none.
    UnexpectedItems = "unexpected_items",
    /// Not an ISO 3166-1 alpha-2 code in upper case.
    BadCountry = "bad_country",
    /// Not the ISO 4217 code, in upper case, of a currency in use. Funds, metals and test codes are none.
    BadCurrency = "bad_currency",
    /// A quantity below 1 or above 1,000,000, also one that Avro's 32-bit `int` does not hold.
    QuantityRange = "quantity_range",
    /// An amount that is negative, or beyond `decimal(18,2)`.
    AmountRange = "amount_range",
    /// The event's amounts contradict each other.
    AmountIdentity = "amount_identity",
    /// The id of an event that was accepted before, with other content. Found by the transformer, not by the judge.
    IdConflict = "id_conflict",
    /// The database refused the row although the judge had accepted it. Found by the transformer, not by the judge.
    DbReject = "db_reject",
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_names_its_reason_and_no_two_share_one() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.as_str()), Some(*reason));
        }
        let codes: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        assert_eq!(Reason::from_code("no_such_reason"), None);
    }
}

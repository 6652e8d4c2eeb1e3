//! What is wrong with a payload, and where; and how foreign text is shown without doing harm.

use std::fmt::Write as _;

use crate::Reason;

/// The first thing found wrong with a payload.
///
/// Boxed, since results that carry one are returned millions of times a second, nearly all of them without it.
#[derive(Debug)]
pub(crate) struct Fault(Box<Finding>);

#[derive(Debug)]
struct Finding {
    reason: Reason,
    detail: String,
}

impl Fault {
    /// `detail` is a sentence for people. Foreign text goes into it through [`quoted`] or [`hex`] only.
    #[cold]
    pub(crate) fn new(reason: Reason, detail: impl Into<String>) -> Fault {
        Fault(Box::new(Finding {
            reason,
            detail: detail.into(),
        }))
    }

    /// Says in which field it was found.
    #[cold]
    pub(crate) fn in_field(mut self, field: &str) -> Fault {
        self.0.detail = format!("{field}: {}", self.0.detail);
        self
    }

    /// Says in which line, counted from 0, as a prefix of the field's name.
    #[cold]
    pub(crate) fn in_line(mut self, line: usize) -> Fault {
        self.0.detail = format!("items[{line}].{}", self.0.detail);
        self
    }

    pub(crate) fn into_parts(self) -> (Reason, String) {
        (self.0.reason, self.0.detail)
    }
}

const LONGEST_QUOTE_CHARS: usize = 80;
const LONGEST_MESSAGE_CHARS: usize = 200;
const LONGEST_HEX_BYTES: usize = 16;

/// Foreign text between quotation marks: whatever is not printable escaped, cut after about 80 characters.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text, LONGEST_QUOTE_CHARS))
}

/// As [`quoted`], without quotation marks and longer: for what a library says, which may cite foreign text.
pub(crate) fn printable(text: &str) -> String {
    escaped(text, LONGEST_MESSAGE_CHARS)
}

fn escaped(text: &str, longest_chars: usize) -> String {
    let mut quote = String::new();
    let mut quoted_chars = 0;
    for character in text.chars() {
        if quoted_chars >= longest_chars {
            quote.push('…');
            break;
        }
        let escaped = character.escape_debug();
        quoted_chars += escaped.len();
        quote.extend(escaped);
    }
    quote
}

/// The first 16 bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut digits = String::new();
    for byte in bytes.iter().take(LONGEST_HEX_BYTES) {
        // Writing into a String cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    if bytes.len() > LONGEST_HEX_BYTES {
        digits.push('…');
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_escaped_and_cut() {
        assert_eq!(
            quoted("a\"b\u{1B}[0m\u{202E}\0"),
            r#""a\"b\u{1b}[0m\u{202e}\0""#
        );
        assert_eq!(quoted("مرحبا 🎉"), "\"مرحبا 🎉\"");
        assert!(quoted(&"\u{202E}".repeat(1_000)).chars().count() <= 100);
        assert!(quoted(&"x".repeat(1_000)).ends_with("xx…\""));
    }

    #[test]
    fn hex_is_cut() {
        assert_eq!(hex(&[0xC3, 0x28]), "c328");
        assert_eq!(hex(&[0; 17]), "00000000000000000000000000000000…");
    }
}

//! What text may not contain, wherever it stands.

use crate::Reason;
use crate::fault::Fault;
use crate::limits::TextField;

/// Judges one text field. In this order: too long, U+0000, control characters, missing.
#[inline]
pub(crate) fn check(text: &str, field: &TextField) -> Result<(), Fault> {
    if is_plain(text) && text.len() <= field.max_chars && starts_with_a_character(text) {
        return Ok(());
    }
    check_thoroughly(text, field)
}

/// Printable ASCII, as nearly all text is: there nothing can be wrong but the length.
///
/// Eight bytes at a time, since this runs over every text of every event.
fn is_plain(text: &str) -> bool {
    let (words, tail) = text.as_bytes().as_chunks::<8>();
    words
        .iter()
        .all(|word| is_plain_word(u64::from_ne_bytes(*word)))
        && tail.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Whether each of a word's eight bytes is in `' '..='~'`.
fn is_plain_word(word: u64) -> bool {
    const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; 8]);
    const BLANKS: u64 = u64::from_ne_bytes([b' '; 8]);
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let is_ascii = word & HIGH_BITS == 0;
    // Of an ASCII byte with its high bit set: taking 0x20 away clears that bit where the byte is below 0x20, and
    // borrows nothing from its neighbour.
    let has_no_c0 = (word | HIGH_BITS).wrapping_sub(BLANKS) & HIGH_BITS == HIGH_BITS;
    // Of ASCII bytes only DEL (0x7F) reaches the high bit by adding 1.
    let has_no_del = word.wrapping_add(ONES) & HIGH_BITS == 0;
    is_ascii && has_no_c0 && has_no_del
}

fn starts_with_a_character(text: &str) -> bool {
    text.as_bytes().first().is_some_and(|first| *first != b' ')
}

#[inline(never)]
fn check_thoroughly(text: &str, field: &TextField) -> Result<(), Fault> {
    // A character takes at least one byte, so that few bytes need no counting.
    if text.len() > field.max_chars && text.chars().count() > field.max_chars {
        return Err(too_long(text, field));
    }
    if text.chars().any(is_forbidden_control) {
        return Err(forbidden_control(text).in_field(field.name));
    }
    if field.is_required && text.trim().is_empty() {
        return Err(Fault::new(Reason::MissingField, "empty or blank").in_field(field.name));
    }
    Ok(())
}

#[cold]
fn too_long(text: &str, field: &TextField) -> Fault {
    let char_count = text.chars().count();
    Fault::new(
        Reason::FieldTooLong,
        format!(
            "{char_count} characters, at most {} are allowed",
            field.max_chars
        ),
    )
    .in_field(field.name)
}

/// Names U+0000 first, wherever it stands: it is what the database could not even store.
#[cold]
fn forbidden_control(text: &str) -> Fault {
    if let Some(position) = text.chars().position(|character| character == '\0') {
        return Fault::new(
            Reason::NulChar,
            format!("U+0000 after {position} characters"),
        );
    }
    let found = text
        .chars()
        .enumerate()
        .find(|(_, character)| is_forbidden_control(*character));
    let (position, character) = found.unwrap_or_default();
    Fault::new(
        Reason::ControlChar,
        format!("U+{:04X} after {position} characters", u32::from(character)),
    )
}

/// C0, DEL and C1 (they drive terminals), and the bidirectional embeddings, overrides and isolates (they make text
/// read otherwise than it is stored). The plain marks U+200E, U+200F and U+061C stay: right-to-left names need them.
fn is_forbidden_control(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::text_fields::{CUSTOMER_CITY, TRANSACTION_ID};

    fn reason(text: &str) -> Option<Reason> {
        let checked = check(text, &TRANSACTION_ID);
        checked.err().map(|fault| fault.into_parts().0)
    }

    #[test]
    fn nasty_but_honest_text_is_accepted() {
        let longest = "x".repeat(64);
        let longest_wide = "🎉".repeat(64);
        for text in [
            "'; DROP TABLE orders; --",
            "<script>alert(1)</script>",
            "=cmd|' /C calc'!A0",
            "👩‍👩‍👧‍👦",
            "مرحبا \u{200F}عالم",
            " leading blank",
            &longest,
            &longest_wide,
        ] {
            assert_eq!(reason(text), None, "{text}");
        }
    }

    #[test]
    fn harmful_text_is_refused() {
        assert_eq!(reason("a\0"), Some(Reason::NulChar));
        assert_eq!(reason("\u{1B}[31m\0"), Some(Reason::NulChar));
        for control in [
            '\u{1}', '\t', '\n', '\u{1B}', '\u{7F}', '\u{80}', '\u{9B}', '\u{9F}',
        ] {
            assert_eq!(reason(&format!("a{control}b")), Some(Reason::ControlChar));
        }
        for bidi in
            "\u{202A}\u{202B}\u{202C}\u{202D}\u{202E}\u{2066}\u{2067}\u{2068}\u{2069}".chars()
        {
            assert_eq!(reason(&format!("a{bidi}b")), Some(Reason::ControlChar));
        }
        assert_eq!(reason(&"x".repeat(65)), Some(Reason::FieldTooLong));
        assert_eq!(reason(&"ü".repeat(65)), Some(Reason::FieldTooLong));
        assert_eq!(reason(&"\0".repeat(65)), Some(Reason::FieldTooLong));
    }

    #[test]
    fn the_fast_look_finds_every_byte_at_every_place() {
        for byte in 0..=0x7F_u8 {
            for position in 0..20 {
                let mut bytes = [b'a'; 20];
                bytes[position] = byte;
                let text = std::str::from_utf8(&bytes).unwrap();
                assert_eq!(
                    is_plain(text),
                    matches!(byte, b' '..=b'~'),
                    "{byte} at {position}"
                );
            }
        }
        for position in 0..20 {
            let text = format!("{}é{}", "a".repeat(position), "a".repeat(20 - position));
            assert!(!is_plain(&text));
        }
    }

    #[test]
    fn blank_is_missing_where_something_is_required() {
        for blank in ["", " ", "   ", "\u{A0}", "\u{3000}"] {
            assert_eq!(reason(blank), Some(Reason::MissingField));
            assert!(check(blank, &CUSTOMER_CITY).is_ok());
        }
    }
}

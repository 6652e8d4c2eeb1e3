//! Foreign bytes on a terminal: nothing that a sender wrote may move its cursor or turn its text around.

use std::fmt::Write as _;

/// Bytes of a value that are shown in hex.
const MAX_DUMPED_BYTES: usize = 4096;

/// The text with everything escaped that is not plainly visible: control characters, also those that drive terminals, and
/// those that change the direction of text or show nothing.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        let is_hidden = character.is_control()
            || matches!(
                character,
                '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
                    | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}'
            );
        if is_hidden {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Text of several lines, which stay lines.
pub fn visible_lines(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(visible).collect();
    lines.join("\n")
}

/// Bytes as text where they are some, else in hex.
pub fn visible_bytes(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => visible(text),
        Err(_) => hex(bytes),
    }
}

/// Lines of offset, 16 bytes in hex, and what of them is ASCII; the first 4 KiB.
pub fn hex_dump(bytes: &[u8]) -> String {
    let mut dump = String::new();
    let shown = bytes.get(..MAX_DUMPED_BYTES).unwrap_or(bytes);
    for (line, chunk) in shown.chunks(16).enumerate() {
        let ascii: String = chunk
            .iter()
            .map(|byte| match byte {
                b' '..=b'~' => char::from(*byte),
                _ => '.',
            })
            .collect();
        let spaced: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
        let _ = writeln!(dump, "{:06x}  {:<47}  {ascii}", line * 16, spaced.join(" "));
    }
    if shown.len() < bytes.len() {
        let _ = writeln!(dump, "… {} bytes more", bytes.len() - shown.len());
    }
    dump
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::from("0x");
    for byte in bytes.iter().take(MAX_DUMPED_BYTES) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_drives_a_terminal_survives() {
        assert_eq!(
            visible("\u{1B}[2J\u{202E}abc\t"),
            "\\u{1b}[2J\\u{202e}abc\\u{9}"
        );
        assert_eq!(visible("Zürich 🎉 '; DROP"), "Zürich 🎉 '; DROP");
        assert_eq!(visible_lines("a\nb\r"), "a\nb\\u{d}");
        assert_eq!(visible_bytes(&[0xC3, 0x01]), "0xc301");
        assert_eq!(visible_bytes(b"C1"), "C1");
    }

    #[test]
    fn dumps_are_bounded() {
        let dump = hex_dump(&[0x41; 5000]);
        assert!(dump.starts_with("000000  41 41 41"));
        assert!(dump.contains("AAAAAAAAAAAAAAAA\n"));
        assert!(dump.ends_with("… 904 bytes more\n"));
        assert_eq!(hex_dump(&[]), "");
    }
}

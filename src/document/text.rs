//! Text between quotes, in the escapes that JSON and JavaScript share.

use std::fmt;

use crate::org::is_hidden;

/// Text between double quotes: quotes, backslashes and every character that cannot be seen are escaped.
pub(super) fn quoted(text: &str, out: &mut dyn fmt::Write) -> fmt::Result {
    out.write_char('"')?;
    escaped(text, out)?;
    out.write_char('"')
}

/// Bytes that are not all UTF-8, between double quotes: each of the others is `\x` and its two digits.
pub(super) fn quoted_bytes(bytes: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
    out.write_char('"')?;
    for chunk in bytes.utf8_chunks() {
        escaped(chunk.valid(), out)?;
        for byte in chunk.invalid() {
            write!(out, "\\x{byte:02x}")?;
        }
    }
    out.write_char('"')
}

fn escaped(text: &str, out: &mut dyn fmt::Write) -> fmt::Result {
    // Up to here everything is written; up to there everything is plain.
    let (mut written, mut seen) = (0, 0);
    while let Some(character) = next_to_look_at(text, &mut seen) {
        let at = seen;
        seen += character.len_utf8();
        if !(matches!(character, '"' | '\\') || is_hidden(character)) {
            continue;
        }
        out.write_str(&text[written..at])?;
        written = seen;
        match character {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
            }
        }
    }
    out.write_str(&text[written..])
}

/// The next character that may have to be escaped, which `seen` is moved to. Nearly all text is plain.
fn next_to_look_at(text: &str, seen: &mut usize) -> Option<char> {
    let plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    let rest = &text.as_bytes()[*seen..];
    *seen += rest.iter().position(|byte| !plain(byte))?;
    text[*seen..].chars().next()
}

//! What becomes of lines and marks where they cannot be shown, or would be read aloud.

use deunicode::deunicode_char;
use ratatui::buffer::{Buffer, CellWidth};

use super::Theme;

/// The marks the console draws, in ASCII and for a screen reader: there, a mark that only pleases the
/// eye is nothing.
const MARKS: &[(&str, char, char)] = &[
    ("▌", '>', '>'),
    ("▏", '|', ' '),
    ("─", '-', ' '),
    ("━", '=', ' '),
    ("│", '|', ' '),
    ("┬", '+', ' '),
    ("┴", '+', ' '),
    ("●", '*', ' '),
    ("○", 'o', ' '),
    ("◌", 'o', ' '),
    ("✗", 'x', ' '),
    ("✓", '+', '✓'),
    ("•", '*', '*'),
    ("…", '~', '…'),
    ("·", '-', ','),
    ("→", '>', '→'),
    ("←", '<', '←'),
    ("↑", '^', '↑'),
    ("↓", 'v', '↓'),
    ("–", '-', '–'),
    ("“", '"', '“'),
    ("”", '"', '”'),
    ("’", '\'', '’'),
];

/// Replaces them, as the last thing that is done to a frame. The width of nothing changes.
pub(super) fn adapt(theme: &Theme, buffer: &mut Buffer) {
    if !theme.ascii && !theme.plain {
        return;
    }
    for cell in &mut buffer.content {
        let symbol = cell.symbol();
        if symbol.is_ascii() {
            continue;
        }
        let mark = MARKS.iter().find(|(mark, ..)| *mark == symbol);
        let plain = |mark: &(&str, char, char)| if theme.plain { mark.2 } else { mark.1 };
        let shown = match mark.map(plain) {
            Some(shown) if shown.is_ascii() || !theme.ascii => Some(shown),
            Some(_) => mark.map(|mark| mark.1),
            // A spinner.
            None if theme.plain
                && matches!(symbol.chars().next(), Some('\u{2800}'..='\u{28ff}')) =>
            {
                Some(' ')
            }
            None if theme.ascii => Some(letter(symbol)),
            None => None,
        };
        if let Some(shown) = shown {
            // The second cell of a wide character is a space already.
            cell.set_char(shown);
        }
    }
}

/// A character of stored text: the ASCII letter it comes from, where it comes from one.
fn letter(symbol: &str) -> char {
    let mut characters = symbol.chars();
    let plain = characters.next().and_then(deunicode_char).map(str::as_bytes);
    match plain {
        Some([letter]) if letter.is_ascii_graphic() && symbol.cell_width() == 1 => {
            char::from(*letter)
        }
        _ => '?',
    }
}

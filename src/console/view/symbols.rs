//! What becomes of lines and symbols where they cannot be shown, or would be read aloud.

use deunicode::deunicode_char;
use ratatui::buffer::{Buffer, CellWidth};

use super::Theme;

/// The symbols the console draws, in ASCII and for a screen reader: there, a symbol that only pleases the
/// eye is nothing.
const SYMBOLS: &[(&str, char, char)] = &[
    ("▌", '>', '>'),
    ("▏", '|', ' '),
    ("▁", '_', ' '),
    ("▂", '.', ' '),
    ("▃", '-', ' '),
    ("▄", '=', ' '),
    ("▅", '+', ' '),
    ("▆", '*', ' '),
    ("▇", '%', ' '),
    ("█", '#', ' '),
    ("─", '-', ' '),
    ("━", '=', ' '),
    ("│", '|', ' '),
    ("┬", '+', ' '),
    ("┴", '+', ' '),
    ("●", '*', ' '),
    ("○", 'o', ' '),
    ("◐", '%', ' '),
    ("◌", 'o', ' '),
    ("✗", 'x', ' '),
    ("✓", '+', ' '),
    ("•", '*', '*'),
    ("▸", '+', '+'),
    ("▾", '-', '-'),
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
    if theme.plain {
        separate(buffer);
    }
    for cell in &mut buffer.content {
        let symbol = cell.symbol();
        if symbol.is_ascii() {
            continue;
        }
        let known = SYMBOLS.iter().find(|(one, ..)| *one == symbol);
        let plain = |known: &(&str, char, char)| if theme.plain { known.2 } else { known.1 };
        let shown = match known.map(plain) {
            Some(shown) if shown.is_ascii() || !theme.ascii => Some(shown),
            Some(_) => known.map(|known| known.1),
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

/// A dot between two things becomes a comma right behind the first: it is read aloud.
fn separate(buffer: &mut Buffer) {
    for at in 2..buffer.content.len() {
        let [before, space, dot] = [at - 2, at - 1, at].map(|at| buffer.content[at].symbol());
        if dot == "·" && space == " " && before != " " {
            buffer.content[at - 1].set_char(',');
            buffer.content[at].set_char(' ');
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

//! Text of several lines, being typed. It never holds what a screen would not show: hidden characters are written as
//! the escapes that shell syntax reads back.

use std::fmt::Write as _;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui_textarea::{CursorMove, DataCursor, Input, TextArea};

use crate::{console::text, keymap::Motion, org::is_hidden};

/// How many steps can be undone.
const UNDO_MOST: usize = 1000;

/// See the top of this file.
pub struct TextEditor {
    area: TextArea<'static>,
    /// What it began with.
    first: Vec<String>,
    /// The first line and the first column on the screen.
    pub top: usize,
    /// See `top`.
    pub left: usize,
}

impl std::fmt::Debug for TextEditor {
    /// Without the text, which is customer data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextEditor").field("lines", &self.lines().len()).finish_non_exhaustive()
    }
}

impl TextEditor {
    /// With the cursor at the beginning.
    pub(super) fn new(text: &str) -> Self {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let lines = if lines.is_empty() { vec![String::new()] } else { lines };
        let mut area = TextArea::new(lines.clone());
        area.set_max_histories(UNDO_MOST);
        area.set_tab_length(2);
        Self { area, first: lines, top: 0, left: 0 }
    }

    /// Another text in its place; that can be undone.
    pub(super) fn replace(&mut self, text: &str) {
        self.area.select_all();
        self.area.insert_str(text);
        self.area.move_cursor(CursorMove::Jump(0, 0));
    }

    /// The lines.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        self.area.lines()
    }

    /// All of it.
    pub(super) fn text(&self) -> String {
        self.lines().join("\n")
    }

    /// Whether it is another text than the one that it began with.
    pub(super) fn is_changed(&self) -> bool {
        self.lines() != self.first
    }

    /// The line of the cursor, and the column on a screen that is wide enough.
    #[must_use]
    pub fn cursor(&self) -> (usize, usize) {
        let DataCursor(line, character) = self.area.cursor();
        let before: String = self
            .lines()
            .get(line)
            .map(|line| line.chars().take(character).collect())
            .unwrap_or_default();
        (line, text::width(&before))
    }

    /// Goes to a place as a [`crate::document::SyntaxError`] tells it: both from one on.
    pub(super) fn go_to(&mut self, line: usize, column: usize) {
        let place = |number: usize| u16::try_from(number.saturating_sub(1)).unwrap_or(u16::MAX);
        self.area.move_cursor(CursorMove::Jump(place(line), place(column)));
    }

    /// Takes a key; whether the text is another one.
    pub(super) fn key(&mut self, event: KeyEvent) -> bool {
        if event.kind == KeyEventKind::Release {
            return false;
        }
        if let KeyCode::Char(c) = event.code
            && is_hidden(c)
            && !event.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
        {
            return self.area.insert_str(escape(c));
        }
        self.area.input(Input::from(Event::Key(event)))
    }

    /// Takes a paste.
    pub(super) fn paste(&mut self, pasted: &str) -> bool {
        let lines = pasted.replace("\r\n", "\n").replace('\r', "\n");
        let safe: String = lines
            .chars()
            .flat_map(|c| match c {
                '\n' => vec!['\n'],
                '\t' => vec![' ', ' '],
                c if is_hidden(c) => escape(c).chars().collect(),
                c => vec![c],
            })
            .collect();
        self.area.insert_str(safe)
    }

    /// Moves the cursor by lines.
    pub(super) fn move_by(&mut self, motion: Motion, height: usize) {
        let DataCursor(line, column) = self.area.cursor();
        let last = self.lines().len().saturating_sub(1);
        let to = line.saturating_add_signed(motion.steps(height)).min(last);
        self.go_to(to + 1, column + 1);
    }

    /// Brings the cursor onto a screen of this size.
    pub(super) fn scroll(&mut self, height: usize, width: usize) {
        let (line, column) = self.cursor();
        self.top = shown(self.top, line, height);
        self.left = shown(self.left, column, width);
    }
}

/// From where on so many show, for one of them to be among them.
fn shown(from: usize, one: usize, many: usize) -> usize {
    from.clamp((one + 1).saturating_sub(many), one)
}

/// A hidden character as shell syntax and JSON write it in text.
fn escape(c: char) -> String {
    let mut units = [0; 2];
    let mut escaped = String::new();
    for unit in c.encode_utf16(&mut units) {
        // Writing into a string cannot fail.
        let _ = write!(escaped, "\\u{unit:04x}");
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, KeyModifiers::NONE)
    }

    #[test]
    fn what_is_hidden_is_written_as_it_is_read_back() {
        let mut editor = TextEditor::new("{ a: \"\" }");
        editor.go_to(1, 7);
        assert!(editor.paste("x\u{202e}y\u{e0001}\r\n\tz"));
        assert_eq!(editor.lines(), ["{ a: \"x\\u202ey\\udb40\\udc01", "  z\" }"]);
        assert!(editor.key(pressed(KeyCode::Char('\u{200b}'))));
        assert!(editor.text().ends_with("z\\u200b\" }"));
        assert!(editor.is_changed());
    }

    #[test]
    fn the_screen_follows_the_cursor() {
        let text: Vec<String> = (0..100).map(|n| format!("line {n}")).collect();
        let mut editor = TextEditor::new(&text.join("\n"));
        editor.move_by(Motion::PageDown, 10);
        editor.scroll(10, 20);
        assert_eq!((editor.cursor().0, editor.top), (10, 1));
        editor.move_by(Motion::Last, 10);
        editor.scroll(10, 20);
        assert_eq!((editor.cursor().0, editor.top), (99, 90));
        editor.go_to(50, 1);
        editor.scroll(10, 3);
        assert_eq!((editor.top, editor.left), (49, 0));
        editor.key(pressed(KeyCode::End));
        editor.scroll(10, 3);
        assert_eq!((editor.cursor().1, editor.left), (7, 5));
        // Wide characters take two columns.
        let mut wide = TextEditor::new("北京a");
        wide.key(pressed(KeyCode::End));
        assert_eq!(wide.cursor(), (0, 5));
        assert!(!wide.is_changed());
    }

    #[test]
    fn its_text_is_not_in_its_debug_output() {
        assert!(!format!("{:?}", TextEditor::new("secret")).contains("secret"));
    }
}

//! Cells where they belong, also on a terminal that takes a character for wider or narrower than it is
//! taken for here.
//!
//! Terminals disagree about many: letters of Indic scripts with their vowels, flags, emoji. What follows
//! such a one in its row is placed by its column, and not left to where the terminal has come to; and a
//! row that has one, or had one, is drawn whole when anything in it changes, since nobody knows how far
//! it reached.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    io::{self, Write},
    rc::Rc,
};

use crossterm::{
    cursor::MoveTo,
    queue,
    terminal::{Clear, ClearType as Cleared},
};
use ratatui::{
    backend::{Backend, ClearType, CrosstermBackend, WindowSize},
    buffer::{Buffer, Cell, CellWidth},
    layout::{Position, Size},
};
use unicode_properties::UnicodeEmoji;

/// The rows that have a character of doubtful width, or had one in the frame before: all their cells.
#[derive(Clone, Default)]
pub(super) struct Doubtful(Rc<RefCell<BTreeMap<u16, Row>>>);

#[derive(Default)]
struct Row {
    cells: Vec<Cell>,
    /// Whether it still has one.
    now: bool,
}

impl Doubtful {
    /// Looks at a frame before it is drawn.
    pub(super) fn look(&self, buffer: &Buffer) {
        let mut rows = self.0.borrow_mut();
        rows.retain(|_, row| row.now);
        for row in rows.values_mut() {
            row.now = false;
        }
        let width = usize::from(buffer.area.width).max(1);
        for (y, cells) in (buffer.area.y..).zip(buffer.content.chunks(width)) {
            let now = cells.iter().any(|cell| is_doubtful(cell.symbol()));
            if now || rows.contains_key(&y) {
                rows.insert(y, Row { cells: cells.to_vec(), now });
            }
        }
    }
}

/// Whether terminals disagree about the columns it takes.
fn is_doubtful(symbol: &str) -> bool {
    if symbol.is_ascii() {
        return false;
    }
    let mut characters = symbol.chars();
    let first = characters.next();
    // Several characters in one; or one that terminals have learnt at different times.
    characters.next().is_some() || first.is_some_and(UnicodeEmoji::is_emoji_char)
}

/// What draws the cells.
pub(super) struct Placed<W: Write> {
    inner: CrosstermBackend<W>,
    doubtful: Doubtful,
}

impl<W: Write> Placed<W> {
    pub(super) fn new(out: W, doubtful: Doubtful) -> Self {
        Self { inner: CrosstermBackend::new(out), doubtful }
    }

    fn row(&mut self, y: u16, cells: &[Cell]) -> io::Result<()> {
        queue!(self.inner, MoveTo(0, y), Clear(Cleared::UntilNewLine))?;
        let mut run: Vec<(u16, u16, &Cell)> = Vec::new();
        let mut x = 0;
        while let Some(cell) = cells.get(usize::from(x)) {
            if *cell != Cell::EMPTY {
                run.push((x, y, cell));
            }
            if is_doubtful(cell.symbol()) {
                // What follows it begins with where it is.
                self.inner.draw(run.drain(..))?;
            }
            x += cell.symbol().cell_width().max(1);
        }
        self.inner.draw(run.into_iter())
    }
}

impl<W: Write> Backend for Placed<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let doubtful = self.doubtful.clone();
        let rows = doubtful.0.borrow();
        if rows.is_empty() {
            return self.inner.draw(content);
        }
        let (whole, cells): (Vec<_>, Vec<_>) = content.partition(|(_, y, _)| rows.contains_key(y));
        self.inner.draw(cells.into_iter())?;
        let mut changed: Vec<u16> = whole.into_iter().map(|(_, y, _)| y).collect();
        changed.dedup();
        for y in changed {
            if let Some(row) = rows.get(&y) {
                self.row(y, &row.cells)?;
            }
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.inner.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.inner.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.inner.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.inner.clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        self.inner.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.inner)
    }
}

#[cfg(test)]
mod tests {
    use ratatui::{Terminal, TerminalOptions, Viewport, layout::Rect, style::Style};

    use super::*;

    const WIDTH: u16 = 30;
    const NAMES: [&str; 8] = [
        "মিতা হোল্ডিংস",
        "தமிழ் நிறுவனம்",
        "ไทยกี่",
        "हिन्दी",
        "❤️ clinic",
        "🇩🇪 GmbH",
        "👩‍⚕️ care",
        "cafe\u{301}",
    ];

    #[derive(Clone, Default)]
    struct Out(Rc<RefCell<Vec<u8>>>);

    impl Write for Out {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A terminal with its own idea of how many columns a character takes.
    struct Screen {
        cells: Vec<Vec<String>>,
        at: (usize, usize),
        columns: fn(char) -> usize,
    }

    impl Screen {
        fn take(&mut self, bytes: &[u8]) {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            let mut characters = text.chars();
            while let Some(character) = characters.next() {
                if character != '\u{1b}' {
                    self.print(character);
                    continue;
                }
                assert_eq!(characters.next(), Some('['));
                let mut parameters = String::new();
                let last = loop {
                    match characters.next().unwrap() {
                        c if c.is_ascii_alphabetic() => break c,
                        c => parameters.push(c),
                    }
                };
                match last {
                    'H' => {
                        let (y, x) = parameters.split_once(';').unwrap();
                        let number = |text: &str| text.parse::<usize>().unwrap() - 1;
                        self.at = (number(x), number(y));
                    }
                    'K' => self.cells[self.at.1][self.at.0..].fill(" ".to_owned()),
                    'm' | 'h' | 'l' => {}
                    other => panic!("{other}"),
                }
            }
        }

        fn print(&mut self, character: char) {
            let columns = (self.columns)(character);
            let (x, y) = self.at;
            if columns == 0 {
                return;
            }
            let Some(cell) = self.cells[y].get_mut(x) else { return };
            *cell = character.to_string();
            if columns == 2
                && let Some(next) = self.cells[y].get_mut(x + 1)
            {
                next.clear();
            }
            self.at.0 += columns;
        }

        fn row(&self, y: usize) -> String {
            self.cells[y].concat()
        }

        fn tail(&self, y: usize) -> String {
            self.cells[y][20..].concat()
        }
    }

    fn is_mark(character: char) -> bool {
        use unicode_properties::{GeneralCategory as G, UnicodeGeneralCategory};
        matches!(
            character.general_category(),
            G::NonspacingMark | G::SpacingMark | G::EnclosingMark | G::Format
        )
    }

    /// What terminals do with marks and emoji, each in its own way.
    const TERMINALS: [fn(char) -> usize; 4] = [
        |c| usize::from(!is_mark(c)),
        |_| 1,
        |c| {
            if is_mark(c) {
                0
            } else if c.is_emoji_char() && !c.is_ascii() {
                2
            } else {
                1
            }
        },
        |c| if c.is_ascii() || c.is_alphabetic() || c == '│' { 1 } else { 2 },
    ];

    #[test]
    fn nothing_is_left_over_where_a_terminal_takes_a_character_for_wider_or_narrower() {
        for (terminal, columns) in TERMINALS.into_iter().enumerate() {
            for name in NAMES {
                let (out, doubtful) = (Out::default(), Doubtful::default());
                let options =
                    TerminalOptions { viewport: Viewport::Fixed(Rect::new(0, 0, WIDTH, 3)) };
                let backend = Placed::new(out.clone(), doubtful.clone());
                let mut drawn = Terminal::with_options(backend, options).unwrap();
                let cells = vec![vec![" ".to_owned(); WIDTH.into()]; 3];
                let mut screen = Screen { cells, at: (0, 0), columns };
                let mut draw = |names: [&str; 3]| {
                    drawn
                        .draw(|frame| {
                            let buffer = frame.buffer_mut();
                            for (y, name) in (0..).zip(names) {
                                buffer.set_stringn(1, y, name, 17, Style::new());
                                buffer.set_string(20, y, "│ ada@x.y", Style::new());
                            }
                            doubtful.look(buffer);
                        })
                        .unwrap();
                    screen.take(&std::mem::take(&mut *out.0.borrow_mut()));
                    for (y, name) in names.iter().enumerate() {
                        assert_eq!(screen.tail(y), "│ ada@x.y ", "{name} on terminal {terminal}");
                        if name.is_ascii() {
                            let expected = format!(" {name:<19}│ ada@x.y ");
                            assert_eq!(screen.row(y), expected, "on terminal {terminal}");
                        }
                    }
                };
                draw(["acme", name, "globex"]);
                draw([name, "acme", "globex"]);
                draw(["acme", "globex", name]);
                draw(["acme", "globex", "initech"]);
            }
        }
    }

    #[test]
    fn ordinary_names_are_not_doubted() {
        for name in ["acme", "Société Générale", "Ελλάς", "Россия", "さくら電機", "한국", "│●▌…"]
        {
            assert!(!name.chars().any(|c| is_doubtful(&c.to_string())), "{name}");
        }
    }
}

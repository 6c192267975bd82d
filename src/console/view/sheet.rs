//! A column of lines with labels, fields and problems: what details, forms and questions are made of.
//! What does not fit gives up its empty lines first, then scrolls so that what is typed stays in sight.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    text::{Line, Span},
};

use super::{Theme, spinner};
use crate::{
    console::{
        app::{App, Drawn, HitTarget, Notice, Request, TextField},
        text,
    },
    keymap::Command,
};

/// The columns of a label and the space behind it.
pub(super) const LABEL: usize = 14;
/// The most columns a field takes, however wide the screen.
const FIELD_MOST: usize = 64;

pub(super) struct Sheet<'a> {
    theme: &'a Theme,
    width: usize,
    lines: Vec<Entry>,
    cursor: Option<(usize, usize)>,
    /// The first and last line that must be in sight.
    keep: (usize, usize),
    /// A line above the field being typed in that must be as well.
    keep_from: Option<usize>,
    first: usize,
    /// How many fields there are.
    fields: usize,
    /// Whether what stands where problems do is a question: to confirm it once more.
    pub(super) confirms: bool,
}

struct Entry {
    line: Line<'static>,
    gap: bool,
    /// The number of the field it is of.
    field: Option<usize>,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(theme: &'a Theme, area: Rect) -> Self {
        let width = usize::from(area.width).saturating_sub(1);
        let (lines, cursor, keep) = (Vec::new(), None, (0, 0));
        let keep_from = None;
        Self { theme, width, lines, cursor, keep, keep_from, first: 0, fields: 0, confirms: false }
    }

    /// An empty line, while there is room for it.
    pub(super) fn gap(&mut self) {
        self.lines.push(Entry { line: Line::default(), gap: true, field: None });
    }

    pub(super) fn line(&mut self, spans: Vec<Span<'static>>) {
        self.lines.push(Entry { line: Line::from(spans), gap: false, field: None });
    }

    /// A text, in as many lines as it needs.
    pub(super) fn text(&mut self, text: &str, style: Style) {
        for line in text::wrap(text, self.width) {
            self.line(vec![Span::styled(line, style)]);
        }
    }

    /// A label and what it stands for, in as many lines as that needs.
    pub(super) fn pair(&mut self, label: &str, value: &str) {
        self.pair_styled(label, value, Style::new());
    }

    pub(super) fn pair_styled(&mut self, label: &str, value: &str, style: Style) {
        for (at, line) in text::wrap(value, self.value_width()).into_iter().enumerate() {
            let label = text::filled(if at == 0 { label } else { "" }, LABEL);
            self.line(vec![Span::styled(label, self.theme.faint), Span::styled(line, style)]);
        }
    }

    /// What follows has to be in sight together with what is typed.
    pub(super) fn keep_from_here(&mut self) {
        self.keep_from = Some(self.lines.len());
    }

    /// All from there on has to be in sight.
    pub(super) fn keep_until_here(&mut self) {
        let last = self.lines.len().saturating_sub(1);
        self.keep = (self.keep_from.unwrap_or(last), last);
    }

    /// A number that lines up with the others, and what there are so many of.
    pub(super) fn amount(&mut self, number: &str, words: &str) {
        let number = format!("{number:>width$}  ", width = LABEL - 2);
        let words = text::fit(words, self.value_width()).into_owned();
        self.line(vec![Span::styled(number, self.theme.strong), Span::raw(words)]);
    }

    /// What is wrong, and what to do, beside the values.
    pub(super) fn problem(&mut self, said: &Notice) {
        // A screen reader reads no mark.
        let kind = if self.confirms { "Confirm: " } else { "Error: " };
        let said = if self.theme.plain { &said.after(kind) } else { said };
        let (what, help) = said.lines(self.value_width());
        for (at, line) in what.into_iter().enumerate() {
            let mark = if at == 0 { "✗ " } else { "  " };
            let indent = " ".repeat(LABEL - 2);
            let bad = self.theme.bad;
            self.line(vec![Span::raw(indent), Span::styled(mark, bad), Span::styled(line, bad)]);
        }
        for line in help {
            self.pair_styled("", &line, self.theme.faint);
        }
        // Whoever was refused must see why, also where not everything fits.
        self.keep.1 = self.lines.len().saturating_sub(1);
    }

    /// What is wrong where nothing is typed that has to stay in sight.
    pub(super) fn refusal(&mut self, said: &Notice) {
        self.keep.0 = self.lines.len();
        self.problem(said);
    }

    /// A line being typed, with what is wrong with it below; `hint` stands there while nothing is.
    pub(super) fn field(
        &mut self,
        app: &App,
        label: &str,
        field: &TextField,
        focused: bool,
        hint: &str,
    ) {
        let columns = self.value_width().clamp(2, FIELD_MOST);
        let dots = field.secret && !field.revealed;
        let cursor = if focused { field.input.cursor() } else { 0 };
        let (shown, at) = text::window(field.text(), cursor, columns, dots);
        let (first, theme) = (self.lines.len(), self.theme);
        let (name, edge) = if focused {
            if field.choices.is_empty() {
                self.cursor = Some((LABEL + at, first));
            }
            (theme.accent.patch(theme.strong), theme.accent)
        } else {
            (theme.faint, theme.faint)
        };
        let turning = spinner(&field.checking, app.now).unwrap_or(' ');
        let mut spans = vec![
            Span::styled(text::filled(label, LABEL - 2), name),
            Span::styled(turning.to_string(), theme.accent),
            // An edge and no line below: names have underscores.
            Span::styled("▏", edge),
        ];
        if field.choices.is_empty() {
            spans.push(Span::raw(shown));
        }
        for choice in &field.choices {
            let chosen = *choice == field.text();
            let (mark, style) = if chosen { ('●', Style::new()) } else { ('○', theme.faint) };
            spans.push(Span::styled(format!("{mark} {choice}   "), style));
        }
        self.line(spans);
        match &field.problem {
            Some(said) => self.problem(said),
            None if focused && !hint.is_empty() => self.pair_styled("", hint, theme.faint),
            None => {}
        }
        if focused {
            self.keep = (self.keep_from.unwrap_or(first), self.lines.len() - 1);
        }
        for entry in &mut self.lines[first..] {
            entry.field = Some(self.fields);
        }
        self.fields += 1;
    }

    /// Says that something is waited for, once that is worth it.
    pub(super) fn wait(&mut self, app: &App, request: &Request, words: &str) -> bool {
        let Some(turn) = spinner(request, app.now) else { return false };
        self.line(vec![
            Span::styled(format!("{turn} "), self.theme.accent),
            Span::raw(format!("{words}…")),
        ]);
        true
    }

    /// Says that an operation is waited for, and that nobody must.
    pub(super) fn wait_or_leave(&mut self, app: &App, request: &Request, words: &str) -> bool {
        let waits = self.wait(app, request, words);
        let back = app.keymap.how(Command::Back);
        if waits && let Some(entry) = self.lines.last_mut() {
            entry.line.push_span(Span::styled(format!("  {back} to cancel"), self.theme.faint));
            self.keep = (self.lines.len() - 1, self.lines.len() - 1);
        }
        waits
    }

    fn value_width(&self) -> usize {
        self.width.saturating_sub(LABEL)
    }

    /// How many lines there are where `height` fit: what does not fit gives up its empty ones.
    pub(super) fn lines_in(&self, height: usize) -> usize {
        let gaps = self.lines.iter().filter(|entry| entry.gap).count();
        let lines = self.lines.len();
        if lines > height { lines - gaps } else { lines }
    }

    /// How many rows it takes where there is room.
    pub(super) fn height(&self) -> u16 {
        u16::try_from(self.lines.len()).unwrap_or(u16::MAX)
    }

    /// With this line, counted without the empty ones, as the first in sight.
    pub(super) fn scrolled(mut self, first: usize) -> Self {
        self.first = first;
        self
    }

    /// Draws the lines; where the cursor is.
    pub(super) fn draw(mut self, buffer: &mut Buffer, area: Rect) -> Option<Position> {
        let top = self.arrange(area);
        let clip = area.intersection(buffer.area);
        for (y, entry) in (clip.y..clip.bottom()).zip(self.lines.iter().skip(top)) {
            buffer.set_line(clip.x, y, &entry.line, clip.width);
        }
        let (x, y) = self.cursor?;
        let (x, y) = (u16::try_from(x).ok()?, u16::try_from(y.checked_sub(top)?).ok()?);
        (x < area.width && y < area.height).then(|| Position::new(area.x + x, area.y + y))
    }

    /// The same, and says where the fields are.
    pub(super) fn draw_fields(
        mut self,
        buffer: &mut Buffer,
        area: Rect,
        drawn: &mut Drawn,
    ) -> Option<Position> {
        let top = self.arrange(area);
        for (row, entry) in area.rows().zip(self.lines.iter().skip(top)) {
            if let Some(number) = entry.field {
                drawn.add(row, HitTarget::Field(number));
            }
        }
        self.draw(buffer, area)
    }

    /// Makes the lines fit, and says which is the first in sight.
    fn arrange(&mut self, area: Rect) -> usize {
        let height = usize::from(area.height);
        if self.lines.len() > height {
            self.squeeze();
        }
        let (first, last) = self.keep;
        let bottom = (last + 1).saturating_sub(height);
        if self.lines.len() > height { bottom.min(first).max(self.first) } else { 0 }
    }

    /// Gives up the empty lines.
    fn squeeze(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        let moved = |line: usize| line - lines[..line].iter().filter(|entry| entry.gap).count();
        self.cursor = self.cursor.map(|(x, y)| (x, moved(y)));
        self.keep = (moved(self.keep.0), moved(self.keep.1));
        self.lines = lines.into_iter().filter(|entry| !entry.gap).collect();
    }
}

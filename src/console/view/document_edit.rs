//! A document that is being changed: its text with a cursor, then what would be different, in colours.

use bson::RawDocument;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    text::{Line, Span},
};

use super::{Theme, below, documents, heading, shell, spinner};
use crate::{
    console::{
        app::{App, Changes, DocumentEdit, EditStage},
        text,
    },
    document::{ChangeKind, ConflictLine, Line as Change, ShownValue, brief_id},
    keymap::Command,
    org::counted,
    store::DocumentWrite,
};

/// How many characters of an `_id` are in a title: the digits of an `ObjectId`.
pub(super) const ID_MOST: usize = 24;

pub(super) fn draw(
    app: &App,
    edit: &DocumentEdit,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
) -> Option<Position> {
    let title = title(edit);
    let waits = [(&edit.writing, "saving"), (&edit.checking, "reading")];
    let wait = waits.into_iter().find_map(|(request, word)| {
        Some(format!(
            "{} to cancel  {word}… {}",
            app.keymap.how(Command::Back),
            spinner(request, app.now)?
        ))
    });
    let right = match (&wait, &edit.stage) {
        (Some(wait), _) => wait.clone(),
        (None, EditStage::Typing) => {
            let (line, column) = edit.editor.cursor();
            format!("{}:{}", line + 1, column + 1)
        }
        (None, EditStage::Asking(Changes { lines, .. }))
            if !lines.is_empty() && !edit.deletes() =>
        {
            counted(lines.len() as u64, "change")
        }
        (None, EditStage::Conflict { conflicts, .. }) => {
            counted(conflicts.len() as u64, "conflict")
        }
        (None, EditStage::Asking(_)) => String::new(),
    };
    let rest = heading(buffer, area, theme, &title, &right);
    let rest = said(edit, theme, buffer, rest);
    match &edit.stage {
        EditStage::Typing => typed(edit, theme, buffer, rest),
        EditStage::Asking(changes) => {
            asked(changes, theme, buffer, rest);
            None
        }
        EditStage::Conflict { conflicts, top } => {
            let lines = conflicts.iter().skip(*top).flat_map(|conflict| versions(conflict, theme));
            rows(lines, buffer, rest);
            None
        }
    }
}

/// What is done, and to which document.
fn title(edit: &DocumentEdit) -> String {
    let name = &edit.org.name;
    let id = |document: &RawDocument| text::fit(&brief_id(document, ID_MOST), ID_MOST).into_owned();
    let before = || edit.before.as_deref().map(id).unwrap_or_default();
    match &edit.stage {
        EditStage::Typing if edit.before.is_none() => format!("New document of {name}"),
        EditStage::Typing => format!("Edit document {} of {name}", before()),
        EditStage::Asking(changes) => match &changes.write {
            DocumentWrite::Insert(_) => format!("Insert this document into {name}?"),
            DocumentWrite::Replace { before, .. } => {
                format!("Save changes to document {} of {name}?", id(before))
            }
            DocumentWrite::Delete(document) => {
                format!("Delete document {} of {name}?", id(document))
            }
        },
        EditStage::Conflict { .. } => format!("Conflicts in document {} of {name}", before()),
    }
}

/// What is wrong, or what has happened, above the rest. What is left below it.
fn said(edit: &DocumentEdit, theme: &Theme, buffer: &mut Buffer, area: Rect) -> Rect {
    let Some(problem) = &edit.problem else { return area };
    let room = Rect { height: area.height.saturating_sub(1), ..area };
    below(area, documents::said(problem, theme.bad, theme, buffer, room))
}

/// The text, with the cursor in it.
fn typed(edit: &DocumentEdit, theme: &Theme, buffer: &mut Buffer, area: Rect) -> Option<Position> {
    let editor = &edit.editor;
    let room = Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
    let shown = editor.lines().iter().skip(editor.top);
    for (place, line) in room.rows().zip(shown) {
        let line = scrolled(shell::line(line, theme), editor.left);
        buffer.set_line(place.x, place.y, &line, place.width);
    }
    let (line, column) = editor.cursor();
    let at =
        |number: usize, from: usize| u16::try_from(number.saturating_sub(from)).unwrap_or(u16::MAX);
    let (x, y) = (at(column, editor.left), at(line, editor.top));
    (x < room.width && y < room.height).then(|| Position::new(room.x + x, room.y + y))
}

/// A line without its first columns. Half of a wide character is a space.
fn scrolled(line: Line<'static>, mut left: usize) -> Line<'static> {
    if left == 0 {
        return line;
    }
    let mut spans = Vec::new();
    for span in line.spans {
        let mut rest = String::new();
        for c in span.content.chars() {
            let width = text::width(c.encode_utf8(&mut [0; 4]));
            if left == 0 {
                rest.push(c);
            } else if width > left {
                rest.push_str(&" ".repeat(width - left));
                left = 0;
            } else {
                left -= width;
            }
        }
        spans.push(Span::styled(rest, span.style));
    }
    Line::from(spans)
}

/// What would be different; of a deletion, that it is one.
fn asked(changes: &Changes, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    match &changes.write {
        DocumentWrite::Replace { .. } => {
            let shown = changes.lines.iter().skip(changes.top);
            rows(shown.flat_map(|change| change_lines(change, theme)), buffer, area);
        }
        DocumentWrite::Insert(document) | DocumentWrite::Delete(document) => {
            let mut shown = String::new();
            // It was read from text, or is shown as far as it can be.
            let _ = crate::document::pretty(document, &mut Begin(&mut shown));
            let mut lines = shown.lines().map(|line| shell::line(line, theme)).collect::<Vec<_>>();
            let room = usize::from(area.height);
            if lines.len() > room {
                lines.truncate(room.saturating_sub(1));
                lines.push(Line::styled("… and more", theme.faint));
            }
            rows(lines, buffer, area);
        }
    }
}

/// As much text as a large screen shows.
struct Begin<'a>(&'a mut String);

impl std::fmt::Write for Begin<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.push_str(text);
        if self.0.len() < 64 * 1024 { Ok(()) } else { Err(std::fmt::Error) }
    }
}

fn rows<'a>(lines: impl IntoIterator<Item = Line<'a>>, buffer: &mut Buffer, area: Rect) {
    let room = Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
    for (place, line) in room.rows().zip(lines) {
        buffer.set_line(place.x, place.y, &line, place.width);
    }
}

/// A change: where, and below it what was and what is.
fn change_lines(change: &Change, theme: &Theme) -> Vec<Line<'static>> {
    let words = match change.kind {
        ChangeKind::Added => "  added",
        ChangeKind::Removed => "  removed",
        ChangeKind::Changed => "",
        ChangeKind::Reordered => "  other order",
    };
    let head = Line::from(vec![
        Span::styled(change.path.clone(), theme.strong),
        Span::styled(words, theme.faint),
    ]);
    let mut lines = vec![head];
    lines.extend(change.removed.as_ref().map(|value| valued("- ", value, theme.bad, theme)));
    lines.extend(change.added.as_ref().map(|value| valued("+ ", value, theme.accent, theme)));
    lines
}

fn valued(mark: &'static str, value: &ShownValue, style: Style, theme: &Theme) -> Line<'static> {
    let mut spans = vec![Span::styled(mark, style)];
    spans.extend(with_type(value, style, theme));
    Line::from(spans)
}

/// A value, and its type where the text does not say it.
fn with_type(value: &ShownValue, style: Style, theme: &Theme) -> Vec<Span<'static>> {
    let mut spans = vec![Span::styled(value.text.clone(), style)];
    spans.extend(value.kind.map(|kind| Span::styled(format!("  ({kind})"), theme.faint)));
    spans
}

/// What a value was, what mine would be, and what theirs is.
fn versions(conflict: &ConflictLine, theme: &Theme) -> Vec<Line<'static>> {
    let value = |label: &'static str, value: &Option<ShownValue>, style: Style| match value {
        Some(value) => {
            let mut spans = vec![Span::styled(label, theme.faint)];
            spans.extend(with_type(value, style, theme));
            Line::from(spans)
        }
        None => {
            Line::from(vec![Span::styled(label, theme.faint), Span::styled("(not there)", style)])
        }
    };
    vec![
        Line::styled(conflict.path.clone(), theme.strong),
        value("  before  ", &conflict.original, Style::new()),
        value("  yours   ", &conflict.mine, theme.accent),
        value("  theirs  ", &conflict.theirs, theme.bad),
    ]
}

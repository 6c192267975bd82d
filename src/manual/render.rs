//! A page in Markdown as lines for a terminal of some width: the command line and the console show the same.
//! Pictures are left out, and of a link its text and its topic stay.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd};

use super::wrap::{append, columns, fold, push, wrap};

/// What a part of a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    #[default]
    Text,
    /// A heading, or what a column of a table has.
    Heading,
    /// What matters most in a sentence.
    Strong,
    /// What is typed, and what a program prints.
    Code,
}

/// A part of a line, all of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its text.
    pub text: String,
    /// What it is.
    pub kind: Kind,
}

/// A line of a page.
pub type Line = Vec<Span>;

/// The columns between those of a table, and before a block of commands.
const GAP: usize = 2;

/// The page in lines of at most `width` columns. Where there are no styles, `quotes` tell what is typed.
#[must_use]
pub fn lines(text: &str, width: usize, quotes: bool) -> Vec<Line> {
    let mut page = Page { width, quotes, ..Page::default() };
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        page.take(event);
    }
    while page.lines.last().is_some_and(Vec::is_empty) {
        page.lines.pop();
    }
    page.lines
}

/// A page that is being read.
#[derive(Default)]
struct Page {
    width: usize,
    lines: Vec<Line>,
    /// What was read of a paragraph, an item or a cell.
    inline: Line,
    /// What text is now.
    kind: Kind,
    /// Of each list one is in, the number of the next item, where they have numbers.
    lists: Vec<Option<u64>>,
    /// What stands before the next line of an item: a mark once, then as many spaces.
    mark: String,
    /// Where the link leads that one is in, and where its text begins.
    link: Option<(String, usize)>,
    /// The rows of a table that is being read.
    rows: Vec<Vec<Line>>,
    /// Whether a picture is being read, or a block of commands.
    picture: bool,
    block: bool,
    /// Whether what is typed stands in quotes.
    quotes: bool,
}

impl Page {
    fn take(&mut self, event: Event) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.block => self.commands(&text),
            Event::Text(text) => self.text(&text, self.kind),
            Event::Code(text) if self.quotes => self.text(&format!("`{text}`"), Kind::Code),
            Event::Code(text) => self.text(&text, Kind::Code),
            Event::SoftBreak | Event::HardBreak => self.text(" ", self.kind),
            // No page has any: a test holds them to that.
            Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::Html(_)
            | Event::InlineHtml(_)
            | Event::FootnoteReference(_)
            | Event::Rule
            | Event::TaskListMarker(_) => {}
        }
    }

    fn text(&mut self, text: &str, kind: Kind) {
        if !self.picture {
            push(&mut self.inline, text, kind);
        }
    }

    fn start(&mut self, tag: Tag) {
        match tag {
            Tag::Heading { .. } => {
                self.gap();
                self.kind = Kind::Heading;
            }
            Tag::Paragraph if self.lists.is_empty() => self.gap(),
            Tag::CodeBlock(_) => {
                self.gap();
                self.block = true;
            }
            Tag::List(number) => {
                self.flush();
                if self.lists.is_empty() {
                    self.gap();
                }
                self.lists.push(number);
            }
            Tag::Item => {
                let indent = "  ".repeat(self.lists.len().saturating_sub(1));
                self.mark = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{indent}{}. ", *number - 1)
                    }
                    Some(None) | None => format!("{indent}- "),
                };
            }
            Tag::Strong | Tag::Emphasis => self.kind = Kind::Strong,
            Tag::Link { dest_url, .. } => {
                let length = self.inline.iter().map(|span| span.text.len()).sum();
                self.link = Some((dest_url.into_string(), length));
            }
            Tag::Image { .. } => self.picture = true,
            Tag::Table(_) => self.gap(),
            Tag::TableHead => {
                self.kind = Kind::Heading;
                self.rows.push(Vec::new());
            }
            Tag::TableRow => self.rows.push(Vec::new()),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                self.flush();
                self.kind = Kind::Text;
            }
            TagEnd::Paragraph => self.flush(),
            TagEnd::CodeBlock => self.block = false,
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::Item => {
                self.flush();
                self.mark.clear();
            }
            TagEnd::Strong | TagEnd::Emphasis | TagEnd::TableHead => self.kind = Kind::Text,
            TagEnd::Link => self.name_topic(),
            TagEnd::Image => self.picture = false,
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.inline);
                if let Some(row) = self.rows.last_mut() {
                    row.push(cell);
                }
            }
            TagEnd::Table => self.table(),
            _ => {}
        }
    }

    /// An empty line, except at the beginning and after another.
    fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(Vec::new());
        }
    }

    /// What was read, in lines behind the mark of its item.
    fn flush(&mut self) {
        let inline = std::mem::take(&mut self.inline);
        if inline.is_empty() {
            return;
        }
        let indent = self.mark.chars().count();
        for line in wrap(&inline, self.width.saturating_sub(indent)) {
            let mut whole = Line::new();
            push(&mut whole, &self.mark, Kind::Text);
            append(&mut whole, &line);
            self.lines.push(whole);
            self.mark = " ".repeat(indent);
        }
    }

    /// Lines of a block, which stay as they are while they fit.
    fn commands(&mut self, text: &CowStr) {
        for line in text.lines().flat_map(|line| fold(line, self.width.saturating_sub(GAP))) {
            let mut whole = Line::new();
            push(&mut whole, &" ".repeat(GAP), Kind::Text);
            push(&mut whole, &line, Kind::Code);
            self.lines.push(whole);
        }
    }

    /// Names the topic a link leads to, where its text does not.
    fn name_topic(&mut self) {
        let Some((to, from)) = self.link.take() else { return };
        let whole: String = self.inline.iter().map(|span| span.text.as_str()).collect();
        let text = whole.get(from..).unwrap_or_default();
        let topic = to.strip_suffix(".md").unwrap_or(&to);
        let named = text.to_lowercase().replace(' ', "-");
        if named.strip_prefix("the-").unwrap_or(&named) != topic {
            self.text(&format!(" ({topic})"), Kind::Text);
        }
    }

    /// The rows that were read, in columns as wide as what is in them; where that is too much, the widest
    /// are narrowed first, and their cells take several lines.
    fn table(&mut self) {
        let rows = std::mem::take(&mut self.rows);
        let count = rows.iter().map(Vec::len).max().unwrap_or(0);
        let cells = |at: usize| rows.iter().filter_map(move |row| row.get(at));
        let mut widths: Vec<usize> =
            (0..count).map(|at| cells(at).map(|cell| columns(cell)).max().unwrap_or(0)).collect();
        let least: Vec<usize> = (0..count)
            .map(|at| cells(at).map(|cell| longest_word(cell)).max().unwrap_or(0))
            .collect();
        let room = self.width.saturating_sub(GAP * count.saturating_sub(1));
        while widths.iter().sum::<usize>() > room {
            // One that its words still fit in, or else any.
            let order = |at: &usize| (widths[*at] > least[*at], widths[*at]);
            let Some(at) = (0..count).max_by_key(order).filter(|at| widths[*at] > 1) else { break };
            widths[at] -= 1;
        }
        for row in &rows {
            let wrapped: Vec<Vec<Line>> =
                row.iter().zip(&widths).map(|(cell, width)| wrap(cell, *width)).collect();
            let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
            for y in 0..height {
                let mut line = Line::new();
                let mut end = 0;
                for (cell, width) in wrapped.iter().zip(&widths) {
                    if let Some(part) = cell.get(y).filter(|part| !part.is_empty()) {
                        let gap = end - columns(&line).min(end);
                        push(&mut line, &" ".repeat(gap), Kind::Text);
                        append(&mut line, part);
                    }
                    end += width + GAP;
                }
                self.lines.push(line);
            }
        }
    }
}

fn longest_word(cell: &[Span]) -> usize {
    let text: String = cell.iter().map(|span| span.text.as_str()).collect();
    text.split(' ').map(crate::org::width).max().unwrap_or(0)
}

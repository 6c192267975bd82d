//! A filter as it is typed: terms such as `city:Oslo total>5`, all of which must hold.

use bson::RawDocumentBuf;

use super::{
    Filter,
    ast::{All, Comparison, Join, Node, Path},
    error::{FilterError, FilterProblem},
    guess::{Asked, Guess, condition, guess, is_no_date},
};
use crate::org::escaped_short;

/// Why what was typed is no filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError<E> {
    /// In a query, where the reader of its syntax stopped.
    #[error("{0}")]
    Syntax(E),
    /// In a query that was read: what it asks for.
    #[error("{0}")]
    Query(FilterError),
    /// In a line of terms.
    #[error("line {line}, column {column}: {problem}")]
    Line {
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
        /// What is wrong there.
        problem: LineProblem,
    },
}

/// What is wrong in a line of terms.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineProblem {
    /// A value or a name that does not end.
    #[error("the quote is not closed; add {0} at its end")]
    Unclosed(char),
    /// A backslash before something else than a quote or a backslash.
    #[error("\\{} means nothing in quotes; write \\\" or \\' or \\\\", escaped_short(&.0.to_string(), 8))]
    Escape(char),
    /// Something directly behind a quote.
    #[error("something follows the quote; put a space between")]
    Behind,
    /// An operator without a field before it.
    #[error("a field is missing before {0}; write field{0}value")]
    NoField(&'static str),
    /// An operator without a value after it.
    #[error("a value is missing after {0}; write \"\" for the empty text, or * for any value")]
    NoValue(&'static str),
    /// Two operators, one after the other.
    #[error("two operators; write {0} alone, or the value in quotes")]
    TwoOperators(&'static str),
    /// A star that is not the end of a value.
    #[error("* stands at the end of a value alone; write a value with * in quotes")]
    Star,
    /// An order with what has none.
    #[error("{0} needs a number, a date, an id or a text")]
    NoOrder(&'static str),
    /// A day that is in no calendar, or a time that no day has.
    #[error("{} is no date; write it in quotes to look for that text", escaped_short(.0, 40))]
    NoDate(String),
    /// A word behind a text that it may belong to.
    #[error(
        "“{word}” stands alone, and would be an _id; write \"{before} {word}\" if that is one value, or _id:{word}",
        word = escaped_short(word, 40), before = escaped_short(before, 40)
    )]
    Apart {
        /// The text before it.
        before: String,
        /// The word.
        word: String,
    },
    /// A word of other languages that joins conditions.
    #[error("{}", .0.hint())]
    Joined(JoiningWord),
    /// What a query would be refused for as well.
    #[error("{0}")]
    Filter(FilterProblem),
}

/// A word that joins conditions in other languages, and means nothing in a line of terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoiningWord {
    /// One of them has to hold.
    Or,
    /// All of them have to.
    And,
    /// It has not.
    Not,
}

impl JoiningWord {
    /// What a word is, between other terms or before them.
    fn of(word: &str, (first, last): (bool, bool)) -> Option<Self> {
        let joins = |names: [&str; 2]| {
            names.contains(&word) && !(first && last)
                || !first && names[0].eq_ignore_ascii_case(word)
        };
        if joins(["OR", "||"]) {
            return Some(Self::Or);
        }
        if joins(["AND", "&&"]) {
            return Some(Self::And);
        }
        (word == "NOT" && !last).then_some(Self::Not)
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Or => {
                "all conditions of a line have to match; for one of several, write { $or: [ { a: 1 }, { b: 2 } ] }"
            }
            Self::And => "conditions are separated by spaces alone: all of them have to match",
            Self::Not => "write field!=value, or { $nor: [ { a: 1 } ] }",
        }
    }
}

/// The operators, a longer one before one that it begins with.
const OPERATORS: [(&str, Asked); 7] = [
    ("!=", Asked::IsNot),
    (">=", Asked::Ordered(Comparison::GreaterOrEqual)),
    ("<=", Asked::Ordered(Comparison::LessOrEqual)),
    (":", Asked::Is),
    ("=", Asked::Is),
    (">", Asked::Ordered(Comparison::Greater)),
    ("<", Asked::Ordered(Comparison::Less)),
];

/// A place in characters from the beginning, and what is wrong there.
type Wrong = (usize, LineProblem);

impl Filter {
    /// Reads what an operator types. A text that begins with `{` is a query, which `shell` reads. Any other is a line of
    /// terms, with spaces between them, all of which must hold:
    ///
    /// - `field:value` or `field=value`, `field!=value`, `field>5`, `>=`, `<`, `<=`; `field:*` where there is one, and
    ///   `field:wor*` for a text that begins so;
    /// - a single value is short for `_id:value`;
    /// - a value is what it looks like: a number (of any type), `true`, `false`, `null` (or missing), a time (in UTC where
    ///   it has no zone), a minute, a day or a month (any time of it), 24 hexadecimal digits (an `ObjectId`), a UUID, or
    ///   else a text. What looks like an id, a UUID or any of these times may also be stored as that text; `>` and the
    ///   like do not look for the text. A year from 1900 to 2099 is that number, or any time of the year;
    /// - in double or single quotes, anything is a text or a field, with `\"`, `\'` and `\\`.
    ///
    /// An empty text lets all documents through. As on the server, two elements of an array may meet the two ends of a
    /// day.
    ///
    /// # Errors
    /// What `shell` says, why a query is refused, or what is wrong in the line and where.
    pub fn parse<E>(
        text: &str,
        shell: impl FnOnce(&str) -> Result<RawDocumentBuf, E>,
    ) -> Result<Self, ParseError<E>> {
        if text.trim_start().starts_with('{') {
            let query = shell(text).map_err(ParseError::Syntax)?;
            return Self::from_document(&query).map_err(ParseError::Query);
        }
        let characters: Vec<char> = text.chars().collect();
        let mut line = Line { characters: &characters, at: 0, before: None };
        let nodes = line.terms().map_err(|(at, problem)| {
            let before = &characters[..at.min(characters.len())];
            let breaks = before.iter().filter(|c| **c == '\n').count();
            let column = before.iter().rev().take_while(|c| **c != '\n').count();
            ParseError::Line { line: breaks + 1, column: column + 1, problem }
        })?;
        Ok(Self { all: joined(nodes) })
    }
}

/// Conditions in one document where their keys differ, and each in its own where not.
fn joined(nodes: All) -> All {
    let key = |node: &Node| match node {
        Node::Join(join, _) => join.operator().to_owned(),
        Node::Field(path, _) => path.text(),
    };
    let keys: std::collections::BTreeSet<String> = nodes.iter().map(key).collect();
    if keys.len() == nodes.len() {
        return nodes;
    }
    vec![Node::Join(Join::And, nodes.into_iter().map(|node| vec![node]).collect())]
}

struct Line<'t> {
    characters: &'t [char],
    at: usize,
    /// The text without quotes that the last term ended with.
    before: Option<String>,
}

impl Line<'_> {
    fn next(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn skip_spaces(&mut self) {
        while self.next().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn terms(&mut self) -> Result<All, Wrong> {
        let mut nodes = Vec::new();
        loop {
            self.skip_spaces();
            if self.next().is_none() {
                return Ok(nodes);
            }
            let first = nodes.is_empty();
            nodes.push(self.term(first)?);
        }
    }

    fn term(&mut self, first: bool) -> Result<Node, Wrong> {
        let begin = self.at;
        let before = self.before.take();
        if let Some((operator, _)) = self.operator() {
            return Err((begin, LineProblem::NoField(operator)));
        }
        let (name, quoted) = self.word(true)?;
        let end = self.at;
        self.skip_spaces();
        let at_operator = self.at;
        let Some((operator, asked)) = self.operator() else {
            // It was a value, and spaces.
            self.at = end;
            let ends = (first, at_operator == self.characters.len());
            if let Some(joining) = JoiningWord::of(&name, ends).filter(|_| !quoted) {
                return Err((begin, LineProblem::Joined(joining)));
            }
            let id = Path::new("_id").map_err(|problem| (begin, LineProblem::Filter(problem)))?;
            let guess = Self::guess(begin, name, quoted)?.of_id();
            let word = guess.only_text().filter(|_| !quoted).map(str::to_owned);
            if let (Some(before), Some(word)) = (before, &word) {
                return Err((begin, LineProblem::Apart { before, word: word.clone() }));
            }
            self.before = word;
            return Self::condition(id, Asked::Is, ":", begin, guess);
        };
        let path = field(&name).map_err(|problem| (begin, LineProblem::Filter(problem)))?;
        self.skip_spaces();
        let at_value = self.at;
        if let Some((second, _)) = self.operator() {
            return Err((at_value, LineProblem::TwoOperators(second)));
        }
        if self.next().is_none() {
            return Err((at_operator, LineProblem::NoValue(operator)));
        }
        let (value, quoted) = self.word(false)?;
        let guess = Self::guess(at_value, value, quoted)?;
        self.before = guess.only_text().filter(|_| !quoted).map(str::to_owned);
        Self::condition(path, asked, operator, at_value, guess)
    }

    fn guess(at: usize, text: String, quoted: bool) -> Result<Guess, Wrong> {
        if quoted {
            return Ok(Guess::Values(vec![text.into()]));
        }
        if is_no_date(&text) {
            return Err((at, LineProblem::NoDate(text)));
        }
        guess(&text).ok_or_else(|| {
            let star = text.chars().take_while(|c| *c != '*').count();
            (at + star, LineProblem::Star)
        })
    }

    fn condition(
        path: Path,
        asked: Asked,
        operator: &'static str,
        at: usize,
        guess: Guess,
    ) -> Result<Node, Wrong> {
        let node = condition(path, asked, guess);
        let node = node.map_err(|problem| (at, LineProblem::Filter(problem)))?;
        node.ok_or((at, LineProblem::NoOrder(operator)))
    }

    /// The operator that stands here.
    fn operator(&mut self) -> Option<(&'static str, Asked)> {
        let rest = &self.characters[self.at..];
        let stands = |text: &str| {
            let count = text.chars().count();
            rest.len() >= count && text.chars().eq(rest[..count].iter().copied())
        };
        let found = OPERATORS.into_iter().find(|(text, _)| stands(text))?;
        self.at += found.0.chars().count();
        Some(found)
    }

    /// A text in quotes, or up to a space, and whether it was in quotes. A field ends before an operator as well.
    fn word(&mut self, field: bool) -> Result<(String, bool), Wrong> {
        if let Some(quote @ ('"' | '\'')) = self.next() {
            let text = self.quoted(quote)?;
            let ends =
                self.next().is_none_or(char::is_whitespace) || field && self.is_at_operator();
            return if ends { Ok((text, true)) } else { Err((self.at, LineProblem::Behind)) };
        }
        let begin = self.at;
        while self.next().is_some_and(|c| !c.is_whitespace()) && !(field && self.is_at_operator()) {
            self.at += 1;
        }
        Ok((self.characters[begin..self.at].iter().collect(), false))
    }

    fn is_at_operator(&self) -> bool {
        Line { characters: self.characters, at: self.at, before: None }.operator().is_some()
    }

    fn quoted(&mut self, quote: char) -> Result<String, Wrong> {
        let begin = self.at;
        let mut text = String::new();
        loop {
            self.at += 1;
            match self.next() {
                None => return Err((begin, LineProblem::Unclosed(quote))),
                Some(end) if end == quote => break,
                Some('\\') => {
                    self.at += 1;
                    match self.next() {
                        Some(escaped @ ('"' | '\'' | '\\')) => text.push(escaped),
                        Some(other) => return Err((self.at - 1, LineProblem::Escape(other))),
                        None => return Err((begin, LineProblem::Unclosed(quote))),
                    }
                }
                Some(character) => text.push(character),
            }
        }
        self.at += 1;
        Ok(text)
    }
}

/// A field that is named in a line: no operator.
fn field(name: &str) -> Result<Path, FilterProblem> {
    if name.starts_with('$') {
        return Err(super::read::not_outside(name));
    }
    Path::new(name)
}

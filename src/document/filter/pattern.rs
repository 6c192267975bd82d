//! Regular expressions that the server's engine (PCRE) and Rust's read alike. Where the two differ, a pattern is
//! rewritten for Rust's engine if that is possible, and refused if not. Two differences remain: where case is ignored,
//! the engines know different versions of Unicode; and the server gives up on a pattern that backtracks for too long.

use std::ops::Range;

use bson::{raw::CString, spec::ElementType};
use regex::{Regex, RegexBuilder};
use regex_syntax::ast::{
    Assertion, AssertionKind, Ast, ClassAsciiKind, ClassBracketed, ClassPerl, ClassPerlKind,
    ClassSet, ClassSetItem, Concat, Flag, Flags, FlagsItemKind, Group, GroupKind, HexLiteralKind,
    Literal, LiteralKind, Repetition, RepetitionKind, RepetitionRange, Span, SpecialLiteralKind,
    parse::ParserBuilder,
};

use super::{
    error::FilterProblem,
    value::{Malformed, Value},
};

/// About how many bytes the server's engine may need: it takes no more than 64 KiB.
const SIZE_MOST: usize = 50_000;
const REPEATED_MOST: u32 = 1_000;
const NESTED_MOST: u32 = 50;

/// A regular expression and its options, as they are sent, and as they are matched here.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    sent: bson::Regex,
    regex: Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.sent == other.sent
    }
}

impl Pattern {
    pub(super) fn new(pattern: &str, options: &str) -> Result<Self, FilterProblem> {
        Self::read(pattern, options).map_err(FilterProblem::Regex)
    }

    fn read(pattern: &str, options: &str) -> Result<Self, String> {
        if let Some(other) = options.chars().find(|option| !"ims".contains(*option)) {
            return Err(format!("has the option {other}; use i, m and s"));
        }
        if pattern.len() > SIZE_MOST {
            return Err("is too large".to_owned());
        }
        let has = |option: char| options.contains(option);
        let sent: String = ['i', 'm', 's'].into_iter().filter(|option| has(*option)).collect();
        let text = |text: &str| {
            CString::try_from(text.to_owned()).map_err(|_| "has a zero byte; use \\x00".to_owned())
        };
        let sent = bson::Regex { pattern: text(pattern)?, options: text(&sent)? };
        let mut parser = ParserBuilder::new().nest_limit(NESTED_MOST).build();
        let ast = parser.parse(pattern).map_err(|wrong| {
            format!("cannot be read at character {}: {}", wrong.span().start.column, wrong.kind())
        })?;
        let mut check =
            Checker { pattern, ignore_case: has('i'), multi_line: has('m'), rewritten: Vec::new() };
        let size = check.ast(&ast, Place { last: true, more: false })?;
        if size > SIZE_MOST {
            return Err("is too large".to_owned());
        }
        let regex = RegexBuilder::new(&check.rewrite())
            .case_insensitive(has('i'))
            .multi_line(has('m'))
            .dot_matches_new_line(has('s'))
            .build()
            .map_err(|_| "is too large".to_owned())?;
        Ok(Self { sent, regex })
    }

    pub(super) fn to_bson(&self) -> bson::Regex {
        self.sent.clone()
    }

    /// Whether it is found in a text, or is this regular expression itself. Nothing is found in what is not UTF-8.
    pub(super) fn finds(&self, value: Option<Value<'_>>) -> Result<bool, Malformed> {
        let Some(value) = value else { return Ok(false) };
        if value.kind == ElementType::RegularExpression {
            let own = (self.sent.pattern.as_str(), self.sent.options.as_str());
            return Ok(value.regex()? == (own.0.as_bytes(), own.1.as_bytes()));
        }
        let is_text = [ElementType::String, ElementType::Symbol].contains(&value.kind);
        let found = |text: &[u8]| str::from_utf8(text).is_ok_and(|text| self.regex.is_match(text));
        Ok(is_text && found(value.text()?))
    }
}

/// Where in a pattern something stands.
#[derive(Clone, Copy)]
struct Place {
    /// Nothing follows it, and it is not repeated.
    last: bool,
    /// What follows matches one character at least.
    more: bool,
}

/// Reads a pattern for what the two engines take differently, and notes what is to be rewritten.
struct Checker<'p> {
    pattern: &'p str,
    ignore_case: bool,
    multi_line: bool,
    rewritten: Vec<(Range<usize>, &'static str)>,
}

/// How many bytes the server's engine needs about.
type Size = Result<usize, String>;

impl Checker<'_> {
    fn refuse<T>(&self, span: &Span, why: &str) -> Result<T, String> {
        let part: String =
            self.pattern[span.start.offset..span.end.offset].chars().take(20).collect();
        Err(format!("has {part} at character {}: {why}", span.start.column))
    }

    fn replace(&mut self, span: &Span, with: &'static str) {
        self.rewritten.push((span.start.offset..span.end.offset, with));
    }

    /// The pattern as Rust's engine is to read it.
    fn rewrite(mut self) -> String {
        self.rewritten.sort_by_key(|(range, _)| range.start);
        let mut text = String::new();
        let mut from = 0;
        for (range, with) in self.rewritten {
            text.push_str(&self.pattern[from..range.start]);
            text.push_str(with);
            from = range.end;
        }
        text.push_str(&self.pattern[from..]);
        text
    }

    fn ast(&mut self, ast: &Ast, place: Place) -> Size {
        match ast {
            Ast::Empty(_) | Ast::Dot(_) => Ok(2),
            Ast::Flags(set) if set.span.start.offset == 0 => self.flags(&set.flags),
            Ast::Flags(set) => {
                self.refuse(&set.span, "set options at the beginning or for a group")
            }
            Ast::Literal(literal) => self.literal(literal),
            Ast::Assertion(assertion) => self.assertion(assertion, place),
            Ast::ClassUnicode(class) => self.unicode(&class.span),
            Ast::ClassPerl(class) => self.perl(class, false),
            Ast::ClassBracketed(class) => self.bracketed(class),
            Ast::Repetition(repetition) => self.repetition(repetition),
            Ast::Group(group) => self.group(group, place),
            Ast::Alternation(all) => {
                let mut size = 0;
                for branch in &all.asts {
                    size += self.ast(branch, place)? + 6;
                }
                Ok(size)
            }
            Ast::Concat(all) => self.concat(all, place),
        }
    }

    fn concat(&mut self, all: &Concat, place: Place) -> Size {
        let mut size = 0;
        for (at, ast) in all.asts.iter().enumerate() {
            let behind = &all.asts[at + 1..];
            let last = place.last && behind.is_empty();
            let more = place.more || behind.iter().any(consumes);
            size += self.ast(ast, Place { last, more })?;
        }
        Ok(size)
    }

    fn group(&mut self, group: &Group, place: Place) -> Size {
        let before = (self.ignore_case, self.multi_line);
        match &group.kind {
            GroupKind::CaptureIndex(_) => {}
            GroupKind::CaptureName { name, .. } => {
                let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
                if name.name.len() > 32 || !name.name.chars().all(plain) {
                    return self.refuse(&name.span, "a name has at most 32 letters, digits and _");
                }
            }
            GroupKind::NonCapturing(flags) => {
                self.flags(flags)?;
            }
        }
        let size = self.ast(&group.ast, place)? + 12;
        (self.ignore_case, self.multi_line) = before;
        Ok(size)
    }

    fn flags(&mut self, flags: &Flags) -> Size {
        let mut on = true;
        for item in &flags.items {
            match &item.kind {
                FlagsItemKind::Negation => on = false,
                FlagsItemKind::Flag(Flag::CaseInsensitive) => self.ignore_case = on,
                FlagsItemKind::Flag(Flag::MultiLine) => self.multi_line = on,
                FlagsItemKind::Flag(Flag::DotMatchesNewLine | Flag::SwapGreed) => {}
                FlagsItemKind::Flag(Flag::Unicode | Flag::CRLF | Flag::IgnoreWhitespace) => {
                    return self.refuse(&flags.span, "use the options i, m, s and U");
                }
            }
        }
        Ok(2)
    }

    fn literal(&self, literal: &Literal) -> Size {
        match &literal.kind {
            LiteralKind::Verbatim
            | LiteralKind::Meta
            | LiteralKind::Superfluous
            | LiteralKind::HexFixed(HexLiteralKind::X)
            | LiteralKind::HexBrace(HexLiteralKind::X)
            | LiteralKind::Special(
                SpecialLiteralKind::Bell
                | SpecialLiteralKind::FormFeed
                | SpecialLiteralKind::Tab
                | SpecialLiteralKind::LineFeed
                | SpecialLiteralKind::CarriageReturn
                | SpecialLiteralKind::Space,
            ) => Ok(5),
            LiteralKind::Special(SpecialLiteralKind::VerticalTab) => {
                self.refuse(&literal.span, "use \\x0B")
            }
            LiteralKind::Octal
            | LiteralKind::HexFixed(HexLiteralKind::UnicodeShort | HexLiteralKind::UnicodeLong)
            | LiteralKind::HexBrace(HexLiteralKind::UnicodeShort | HexLiteralKind::UnicodeLong) => {
                self.refuse(&literal.span, "use \\x{…} for the number of a character")
            }
        }
    }

    fn assertion(&mut self, assertion: &Assertion, place: Place) -> Size {
        let span = &assertion.span;
        match assertion.kind {
            // The server takes no line to begin behind the last line break.
            AssertionKind::StartLine if self.multi_line && !place.more => {
                return self.refuse(span, "with the option m, let some character follow it");
            }
            AssertionKind::StartLine | AssertionKind::StartText | AssertionKind::EndText => {}
            AssertionKind::EndLine if self.multi_line => {}
            // The server finds an end before a final line break too.
            AssertionKind::EndLine if place.last => self.replace(span, "(?:\\n?\\z)"),
            AssertionKind::EndLine => {
                return self.refuse(span, "without the option m, it stands at the end alone");
            }
            AssertionKind::WordBoundary => self.replace(span, "(?-u:\\b)"),
            AssertionKind::NotWordBoundary
            | AssertionKind::WordBoundaryStart
            | AssertionKind::WordBoundaryEnd
            | AssertionKind::WordBoundaryStartAngle
            | AssertionKind::WordBoundaryEndAngle
            | AssertionKind::WordBoundaryStartHalf
            | AssertionKind::WordBoundaryEndHalf => {
                return self.refuse(span, "use \\b for the beginning or the end of a word");
            }
        }
        Ok(2)
    }

    fn repetition(&mut self, repetition: &Repetition) -> Size {
        let (ast, span) = (&repetition.ast, &repetition.span);
        match ast.as_ref() {
            Ast::Literal(_)
            | Ast::Dot(_)
            | Ast::ClassUnicode(_)
            | Ast::ClassPerl(_)
            | Ast::ClassBracketed(_)
            | Ast::Group(_) => {}
            Ast::Empty(_)
            | Ast::Flags(_)
            | Ast::Assertion(_)
            | Ast::Repetition(_)
            | Ast::Alternation(_)
            | Ast::Concat(_) => {
                return self.refuse(span, "repeat a character, a class or a group, and that once");
            }
        }
        let times = match &repetition.op.kind {
            RepetitionKind::ZeroOrOne => 1,
            RepetitionKind::ZeroOrMore | RepetitionKind::OneOrMore => 2,
            RepetitionKind::Range(
                RepetitionRange::Exactly(times)
                | RepetitionRange::AtLeast(times)
                | RepetitionRange::Bounded(_, times),
            ) => *times,
        };
        if times > REPEATED_MOST {
            return self.refuse(span, "repeat it at most 1000 times");
        }
        let size = self.ast(ast, Place { last: false, more: false })? + 8;
        Ok(size.saturating_mul(usize::try_from(times.max(1)).unwrap_or(usize::MAX)))
    }

    fn unicode<T>(&self, span: &Span) -> Result<T, String> {
        self.refuse(
            span,
            "the databases know different versions of Unicode; list the characters in […]",
        )
    }

    /// The ASCII characters, as the server has them.
    fn perl(&mut self, class: &ClassPerl, in_brackets: bool) -> Size {
        if in_brackets && self.ignore_case && class.kind == ClassPerlKind::Word {
            return self.refuse(&class.span, "where case is ignored, use 0-9A-Za-z_");
        }
        let ascii = match (&class.kind, class.negated, in_brackets) {
            (ClassPerlKind::Digit, false, _) => "[0-9]",
            (ClassPerlKind::Digit, true, _) => "[^0-9]",
            (ClassPerlKind::Space, false, _) => "[\\t-\\r ]",
            (ClassPerlKind::Space, true, _) => "[^\\t-\\r ]",
            // With case ignored, ſ would be an s.
            (ClassPerlKind::Word, false, false) => "(?-i:[0-9A-Za-z_])",
            (ClassPerlKind::Word, true, false) => "(?-i:[^0-9A-Za-z_])",
            (ClassPerlKind::Word, false, true) => "[0-9A-Za-z_]",
            (ClassPerlKind::Word, true, true) => "[^0-9A-Za-z_]",
        };
        self.replace(&class.span, ascii);
        Ok(40)
    }

    fn bracketed(&mut self, class: &ClassBracketed) -> Size {
        let text = &self.pattern[class.span.start.offset..class.span.end.offset];
        // Without brackets around it, a class of POSIX is an error on the server.
        if ["[:", "[.", "[="].iter().any(|begin| text.starts_with(begin)) {
            return self.refuse(&class.span, "put another character first");
        }
        match &class.kind {
            ClassSet::Item(item) => Ok(self.item(item)? + 48),
            ClassSet::BinaryOp(operation) => self.refuse(&operation.span, "write \\& \\- or \\~"),
        }
    }

    fn item(&mut self, item: &ClassSetItem) -> Size {
        match item {
            ClassSetItem::Empty(_) => Ok(0),
            ClassSetItem::Literal(literal) => self.literal(literal),
            ClassSetItem::Range(range) => {
                Ok(self.literal(&range.start)? + self.literal(&range.end)? + 40)
            }
            ClassSetItem::Ascii(class) => match class.kind {
                _ if class.negated => self.refuse(&class.span, "negate the whole class"),
                ClassAsciiKind::Alnum
                | ClassAsciiKind::Alpha
                | ClassAsciiKind::Lower
                | ClassAsciiKind::Upper
                | ClassAsciiKind::Word
                | ClassAsciiKind::Ascii
                | ClassAsciiKind::Graph
                | ClassAsciiKind::Print
                    if self.ignore_case =>
                {
                    self.refuse(&class.span, "where case is ignored, use a-z")
                }
                ClassAsciiKind::Alnum
                | ClassAsciiKind::Alpha
                | ClassAsciiKind::Ascii
                | ClassAsciiKind::Blank
                | ClassAsciiKind::Cntrl
                | ClassAsciiKind::Digit
                | ClassAsciiKind::Graph
                | ClassAsciiKind::Lower
                | ClassAsciiKind::Print
                | ClassAsciiKind::Punct
                | ClassAsciiKind::Space
                | ClassAsciiKind::Upper
                | ClassAsciiKind::Word
                | ClassAsciiKind::Xdigit => Ok(0),
            },
            ClassSetItem::Unicode(class) => self.unicode(&class.span),
            ClassSetItem::Perl(class) => self.perl(class, true),
            ClassSetItem::Bracketed(class) => self.refuse(&class.span, "write \\[ for a bracket"),
            ClassSetItem::Union(union) => {
                let mut size = 0;
                for item in &union.items {
                    size += self.item(item)?;
                }
                Ok(size)
            }
        }
    }
}

/// Whether it matches one character at least.
fn consumes(ast: &Ast) -> bool {
    match ast {
        Ast::Empty(_) | Ast::Flags(_) | Ast::Assertion(_) => false,
        Ast::Literal(_)
        | Ast::Dot(_)
        | Ast::ClassUnicode(_)
        | Ast::ClassPerl(_)
        | Ast::ClassBracketed(_) => true,
        Ast::Repetition(repetition) => {
            let once = match &repetition.op.kind {
                RepetitionKind::ZeroOrOne | RepetitionKind::ZeroOrMore => false,
                RepetitionKind::OneOrMore => true,
                RepetitionKind::Range(
                    RepetitionRange::Exactly(least)
                    | RepetitionRange::AtLeast(least)
                    | RepetitionRange::Bounded(least, _),
                ) => *least > 0,
            };
            once && consumes(&repetition.ast)
        }
        Ast::Group(group) => consumes(&group.ast),
        Ast::Alternation(all) => all.asts.iter().all(consumes),
        Ast::Concat(all) => all.asts.iter().any(consumes),
    }
}

//! One document on its way into text: what all syntaxes and layouts share. No recursion, so that no document is
//! too deep.

use std::fmt;

use bson::RawDocument;

use super::element::{Elements, Malformed, Value};

/// How long an array or a document inside another may be to stand on one line.
const INLINE_MOST: usize = 64;
/// How deep lines are indented; what is deeper stands below each other, or indentation alone would fill the memory.
const INDENT_MOST: usize = 100;

/// Why a document is not written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// It is not a BSON document.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It cannot be written to where it should go.
    #[error("the text cannot be written")]
    Output(#[from] fmt::Error),
}

/// How values look.
pub(super) trait Syntax {
    /// A value that holds no others.
    fn scalar(&self, value: &Value, out: &mut dyn fmt::Write) -> fmt::Result;

    /// A key, without what separates it from its value.
    fn key(&self, key: &[u8], out: &mut dyn fmt::Write) -> fmt::Result;

    /// The beginning of a value that holds others, and what it holds; none for any other value, and nothing is
    /// written then.
    fn open<'a>(
        &self,
        value: &Value<'a>,
        out: &mut dyn fmt::Write,
    ) -> Result<Option<Inside<'a>>, fmt::Error>;
}

/// What a value holds, on its way into text.
pub(super) struct Inside<'a> {
    pub elements: Elements<'a>,
    /// Whether the keys are written as well.
    pub keyed: bool,
    /// What stands behind the last of them.
    pub close: &'static str,
}

/// Where one value ends and the next begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// All on one line, with a space wherever it helps the eye.
    OneLine,
    /// All on one line, without a space.
    Compact,
    /// One value a line.
    Lines,
}

impl Layout {
    /// Behind the `{` of something that is not empty, and before its `}`.
    fn padding(self, keyed: bool) -> &'static str {
        match self {
            Self::OneLine if keyed => " ",
            Self::OneLine | Self::Compact | Self::Lines => "",
        }
    }

    fn separator(self) -> &'static str {
        match self {
            Self::OneLine => ", ",
            Self::Compact | Self::Lines => ",",
        }
    }

    fn colon(self) -> &'static str {
        match self {
            Self::OneLine | Self::Lines => ": ",
            Self::Compact => ":",
        }
    }
}

/// Writes a document.
pub(super) fn write(
    document: &RawDocument,
    syntax: &impl Syntax,
    layout: Layout,
    out: &mut dyn fmt::Write,
) -> Result<(), WriteError> {
    write_value(&Value::Document(Elements::root(document)?), syntax, layout, out)
}

/// Writes a single value.
pub(super) fn write_value(
    value: &Value,
    syntax: &impl Syntax,
    layout: Layout,
    out: &mut dyn fmt::Write,
) -> Result<(), WriteError> {
    match syntax.open(value, out)? {
        Some(inside) => contents(Some(inside), syntax, layout, out),
        None => Ok(syntax.scalar(value, out)?),
    }
}

fn contents(
    inside: Option<Inside>,
    syntax: &impl Syntax,
    layout: Layout,
    out: &mut dyn fmt::Write,
) -> Result<(), WriteError> {
    // Each with whether it is still without a value.
    let mut open: Vec<(Inside, bool)> = inside.into_iter().map(|inside| (inside, true)).collect();
    while let Some((inside, first)) = open.last_mut() {
        let keyed = inside.keyed;
        let Some(element) = inside.elements.next() else {
            let (close, empty) = (inside.close, *first);
            open.pop();
            match layout {
                Layout::Lines => line(open.len(), out)?,
                Layout::OneLine | Layout::Compact if empty => {}
                Layout::OneLine | Layout::Compact => out.write_str(layout.padding(keyed))?,
            }
            out.write_str(close)?;
            if layout == Layout::Lines && !open.is_empty() {
                out.write_str(layout.separator())?;
            }
            continue;
        };
        let element = element?;
        let first = std::mem::take(first);
        match layout {
            Layout::Lines => line(open.len(), out)?,
            Layout::OneLine | Layout::Compact if first => out.write_str(layout.padding(keyed))?,
            Layout::OneLine | Layout::Compact => out.write_str(layout.separator())?,
        }
        if keyed {
            syntax.key(element.key, out)?;
            out.write_str(layout.colon())?;
        }
        if layout == Layout::Lines
            && let Some(text) = inline(&element.value, syntax)
        {
            out.write_str(&text)?;
        } else if let Some(inside) = syntax.open(&element.value, out)? {
            open.push((inside, true));
            continue;
        } else {
            syntax.scalar(&element.value, out)?;
        }
        if layout == Layout::Lines {
            out.write_str(layout.separator())?;
        }
    }
    Ok(())
}

fn line(depth: usize, out: &mut dyn fmt::Write) -> fmt::Result {
    write!(out, "\n{:1$}", "", 2 * depth.min(INDENT_MOST))
}

/// A value that holds a few plain ones or none, on one line if it is short.
fn inline(value: &Value, syntax: &impl Syntax) -> Option<String> {
    let mut short = Short { text: String::new(), left: INLINE_MOST };
    let inside = syntax.open(value, &mut short).ok()??;
    let plain = |value: &Value| match value {
        Value::Document(_) | Value::Array(_) | Value::CodeWithScope { .. } => false,
        Value::Double(_)
        | Value::String(_)
        | Value::Binary { .. }
        | Value::Undefined
        | Value::ObjectId(_)
        | Value::Boolean(_)
        | Value::DateTime(_)
        | Value::Null
        | Value::Regex { .. }
        | Value::DbPointer { .. }
        | Value::Code(_)
        | Value::Symbol(_)
        | Value::Int32(_)
        | Value::Timestamp { .. }
        | Value::Int64(_)
        | Value::Decimal128(_)
        | Value::MinKey
        | Value::MaxKey => true,
    };
    // No more of them fit, and the rest of a long one is not read to learn that.
    let few = inside.elements.clone().take(INLINE_MOST);
    if !few.into_iter().all(|element| element.is_ok_and(|element| plain(&element.value))) {
        return None;
    }
    contents(Some(inside), syntax, Layout::OneLine, &mut short).ok()?;
    Some(short.text)
}

/// Takes so many characters and no more.
struct Short {
    text: String,
    left: usize,
}

impl fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let count = text.chars().take(self.left + 1).count();
        self.left = self.left.checked_sub(count).ok_or(fmt::Error)?;
        self.text.push_str(text);
        Ok(())
    }
}

//! Single fields set and removed by their paths as people type them: `address.city`, `items[2].price`, `["a.b"]`.

use bson::{RawDocument, RawDocumentBuf, spec::ElementType};

use super::{
    SIZE_MOST,
    element::{Elements, Malformed},
    fields::Fields,
    parse::{parse_quoted, parse_value},
    path::{Path, Step},
    raw_value::{RawValue, RawValueBuf},
    replace::{ReplaceError, replace_value, value_at},
    syntax_error::SyntaxError,
};
use crate::org::escaped_short;

/// Why a field is neither set nor removed. Nothing in it is unsafe to show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError {
    /// The text is no path.
    #[error("“{path}” is not a path: {problem}")]
    Path {
        /// What was typed, cut short.
        path: String,
        /// In a few words.
        problem: String,
    },
    /// The text begins as a value and is none.
    #[error("“{value}” is not a value: {problem}; put text in double quotes")]
    Value {
        /// What was typed, cut short.
        value: String,
        /// Where it goes wrong.
        problem: String,
    },
    /// What the path leads through, or to, is not there.
    #[error("the document has no field {0}")]
    Missing(String),
    /// What the path leads through is a single value.
    #[error("{0} is neither a document nor an array")]
    Single(String),
    /// An array has no such place, or keeps its places.
    #[error("{0}: only elements that an array has can be set, and none can be removed")]
    Element(String),
    /// The result is more than a server stores.
    #[error(transparent)]
    Replace(#[from] ReplaceError),
}

impl From<Malformed> for UpdateError {
    fn from(malformed: Malformed) -> Self {
        Self::Replace(malformed.into())
    }
}

/// One step as it is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Typed {
    Key(Vec<u8>),
    /// In brackets, without quotes.
    Index(usize),
}

/// Refuses a text that is no path.
///
/// # Errors
/// [`UpdateError::Path`].
pub fn check_path(path: &str) -> Result<(), UpdateError> {
    typed(path).map(drop)
}

/// The path and the value of `PATH=VALUE`; none where there is no `=` behind the path.
#[must_use]
pub fn split_assignment(text: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '=' if !quoted => return Some((text.get(..at)?, text.get(at + 1..)?)),
            _ => {}
        }
    }
    None
}

/// A copy of the document that has this value at the path. A field that is not there comes last in what it belongs to,
/// and so does what leads to it.
///
/// # Errors
/// Where the text is no path, or leads through a single value or beyond an array, or the result is too large.
pub fn set(
    document: &RawDocument,
    path: &str,
    value: RawValue,
) -> Result<RawDocumentBuf, UpdateError> {
    let steps = typed(path)?;
    let (parent, left) = inside(document, &steps)?;
    // `typed` gives one at least.
    let Some((first, further)) = left.split_first() else {
        return Err(UpdateError::Missing(String::new()));
    };
    if let Some(step) = parent.step(first)? {
        return Ok(replace_value(document, &parent.path.join(step), value)?);
    }
    if parent.is_array {
        return Err(parent.no_such_element(first));
    }
    // What is made on the way is documents: a place in brackets is one of an array, and that has to be there.
    if left.iter().any(|step| matches!(step, Typed::Index(_))) {
        return Err(UpdateError::Element(escaped_short(path, 60)));
    }
    let mut value = value.to_buf();
    for typed in further.iter().rev() {
        value = RawValueBuf::new(ElementType::EmbeddedDocument, wrapped(&element(typed, &value))?);
    }
    let before = parent.bytes.get(4..parent.bytes.len().saturating_sub(1)).unwrap_or_default();
    parent.instead(document, &[before, &element(first, &value)].concat())
}

/// The same with a value as it is typed: in shell syntax, or else text. A bare number gets the type of the number that
/// it replaces, where that can hold it.
///
/// # Errors
/// See [`set`].
pub fn set_typed(
    document: &RawDocument,
    path: &str,
    text: &str,
) -> Result<RawDocumentBuf, UpdateError> {
    let too_large = UpdateError::Replace(ReplaceError::TooLarge);
    let steps = typed(path)?;
    let (parent, left) = inside(document, &steps)?;
    let old = match left {
        [last] => match parent.step(last)? {
            Some(step) => value_at(document, &parent.path.join(step))?.map(RawValue::kind),
            None => None,
        },
        _ => None,
    };
    let value = match old.map_or_else(|| parse_value(text), |old| parse_value_like(old, text)) {
        Ok(value) => value,
        // What was meant as a value is not to become text.
        Err(fault) if begins_a_value(text) => {
            let (value, problem) = (escaped_short(text, 60), fault.to_string());
            return Err(UpdateError::Value { value, problem });
        }
        Err(_) => RawValueBuf::from_text(text).ok_or(too_large)?,
    };
    set(document, path, value.as_raw())
}

/// Reads a value in shell syntax that takes the place of one of this type: a bare number gets the type of the number
/// that it replaces, where that can hold it.
///
/// # Errors
/// Where and why the text is no value.
pub fn parse_value_like(kind: ElementType, text: &str) -> Result<RawValueBuf, SyntaxError> {
    of_type(kind, text.trim()).map_or_else(|| parse_value(text), Ok)
}

/// Whether a text begins as a value does: with a digit, a bracket, a quote, or as `Long(`.
fn begins_a_value(text: &str) -> bool {
    let text = text.trim_start();
    let number = text.strip_prefix('-').unwrap_or(text);
    let word = text.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
    number.starts_with(|c: char| c.is_ascii_digit())
        || text.starts_with(['{', '[', '"', '\''])
        || (word.len() < text.len() && word.starts_with('('))
}

/// A bare number as one of this type; none where it is no such number, or the type cannot hold it.
fn of_type(kind: ElementType, text: &str) -> Option<RawValueBuf> {
    let bare = text.strip_prefix('-').unwrap_or(text);
    if !bare.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let integer: Option<i64> = text.parse().ok();
    let bytes = match kind {
        ElementType::Int64 => integer?.to_le_bytes().to_vec(),
        ElementType::Double => {
            let number: f64 = text.parse().ok()?;
            #[expect(clippy::cast_possible_truncation, reason = "it is compared with what it was")]
            let exact = integer.is_none_or(|integer| number as i128 == i128::from(integer));
            exact.then(|| number.to_le_bytes().to_vec())?
        }
        ElementType::Decimal128 => text.parse::<bson::Decimal128>().ok()?.bytes().to_vec(),
        ElementType::Int32
        | ElementType::String
        | ElementType::EmbeddedDocument
        | ElementType::Array
        | ElementType::Binary
        | ElementType::Undefined
        | ElementType::ObjectId
        | ElementType::Boolean
        | ElementType::DateTime
        | ElementType::Null
        | ElementType::RegularExpression
        | ElementType::DbPointer
        | ElementType::JavaScriptCode
        | ElementType::Symbol
        | ElementType::JavaScriptCodeWithScope
        | ElementType::Timestamp
        | ElementType::MaxKey
        | ElementType::MinKey => return None,
    };
    Some(RawValueBuf::new(kind, bytes))
}

/// A copy of the document without the field at the path.
///
/// # Errors
/// Where the text is no path, or leads nowhere.
pub fn unset(document: &RawDocument, path: &str) -> Result<RawDocumentBuf, UpdateError> {
    let steps = typed(path)?;
    let (parent, left) = inside(document, &steps)?;
    let [last] = left else { return Err(UpdateError::Missing(escaped_short(path, 60))) };
    if parent.is_array {
        return Err(parent.no_such_element(last));
    }
    if parent.step(last)?.is_none() {
        return Err(UpdateError::Missing(escaped_short(path, 60)));
    }
    parent.without(document, last)
}

/// A document or an array on the way.
struct Parent<'a> {
    path: Path,
    is_array: bool,
    bytes: &'a [u8],
}

/// What a path leads through as far as that is there, and the steps that are left: one, or more where something is
/// missing.
fn inside<'a, 'b>(
    document: &'a RawDocument,
    steps: &'b [Typed],
) -> Result<(Parent<'a>, &'b [Typed]), UpdateError> {
    let mut parent = Parent { path: Path::root(), is_array: false, bytes: document.as_bytes() };
    for (at, typed) in steps.iter().enumerate() {
        let left = steps.get(at..).unwrap_or_default();
        let Some(step) = parent.step(typed)?.filter(|_| left.len() > 1) else {
            return Ok((parent, left));
        };
        let path = parent.path.join(step);
        let shown = || UpdateError::Missing(path.to_string());
        let value = value_at(document, &path)?.ok_or_else(shown)?;
        let is_array = match value.kind() {
            ElementType::EmbeddedDocument => false,
            ElementType::Array => Elements::from_bytes(value.bytes())?.are_numbered(),
            ElementType::Double
            | ElementType::String
            | ElementType::Binary
            | ElementType::Undefined
            | ElementType::ObjectId
            | ElementType::Boolean
            | ElementType::DateTime
            | ElementType::Null
            | ElementType::RegularExpression
            | ElementType::DbPointer
            | ElementType::JavaScriptCode
            | ElementType::Symbol
            | ElementType::JavaScriptCodeWithScope
            | ElementType::Int32
            | ElementType::Timestamp
            | ElementType::Int64
            | ElementType::Decimal128
            | ElementType::MaxKey
            | ElementType::MinKey => return Err(UpdateError::Single(path.to_string())),
        };
        parent = Parent { path, is_array, bytes: value.bytes() };
    }
    Ok((parent, &[]))
}

impl Parent<'_> {
    fn fields(&self) -> Result<Fields<'_>, Malformed> {
        Fields::new(self.bytes, Elements::from_bytes(self.bytes)?)
    }

    /// The step to what was typed, where it is there.
    fn step(&self, typed: &Typed) -> Result<Option<Step>, UpdateError> {
        let fields = self.fields()?;
        if self.is_array {
            let number = match typed {
                Typed::Index(number) => Some(*number),
                Typed::Key(key) => str::from_utf8(key).ok().and_then(|key| key.parse().ok()),
            };
            return Ok(number.filter(|number| *number < fields.len()).map(Step::index));
        }
        let key = typed.key();
        let there = (0..fields.len()).any(|place| fields.key(place) == key);
        Ok(there.then(|| Step::key(key)))
    }

    fn shown(&self, typed: &Typed) -> String {
        let step = match typed {
            Typed::Index(number) => Step::index(*number),
            Typed::Key(key) => Step::key(key),
        };
        self.path.join(step).to_string()
    }

    fn no_such_element(&self, typed: &Typed) -> UpdateError {
        UpdateError::Element(self.shown(typed))
    }

    fn without(
        &self,
        document: &RawDocument,
        typed: &Typed,
    ) -> Result<RawDocumentBuf, UpdateError> {
        let fields = self.fields()?;
        let key = typed.key();
        let gone = (0..fields.len()).find(|place| fields.key(*place) == key);
        let kept = (0..fields.len()).filter(|place| Some(*place) != gone);
        let kept: Vec<&[u8]> = kept.map(|place| fields.bytes(place)).collect();
        self.instead(document, &kept.concat())
    }

    /// The document with these elements in the place of those of this part.
    fn instead(
        &self,
        document: &RawDocument,
        elements: &[u8],
    ) -> Result<RawDocumentBuf, UpdateError> {
        let bytes = wrapped(elements)?;
        if self.path.steps().is_empty() {
            let malformed = |_| Malformed { at: 0, what: "an impossible length" };
            return Ok(RawDocumentBuf::from_bytes(bytes).map_err(malformed)?);
        }
        let value = RawValueBuf::new(ElementType::EmbeddedDocument, bytes);
        Ok(replace_value(document, &self.path, value.as_raw())?)
    }
}

/// These elements as a document.
fn wrapped(elements: &[u8]) -> Result<Vec<u8>, UpdateError> {
    let length = elements.len() + 5;
    let size = i32::try_from(length).ok().filter(|_| length <= SIZE_MOST);
    let size = size.ok_or(UpdateError::Replace(ReplaceError::TooLarge))?;
    Ok([&size.to_le_bytes(), elements, &[0]].concat())
}

fn element(typed: &Typed, value: &RawValueBuf) -> Vec<u8> {
    let value = value.as_raw();
    [&[value.kind() as u8], typed.key().as_slice(), b"\0", value.bytes()].concat()
}

impl Typed {
    fn key(&self) -> Vec<u8> {
        match self {
            Self::Key(key) => key.clone(),
            Self::Index(number) => number.to_string().into_bytes(),
        }
    }
}

/// The steps of a path as it is typed; one at least.
fn typed(path: &str) -> Result<Vec<Typed>, UpdateError> {
    let fault_of = |problem: &str| UpdateError::Path {
        path: escaped_short(path, 60),
        problem: problem.to_owned(),
    };
    let mut steps = Vec::new();
    let mut rest = path.trim();
    loop {
        if let Some(bracket) = rest.strip_prefix('[') {
            let inner = bracket.trim_start();
            let (step, behind) = if inner.starts_with(['"', '\'']) {
                let (key, behind) =
                    parse_quoted(inner).map_err(|fault| fault_of(&fault.message))?;
                (Typed::Key(key), behind)
            } else {
                let end = inner.find(']').ok_or_else(|| fault_of("] is missing"))?;
                let (number, behind) = inner.split_at(end);
                let number = number.trim().parse();
                (
                    Typed::Index(
                        number.map_err(|_| fault_of("[…] needs a number or a quoted key"))?,
                    ),
                    behind,
                )
            };
            steps.push(step);
            rest = behind.trim_start().strip_prefix(']').ok_or_else(|| fault_of("] is missing"))?;
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (key, behind) = rest.split_at(end);
            if key.is_empty() {
                return Err(fault_of("a key is missing"));
            }
            if key.contains('\0') {
                return Err(fault_of("a key has no zero character"));
            }
            steps.push(Typed::Key(key.as_bytes().to_vec()));
            rest = behind;
        }
        if rest.is_empty() {
            return Ok(steps);
        }
        if let Some(behind) = rest.strip_prefix('.') {
            rest = behind;
            if rest.starts_with('[') {
                return Err(fault_of("a key is missing"));
            }
        } else if !rest.starts_with('[') {
            return Err(fault_of("expected . or ["));
        }
    }
}

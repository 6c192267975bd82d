//! From text to BSON: objects, arrays, calls and words. What stands inside quotes and slashes, and numbers, are in
//! `literal.rs`.
//!
//! Everything is written into one buffer as it is read. A call or a wrapper is first written as the array
//! or the object that it looks like, then read back and replaced by the value it stands for.

use bson::{RawDocumentBuf, spec::ElementType};

use super::{
    DEPTH_MOST, SIZE_MOST, call,
    element::{Elements, Number, Value},
    raw_value::RawValueBuf,
    syntax_error::{Fault, Parsed, SyntaxError},
    wrapper,
};
use crate::org::escaped_short;

/// Reads one document. See [`super`] for what it takes.
///
/// # Errors
/// Where the text is not one document, nests deeper than [`DEPTH_MOST`] or comes to more than [`SIZE_MOST`] bytes.
pub fn parse(text: &str) -> Result<RawDocumentBuf, SyntaxError> {
    Parser::new(text).document().map_err(|fault| SyntaxError::new(text, fault))
}

/// Reads a single value of any type, in all forms that it can have in a document.
///
/// # Errors
/// See [`parse`].
pub fn parse_value(text: &str) -> Result<RawValueBuf, SyntaxError> {
    let mut parser = Parser::new(text);
    let kind = parser.alone(|parser| parser.value(1, Place::Value));
    let kind = kind.map_err(|fault| SyntaxError::new(text, fault))?;
    Ok(RawValueBuf::new(kind, parser.out))
}

/// A key in quotes at the beginning of a text, and what stands behind it.
pub(super) fn parse_quoted(text: &str) -> Result<(Vec<u8>, &str), SyntaxError> {
    let mut parser = Parser::new(text);
    match parser.content() {
        Ok(()) => Ok((std::mem::take(&mut parser.out), parser.rest())),
        Err(fault) => Err(SyntaxError::new(text, fault)),
    }
}

/// How many objects, arrays and calls may be open at once: more than a document that is allowed can need.
const NESTED_MOST: usize = 2 * DEPTH_MOST + 16;

pub(super) struct Parser<'a> {
    pub text: &'a str,
    /// The byte that comes next.
    pub at: usize,
    /// What was read, as BSON.
    pub out: Vec<u8>,
    /// How many objects, arrays and calls are open.
    nested: usize,
    /// How many of those that are open will be replaced by the value they stand for.
    replaced: usize,
}

/// Where an object stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It is a value of its own.
    Value,
    /// It belongs to a wrapper, and is none of the document's levels.
    Wrapped,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, out: Vec::new(), nested: 0, replaced: 0 }
    }

    fn document(&mut self) -> Parsed<RawDocumentBuf> {
        let start = self.alone(|parser| {
            let start = parser.at;
            if parser.peek() != Some('{') {
                return Err(parser.expected("{, the beginning of a document"));
            }
            if parser.object(1, Place::Value)? != ElementType::EmbeddedDocument {
                return Err(Fault::new(start, "expected a document, found a single value"));
            }
            Ok(start)
        })?;
        RawDocumentBuf::from_bytes(std::mem::take(&mut self.out))
            .map_err(|problem| Fault::new(start, problem.to_string()))
    }

    /// What the text holds, and nothing but blanks around it.
    fn alone<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        // The mark that some editors put there.
        self.eat('\u{feff}');
        self.blank()?;
        let found = read(self)?;
        self.blank()?;
        if self.eat(';') {
            self.blank()?;
        }
        if self.peek().is_some() {
            return Err(self.expected("the end of the text"));
        }
        Ok(found)
    }

    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    pub fn eat(&mut self, wanted: char) -> bool {
        let there = self.peek() == Some(wanted);
        if there {
            self.at += wanted.len_utf8();
        }
        there
    }

    /// What was expected instead of what comes next.
    pub fn expected(&self, wanted: &str) -> Fault {
        let found = match self.peek() {
            None => "the end of the text".to_owned(),
            Some('\n' | '\r') => "the end of the line".to_owned(),
            Some(found) => escaped_short(&found.to_string(), 1),
        };
        Fault::new(self.at, format!("expected {wanted}, found {found}"))
    }

    /// Passes spaces, lines and comments.
    pub fn blank(&mut self) -> Parsed<()> {
        loop {
            let rest = self.rest();
            let behind = rest.trim_start();
            self.at += rest.len() - behind.len();
            let length = if behind.starts_with("//") {
                behind.find('\n').unwrap_or(behind.len())
            } else if behind.starts_with("/*") {
                let Some(end) = behind.find("*/") else {
                    return Err(Fault::new(self.at, "expected */ at the end of this comment"));
                };
                end + 2
            } else {
                return Ok(());
            };
            self.at += length;
        }
    }

    fn enter(&mut self) -> Parsed<()> {
        self.nested += 1;
        if self.nested > NESTED_MOST { Err(Self::too_deep(self.at)) } else { Ok(()) }
    }

    fn too_deep(at: usize) -> Fault {
        Fault::new(at, format!("too many levels: a document has at most {DEPTH_MOST}"))
    }

    /// The beginning of a document in the output.
    fn open(&mut self) -> usize {
        self.out.extend_from_slice(&[0; 4]);
        self.out.len() - 4
    }

    /// Its end, with its length at its beginning.
    fn close(&mut self, start: usize) -> Parsed<()> {
        self.out.push(0);
        self.fits()?;
        self.set_length(start, self.out.len() - start)
    }

    /// Writes a length to where it belongs.
    pub fn set_length(&mut self, start: usize, length: usize) -> Parsed<()> {
        let length = i32::try_from(length).map_err(|_| self.too_large())?;
        if let Some(place) = self.out.get_mut(start..start + 4) {
            place.copy_from_slice(&length.to_le_bytes());
        }
        Ok(())
    }

    fn fits(&self) -> Parsed<()> {
        // What is going to be replaced may become shorter.
        let fits = self.replaced > 0 || self.out.len() <= SIZE_MOST;
        if fits { Ok(()) } else { Err(self.too_large()) }
    }

    fn too_large(&self) -> Fault {
        Fault::new(self.at, "too large: a document has at most 16 MB (16,777,216 bytes) of BSON")
    }

    /// Puts a value to where the one that it replaces began.
    fn replace(&mut self, start: usize, made: &RawValueBuf) -> ElementType {
        self.out.truncate(start);
        self.out.extend_from_slice(&made.bytes);
        made.kind
    }

    /// A value of any type, into the output. `depth` is the level that it would open.
    fn value(&mut self, depth: usize, place: Place) -> Parsed<ElementType> {
        match self.peek() {
            Some('{') => self.object(depth, place),
            Some('[') => self.array(depth),
            Some('"' | '\'') => {
                self.string()?;
                Ok(ElementType::String)
            }
            Some('/') => self.regex(),
            Some('0'..='9' | '-' | '+' | '.') => self.number(),
            Some(first) if is_name(first) => self.word(depth),
            _ => Err(self.expected("a value")),
        }
    }

    fn object(&mut self, depth: usize, place: Place) -> Parsed<ElementType> {
        self.enter()?;
        let opened = self.at;
        self.bump();
        let start = self.open();
        let mut wrapper = None;
        // Levels that only wrappers have do not count.
        let counts = place == Place::Value && depth > DEPTH_MOST;
        self.blank()?;
        while !self.eat('}') {
            let (key_at, kind_at) = (self.at, self.out.len());
            self.out.push(0);
            let wraps = self.key()?;
            if wraps && wrapper.is_none() {
                wrapper = Some(key_at);
                self.replaced += 1;
            }
            if counts && wrapper.is_none() {
                return Err(Self::too_deep(opened));
            }
            self.blank()?;
            if !self.eat(':') {
                return Err(self.expected("a colon after the key"));
            }
            self.blank()?;
            let below = if wrapper.is_some() { depth } else { depth + 1 };
            let place = if wraps { Place::Wrapped } else { Place::Value };
            self.element(kind_at, below, place)?;
            self.separator('}')?;
        }
        self.close(start)?;
        self.nested -= 1;
        let Some(key_at) = wrapper else {
            return if counts {
                Err(Self::too_deep(opened))
            } else {
                Ok(ElementType::EmbeddedDocument)
            };
        };
        self.replaced -= 1;
        let object = Elements::from_bytes(self.out.get(start..).unwrap_or_default());
        let made = object.map_err(|problem| problem.to_string()).and_then(|o| wrapper::unwrap(&o));
        let made = made.map_err(|message| Fault::new(key_at, message))?;
        Ok(self.replace(start, &made))
    }

    /// The value of an element whose type belongs to an earlier byte.
    fn element(&mut self, kind_at: usize, depth: usize, place: Place) -> Parsed<()> {
        let kind = self.value(depth, place)?;
        if let Some(byte) = self.out.get_mut(kind_at) {
            *byte = kind as u8;
        }
        self.fits()
    }

    /// A comma, or what closes the list that it stands in.
    fn separator(&mut self, close: char) -> Parsed<()> {
        self.blank()?;
        if self.eat(',') {
            self.blank()
        } else if self.peek() == Some(close) {
            Ok(())
        } else {
            Err(self.expected(&format!("a comma or {close}")))
        }
    }

    /// A key, into the output; whether it makes the object a wrapper.
    fn key(&mut self) -> Parsed<bool> {
        let (key_at, start) = (self.at, self.out.len());
        let computed = self.eat('[');
        match self.peek() {
            Some('"' | '\'') => self.content()?,
            Some('I') if computed => self.invalid_utf8_content()?,
            Some(first) if !computed && (is_name(first) || first.is_ascii_digit()) => {
                let rest = self.rest();
                let end = rest.find(|c| !is_name(c) && !c.is_ascii_digit()).unwrap_or(rest.len());
                let name = rest.get(..end).unwrap_or_default();
                if first.is_ascii_digit() && !is_plain_number(name) {
                    return Err(Fault::new(key_at, "expected a key: put this one in quotes"));
                }
                self.at += end;
                self.out.extend_from_slice(name.as_bytes());
            }
            _ if computed => return Err(self.expected("a key in quotes")),
            _ => return Err(self.expected("a key or }")),
        }
        if computed && !self.eat(']') {
            return Err(self.expected("] after the key"));
        }
        let key = self.out.get(start..).unwrap_or_default();
        if key.contains(&0) {
            return Err(Fault::new(key_at, "a key cannot contain U+0000"));
        }
        let wraps = !computed && wrapper::is_wrapper(key);
        self.out.push(0);
        Ok(wraps)
    }

    fn array(&mut self, depth: usize) -> Parsed<ElementType> {
        if depth > DEPTH_MOST {
            return Err(Self::too_deep(self.at));
        }
        self.bump();
        self.items(']', depth + 1, &mut |_| ())?;
        Ok(ElementType::Array)
    }

    /// Values up to what closes their list, as an array.
    fn items(&mut self, close: char, depth: usize, at: &mut dyn FnMut(usize)) -> Parsed<()> {
        self.enter()?;
        let start = self.open();
        let mut number = Number::default();
        self.blank()?;
        while !self.eat(close) {
            let kind_at = self.out.len();
            self.out.push(0);
            self.out.extend_from_slice(number.next());
            self.out.push(0);
            at(self.at);
            self.element(kind_at, depth, Place::Value)?;
            self.separator(close)?;
        }
        self.nested -= 1;
        self.close(start)
    }

    /// A name and what it stands for: a word of the language, or a call.
    fn word(&mut self, depth: usize) -> Parsed<ElementType> {
        let at = self.at;
        let mut name = self.name();
        let new = name == "new";
        if new {
            self.blank()?;
            name = self.name();
            if name.is_empty() {
                return Err(self.expected("a name behind new"));
            }
        }
        if name == "InvalidUtf8" {
            self.at -= name.len();
            self.invalid_utf8()?;
            return Ok(ElementType::String);
        }
        self.blank()?;
        if self.peek() == Some('(') || new {
            return self.call(name, at, new, depth);
        }
        let (kind, bytes) = match name {
            "true" => (ElementType::Boolean, vec![1]),
            "false" => (ElementType::Boolean, vec![0]),
            "null" => (ElementType::Null, vec![]),
            "undefined" => (ElementType::Undefined, vec![]),
            "NaN" => (ElementType::Double, f64::NAN.to_le_bytes().to_vec()),
            "Infinity" => (ElementType::Double, f64::INFINITY.to_le_bytes().to_vec()),
            "MinKey" => (ElementType::MinKey, vec![]),
            "MaxKey" => (ElementType::MaxKey, vec![]),
            name => {
                let name = escaped_short(name, 40);
                let message = format!("expected a value, found {name}: put text in quotes");
                return Err(Fault::new(at, message));
            }
        };
        self.out.extend_from_slice(&bytes);
        Ok(kind)
    }

    fn name(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !is_name(c) && !c.is_ascii_digit() && c != '.');
        let name = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        self.at += name.len();
        name
    }

    fn call(&mut self, name: &str, at: usize, new: bool, depth: usize) -> Parsed<ElementType> {
        let Some(call) = call::find(name) else {
            let name = escaped_short(name, 40);
            return Err(Fault::new(at, format!("there is no {name}( … ) for a value")));
        };
        if name == "Date" && !new {
            return Err(Fault::new(at, "expected new Date( … ): without new it is text"));
        }
        if !self.eat('(') {
            return Err(self.expected(&format!("( behind {name}")));
        }
        let start = self.out.len();
        let mut first = None;
        self.replaced += 1;
        // What a call holds is on the level where the call itself stands: code's scope is one level down.
        self.items(')', depth, &mut |at| {
            first.get_or_insert(at);
        })?;
        self.replaced -= 1;
        let values = Elements::from_bytes(self.out.get(start..).unwrap_or_default());
        let values: Result<Vec<Value>, _> = match values {
            Ok(values) => values.map(|element| element.map(|element| element.value)).collect(),
            Err(problem) => Err(problem),
        };
        let made = values.ok().and_then(|values| (call.make)(&values));
        let Some(made) = made else {
            let message = format!("expected {}", call.usage);
            return Err(Fault::new(first.unwrap_or(at), message));
        };
        Ok(self.replace(start, &made))
    }
}

/// Whether a name can begin with this.
fn is_name(character: char) -> bool {
    character.is_alphabetic() || matches!(character, '_' | '$')
}

/// Whether JavaScript's key for this number is the same text.
fn is_plain_number(key: &str) -> bool {
    let digits = key.len() < 16 && key.bytes().all(|byte| byte.is_ascii_digit());
    digits && (key == "0" || !key.starts_with('0'))
}

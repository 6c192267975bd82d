//! One BSON document as text, and back without loss; what changed between two, and what three come to.
//!
//! # Writing
//! [`pretty`] and [`one_line`] write MongoDB's shell syntax, which is what people see, edit and paste into mongosh.
//! [`canonical`] and [`relaxed`] write Extended JSON v2 for other programs; that has no words for some of what BSON can
//! hold. All of them read the bytes of the document: keys keep their order, and keys that stand there twice are
//! written twice. Nothing that a terminal or an eye could take for something else is written as it is: hidden
//! characters are `\u` and four digits.
//!
//! # Reading
//! [`parse()`] reads both, and returns the very bytes that [`pretty`] or [`one_line`] was given. Besides what they
//! write it takes single quotes, commas behind the last value, comments, `new`, and the older names of the shell
//! (`NumberLong` and its like). A bare integer is of 32 bits if it fits, otherwise of 64; one with a point or an
//! exponent is a double.
//!
//! An object with a key such as `$oid` is one of the wrappers of Extended JSON and stands for a value, or is
//! refused. A field that is really called so has its key in brackets, as JavaScript writes a computed key, which
//! mongosh reads as the same: `{ ["$oid"]: 1 }`.
//!
//! # What mongosh has no form for
//! | form | what it is |
//! |---|---|
//! | `InvalidUtf8("a\xff")` | text that is not UTF-8: `\x` is one byte. As a key: `[InvalidUtf8("a\xff")]: …` |
//! | `DoubleBits("7ff8000000000001")` | a NaN other than the usual one, as the bits of IEEE 754 |
//! | `Decimal128Bits("…")` | a decimal whose text would come back with other bits |
//! | `DateMillis("9223372036854775807")` | a date beyond those of JavaScript |
//! | `BinDataRaw(2, "…")` | data of the old subtype 2 whose inner length is wrong |
//! | `ArrayWithKeys({ … })` | an array whose keys are not 0, 1, 2… |
//! | `BooleanByte(7)` | a boolean that is neither 0 nor 1 |
//! | `DBPointer("…", ObjectId("…"))` | a type of BSON that mongosh cannot make |
//!
//! mongosh refuses them; none is taken for something else. It does take `5.0` for an integer, sorts keys that are
//! numbers before others, keeps the last of keys that are equal, sorts the options of a regular expression, and stores
//! null for `undefined`.
//!
//! # Changes
//! [`difference()`] says what is different between two documents, [`merge()`] makes one of two that were changed, a
//! [`Tree`] shows one as rows that fold, and [`replace_value`] changes one value. All of them compare and copy bytes:
//! what was not changed stays as it is. Values have their own type, [`RawValue`], since that of the driver has no room
//! for text that is not UTF-8.

mod align;
mod brief;
mod call;
mod check;
mod difference;
mod element;
mod fields;
pub mod filter;
mod identity;
mod json;
mod line;
mod literal;
mod merge;
mod oddities;
mod operators;
mod parse;
mod path;
mod raw_value;
mod regex;
mod replace;
mod scalar;
mod shell;
mod syntax_error;
#[cfg(test)]
pub(crate) mod tests;
mod text;
mod tree;
mod update;
mod walk;
mod wrapper;

pub use brief::{add_paths, brief_fields};
pub use check::check;
pub use difference::{Change, What, difference};
pub use element::Malformed;
pub use filter::type_name;
pub use identity::{brief_id, ids, with_id_first};
pub use line::{ChangeKind, ConflictLine, Line, ShownValue, lines};
pub use merge::{Conflict, Merged, merge};
pub use oddities::{has_dollar_key, has_empty_timestamp, repeats_keys};
pub use operators::{Operators, operators};
pub use parse::{parse, parse_value};
pub use path::{Path, Side, Step};
pub use raw_value::{RawValue, RawValueBuf};
pub use replace::{ReplaceError, replace_value, value_at};
pub use syntax_error::SyntaxError;
pub use tree::{Fold, Row, Tree, TreeFolds};
pub use update::{
    UpdateError, check_path, parse_value_like, set, set_typed, split_assignment, unset,
};
pub use walk::WriteError;

use std::fmt;

use bson::RawDocument;

use json::Json;
use shell::Shell;
use walk::Layout;

/// How many levels of objects and arrays a document may have, itself included: as many as a server stores. Its manual
/// promises 100.
pub const DEPTH_MOST: usize = 180;
/// How many bytes of BSON a document may have.
pub const SIZE_MOST: usize = 16 * 1024 * 1024;

/// Writes a document in shell syntax, one value a line; what is short stands on one line. No newline at the end.
///
/// # Errors
/// When its bytes are not a BSON document, or `out` takes no more.
pub fn pretty(document: &RawDocument, out: &mut impl fmt::Write) -> Result<(), WriteError> {
    walk::write(document, &Shell, Layout::Lines, out)
}

/// Writes a document in shell syntax, on one line.
///
/// # Errors
/// See [`pretty`].
pub fn one_line(document: &RawDocument, out: &mut impl fmt::Write) -> Result<(), WriteError> {
    walk::write(document, &Shell, Layout::OneLine, out)
}

/// Writes a document in canonical Extended JSON v2, on one line: every number with its type.
///
/// # Errors
/// See [`pretty`].
pub fn canonical(document: &RawDocument, out: &mut impl fmt::Write) -> Result<(), WriteError> {
    walk::write(document, &Json::Canonical, Layout::Compact, out)
}

/// Writes a document in relaxed Extended JSON v2, on one line: numbers and dates as other JSON has them.
///
/// # Errors
/// See [`pretty`].
pub fn relaxed(document: &RawDocument, out: &mut impl fmt::Write) -> Result<(), WriteError> {
    walk::write(document, &Json::Relaxed, Layout::Compact, out)
}

//! Filters of documents: the operators of MongoDB that only look, read from a query or from a typed line, sent to
//! MongoDB, and matched here by the server's rules where there is none.
//!
//! A [`Filter`] has these operators and no others: `$eq $ne $gt $gte $lt $lte $in $nin $exists $type $all
//! $elemMatch $size $regex $options $and $or $nor $not`. What runs code, reads an index of its own or is not known
//! is refused, never ignored.

mod ast;
mod error;
mod guess;
mod matching;
mod number;
mod order;
mod pattern;
mod read;
#[cfg(test)]
mod tests;
mod typed;
mod value;
mod write;

use std::collections::BTreeSet;

use bson::{Bson, Document, RawDocument, RawDocumentBuf, spec::ElementType};

pub use error::{FilterError, FilterProblem};
pub use typed::{JoiningWord, LineProblem, ParseError};
pub use value::Malformed;

use super::raw_value::RawValue;
use ast::{All, Element, Node, Test, TypeName};

/// What `$type` calls a type.
#[must_use]
pub fn type_name(kind: ElementType) -> &'static str {
    TypeName::One(kind).name()
}

/// Whether two values are the same in the server's order: 5 and 5.0 are. Not known of what is no value of a document.
#[must_use]
pub fn are_equal(left: &Bson, right: &Bson) -> Option<bool> {
    let (left, right) = (ast::Literal::from_bson(left).ok()?, ast::Literal::from_bson(right).ok()?);
    Some(order::compare(left.value(), right.value()).ok()?.is_eq())
}

/// Which documents are asked for. One without conditions lets all through.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    all: All,
}

impl Filter {
    /// Reads a query.
    ///
    /// # Errors
    /// Where and why it is refused: an operator that is not in the list, a value that its operator does not take, a key
    /// twice in one document, more than a hundred levels, or a regular expression that the two databases would
    /// read differently.
    pub fn from_document(query: &RawDocument) -> Result<Self, FilterError> {
        read::read(query).map(|all| Self { all })
    }

    /// The query that MongoDB is sent: equal in meaning, not in its words.
    #[must_use]
    pub fn to_document(&self) -> Document {
        write::write(&self.all)
    }

    /// The same in shell syntax, in so many characters at most: how what was typed is understood.
    #[must_use]
    pub fn brief(&self, most: usize) -> String {
        let query = RawDocumentBuf::try_from(&self.to_document()).unwrap_or_default();
        RawValue::new(ElementType::EmbeddedDocument, query.as_bytes()).brief(most)
    }

    /// Whether it lets a document through, by the rules of MongoDB 6.0.
    ///
    /// # Errors
    /// If what it has to look at is no BSON.
    pub fn matches(&self, document: &RawDocument) -> Result<bool, Malformed> {
        matching::all_hold(&self.all, &value::Fields::of(document.as_bytes())?)
    }

    /// Whether it lets all documents through because it has no conditions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The paths that it looks at, each once, sorted. Those inside an `$elemMatch` are written as an index has them.
    #[must_use]
    pub fn fields(&self) -> Vec<String> {
        let mut fields = BTreeSet::new();
        add_fields(&self.all, "", &mut fields);
        fields.into_iter().collect()
    }
}

fn add_fields(all: &All, before: &str, fields: &mut BTreeSet<String>) {
    for node in all {
        match node {
            Node::Join(_, branches) => {
                for branch in branches {
                    add_fields(branch, before, fields);
                }
            }
            Node::Field(path, tests) => {
                let path = format!("{before}{}", path.text());
                add_tested(tests, &path, fields);
            }
        }
    }
}

fn add_tested(tests: &[Test], path: &str, fields: &mut BTreeSet<String>) {
    for test in tests {
        let elements = match test {
            Test::Element(element) => std::slice::from_ref(element),
            Test::EachElement(elements) => elements,
            Test::Not(tests) => {
                add_tested(tests, path, fields);
                continue;
            }
            Test::Compare(..)
            | Test::NotEqual(_)
            | Test::In(_)
            | Test::NotIn(_)
            | Test::Exists(_)
            | Test::Type(_)
            | Test::Regex(_)
            | Test::Size(_)
            | Test::Each(_) => {
                fields.insert(path.to_owned());
                continue;
            }
        };
        for element in elements {
            match element {
                Element::Document(all) if all.is_empty() => {
                    fields.insert(path.to_owned());
                }
                Element::Document(all) => add_fields(all, &format!("{path}."), fields),
                Element::Value(tests) => add_tested(tests, path, fields),
            }
        }
    }
}

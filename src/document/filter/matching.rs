//! Whether a document passes a filter, by the server's rules.

use std::cmp::Ordering;

use bson::spec::ElementType;

use super::{
    ast::{All, Comparison, Element, Join, Literal, Member, Members, Node, Path, Test},
    number::Number,
    order::{Class, compare},
    value::{Fields, Malformed, Value},
};

/// Whether all of them hold for this document.
pub(super) fn all_hold(all: &All, document: &Fields<'_>) -> Result<bool, Malformed> {
    each(all, |node| holds(node, document))
}

fn holds(node: &Node, document: &Fields<'_>) -> Result<bool, Malformed> {
    match node {
        Node::Join(Join::And, branches) => each(branches, |all| all_hold(all, document)),
        Node::Join(Join::Or, branches) => some(branches, |all| all_hold(all, document)),
        Node::Join(Join::Nor, branches) => Ok(!some(branches, |all| all_hold(all, document))?),
        Node::Field(path, tests) => {
            let at = Subject::Path(document, path);
            each(tests, |test| passes(test, &at))
        }
    }
}

fn some<T>(
    all: &[T],
    mut holds: impl FnMut(&T) -> Result<bool, Malformed>,
) -> Result<bool, Malformed> {
    for one in all {
        if holds(one)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn each<T>(
    all: &[T],
    mut holds: impl FnMut(&T) -> Result<bool, Malformed>,
) -> Result<bool, Malformed> {
    Ok(!some(all, |one| holds(one).map(|held| !held))?)
}

/// What a test is about.
enum Subject<'a> {
    /// All that a path leads to, and nothing where a document has no such field.
    Path(&'a Fields<'a>, &'a Path),
    /// One element of an array, into which it does not look.
    Value(Value<'a>),
}

/// How arrays at the end of a path are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Arrays {
    /// Each element, then the array.
    Inside,
    /// The array alone.
    Whole,
}

type Check<'c> = dyn FnMut(Option<Value<'_>>) -> Result<bool, Malformed> + 'c;

impl Subject<'_> {
    fn any(&self, arrays: Arrays, check: &mut Check<'_>) -> Result<bool, Malformed> {
        match self {
            Self::Path(document, path) => {
                in_document((*document).clone(), path.parts(), arrays, check)
            }
            Self::Value(value) => check(Some(*value)),
        }
    }

    fn any_array(
        &self,
        mut check: impl FnMut(Fields<'_>) -> Result<bool, Malformed>,
    ) -> Result<bool, Malformed> {
        self.any(Arrays::Whole, &mut |value| match value {
            Some(value) if value.kind == ElementType::Array => check(value.fields()?),
            Some(_) | None => Ok(false),
        })
    }
}

/// Whether something passes that a path leads to from a document. As deep as the path is long.
fn in_document(
    mut document: Fields<'_>,
    path: &[String],
    arrays: Arrays,
    check: &mut Check<'_>,
) -> Result<bool, Malformed> {
    let mut parts = path;
    while let Some((part, rest)) = parts.split_first() {
        match document.get(part)? {
            Some(value) if value.kind == ElementType::Array => {
                return in_array(value, rest, arrays, check);
            }
            Some(value) if rest.is_empty() => return check(Some(value)),
            Some(value) if value.kind == ElementType::EmbeddedDocument => {
                document = value.fields()?;
            }
            // What has no fields has not this one.
            Some(_) | None => return check(None),
        }
        parts = rest;
    }
    Ok(false)
}

/// The same from an array, in whose documents the path goes on, and whose elements a number in it names.
fn in_array(
    array: Value<'_>,
    path: &[String],
    arrays: Arrays,
    check: &mut Check<'_>,
) -> Result<bool, Malformed> {
    let Some((part, rest)) = path.split_first() else {
        if arrays == Arrays::Inside {
            for element in array.fields()? {
                if check(Some(element?.1))? {
                    return Ok(true);
                }
            }
        }
        return check(Some(array));
    };
    let number = part.bytes().all(|byte| byte.is_ascii_digit());
    for element in array.fields()? {
        let (key, value) = element?;
        let document = value.kind == ElementType::EmbeddedDocument;
        if document && in_document(value.fields()?, path, arrays, check)? {
            return Ok(true);
        }
        if !number || key != part.as_bytes() {
            continue;
        }
        let found = if rest.is_empty() {
            // Named by its number, an array is not looked into.
            check(Some(value))?
        } else if document {
            in_document(value.fields()?, rest, arrays, check)?
        } else if value.kind == ElementType::Array {
            in_array(value, rest, arrays, check)?
        } else {
            false
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

fn passes(test: &Test, on: &Subject<'_>) -> Result<bool, Malformed> {
    let any = |check: &mut Check<'_>| on.any(Arrays::Inside, check);
    match test {
        Test::Compare(comparison, to) => any(&mut |value| compares(value, *comparison, to)),
        Test::NotEqual(to) => Ok(!any(&mut |value| compares(value, Comparison::Equal, to))?),
        Test::In(members) => any(&mut |value| is_in(value, members)),
        Test::NotIn(members) => Ok(!any(&mut |value| is_in(value, members))?),
        Test::Exists(wanted) => Ok(any(&mut |value| Ok(value.is_some()))? == *wanted),
        Test::Type(names) => any(&mut |value| {
            Ok(value.is_some_and(|value| names.iter().any(|name| name.is_type_of(value.kind))))
        }),
        Test::Regex(pattern) => any(&mut |value| pattern.finds(value)),
        Test::Size(size) => on.any_array(|array| {
            let count = array.map(|element| element.map(|_| 1)).sum::<Result<i64, _>>()?;
            Ok(count == *size)
        }),
        Test::Each(members) => {
            let has = |member: &Member| match member {
                Member::Value(to) => any(&mut |value| compares(value, Comparison::Equal, to)),
                Member::Regex(pattern) => any(&mut |value| pattern.finds(value)),
            };
            Ok(!members.is_empty() && each(members, has)?)
        }
        Test::EachElement(elements) => each(elements, |element| has_element(on, element)),
        Test::Element(element) => has_element(on, element),
        Test::Not(tests) => Ok(!each(tests, |test| passes(test, on))?),
    }
}

fn has_element(on: &Subject<'_>, element: &Element) -> Result<bool, Malformed> {
    on.any_array(|array| {
        for found in array {
            let (_, value) = found?;
            let has = match element {
                Element::Value(tests) => each(tests, |test| passes(test, &Subject::Value(value)))?,
                // An array counts as a document with numbers for keys.
                Element::Document(all) => match Class::of(value.kind) {
                    Class::Document | Class::Array => all_hold(all, &value.fields()?)?,
                    Class::MinKey
                    | Class::Undefined
                    | Class::Null
                    | Class::Number
                    | Class::Text
                    | Class::Binary
                    | Class::ObjectId
                    | Class::Boolean
                    | Class::DateTime
                    | Class::Timestamp
                    | Class::Regex
                    | Class::Pointer
                    | Class::Code
                    | Class::ScopedCode
                    | Class::MaxKey => false,
                },
            };
            if has {
                return Ok(true);
            }
        }
        Ok(false)
    })
}

/// Whether a value, or nothing, compares so to the value of a filter. Only values of one class do, with
/// three exceptions: what is missing or undefined is null, and all is more than the least key and less than the
/// greatest.
fn compares(
    value: Option<Value<'_>>,
    comparison: Comparison,
    to: &Literal,
) -> Result<bool, Malformed> {
    let or_equal = match comparison {
        Comparison::Equal | Comparison::GreaterOrEqual | Comparison::LessOrEqual => true,
        Comparison::Greater | Comparison::Less => false,
    };
    let to = to.value();
    let wanted = Class::of(to.kind);
    let value = match value {
        Some(value) if Class::of(value.kind) == wanted => value,
        Some(Value { kind: ElementType::Undefined, .. }) | None if wanted == Class::Null => {
            return Ok(or_equal);
        }
        Some(_) | None => {
            return Ok(match comparison {
                Comparison::Equal => false,
                Comparison::Greater | Comparison::GreaterOrEqual => wanted == Class::MinKey,
                Comparison::Less | Comparison::LessOrEqual => wanted == Class::MaxKey,
            });
        }
    };
    if wanted == Class::Number {
        let is_nan = |value| Ok(Number::from_value(value)?.is_some_and(Number::is_nan));
        let (is, other) = (is_nan(value)?, is_nan(to)?);
        if is || other {
            return Ok(is && other && or_equal);
        }
    }
    let order = compare(value, to)?;
    Ok(match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
    })
}

fn is_in(value: Option<Value<'_>>, members: &Members) -> Result<bool, Malformed> {
    let value = match value {
        Some(value) if value.kind != ElementType::Undefined => value,
        // What is missing or undefined is null.
        Some(_) | None => {
            let mut classes = members.values().iter().map(|member| Class::of(member.value().kind));
            return Ok(classes.any(|class| class == Class::Null));
        }
    };
    let mut damaged = None;
    let found = members.values().binary_search_by(|member| {
        compare(member.value(), value).unwrap_or_else(|malformed| {
            damaged = Some(malformed);
            Ordering::Equal
        })
    });
    match damaged {
        Some(malformed) => Err(malformed),
        None if found.is_ok() => Ok(true),
        None => some(&members.patterns, |pattern| pattern.finds(Some(value))),
    }
}

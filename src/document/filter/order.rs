//! The order of two values of any types, as the server has it.

use std::cmp::Ordering;

use bson::spec::ElementType;

use super::{
    number::Number,
    value::{Fields, Malformed, Value},
};

/// Types whose values are compared with each other. The classes are in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    MinKey,
    Undefined,
    Null,
    Number,
    Text,
    Document,
    Array,
    Binary,
    ObjectId,
    Boolean,
    DateTime,
    Timestamp,
    Regex,
    Pointer,
    Code,
    ScopedCode,
    MaxKey,
}

impl Class {
    pub(super) fn of(kind: ElementType) -> Self {
        match kind {
            ElementType::MinKey => Self::MinKey,
            ElementType::Undefined => Self::Undefined,
            ElementType::Null => Self::Null,
            ElementType::Double
            | ElementType::Int32
            | ElementType::Int64
            | ElementType::Decimal128 => Self::Number,
            ElementType::String | ElementType::Symbol => Self::Text,
            ElementType::EmbeddedDocument => Self::Document,
            ElementType::Array => Self::Array,
            ElementType::Binary => Self::Binary,
            ElementType::ObjectId => Self::ObjectId,
            ElementType::Boolean => Self::Boolean,
            ElementType::DateTime => Self::DateTime,
            ElementType::Timestamp => Self::Timestamp,
            ElementType::RegularExpression => Self::Regex,
            ElementType::DbPointer => Self::Pointer,
            ElementType::JavaScriptCode => Self::Code,
            ElementType::JavaScriptCodeWithScope => Self::ScopedCode,
            ElementType::MaxKey => Self::MaxKey,
        }
    }
}

/// The order of two values: by their classes, and within one by what they are. As deep as the shallower of them.
pub(super) fn compare(left: Value<'_>, right: Value<'_>) -> Result<Ordering, Malformed> {
    let class = Class::of(left.kind);
    let order = class.cmp(&Class::of(right.kind));
    if order.is_ne() {
        return Ok(order);
    }
    Ok(match class {
        Class::MinKey | Class::Undefined | Class::Null | Class::MaxKey => Ordering::Equal,
        Class::Number => match (Number::from_value(left)?, Number::from_value(right)?) {
            (Some(left), Some(right)) => left.compare(right),
            (Some(_) | None, None) | (None, Some(_)) => Ordering::Equal,
        },
        Class::Text | Class::Code => left.text()?.cmp(right.text()?),
        Class::Document => documents(left.fields()?, right.fields()?, true)?,
        Class::Array => documents(left.fields()?, right.fields()?, false)?,
        // The length comes first, then the subtype, which stands before the bytes.
        Class::Binary | Class::Pointer => {
            left.bytes.len().cmp(&right.bytes.len()).then_with(|| left.bytes.cmp(right.bytes))
        }
        Class::ObjectId | Class::Boolean => left.bytes.cmp(right.bytes),
        Class::DateTime => {
            i64::from_le_bytes(left.array()?).cmp(&i64::from_le_bytes(right.array()?))
        }
        Class::Timestamp => {
            u64::from_le_bytes(left.array()?).cmp(&u64::from_le_bytes(right.array()?))
        }
        Class::Regex => left.regex()?.cmp(&right.regex()?),
        Class::ScopedCode => {
            let ((left, scope), (right, other)) = (left.scoped_code()?, right.scoped_code()?);
            match left.cmp(right) {
                Ordering::Equal => documents(Fields::of(scope)?, Fields::of(other)?, true)?,
                order @ (Ordering::Less | Ordering::Greater) => order,
            }
        }
    })
}

/// Field by field: the classes, the keys where those count, the values. The shorter one is less.
fn documents(
    mut left: Fields<'_>,
    mut right: Fields<'_>,
    keys: bool,
) -> Result<Ordering, Malformed> {
    loop {
        let (left, right) = match (left.next().transpose()?, right.next().transpose()?) {
            (None, None) => return Ok(Ordering::Equal),
            (None, Some(_)) => return Ok(Ordering::Less),
            (Some(_), None) => return Ok(Ordering::Greater),
            (Some(left), Some(right)) => (left, right),
        };
        let mut order = Class::of(left.1.kind).cmp(&Class::of(right.1.kind));
        if keys {
            order = order.then_with(|| left.0.cmp(right.0));
        }
        if order.is_eq() {
            order = compare(left.1, right.1)?;
        }
        if order.is_ne() {
            return Ok(order);
        }
    }
}

//! What a filter is made of. Only [`super::read`] and [`super::typed`] make one, of what they have checked.

use bson::{Bson, RawBsonRef, RawDocumentBuf, spec::ElementType};

use super::{
    error::FilterProblem,
    order,
    pattern::Pattern,
    value::{Fields, Malformed, Value},
};

/// Conditions that must all hold.
pub(super) type All = Vec<Node>;

/// A condition on a document.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// Conditions joined.
    Join(Join, Vec<All>),
    /// Tests of what a path leads to, all of which must hold.
    Field(Path, Vec<Test>),
}

/// How conditions are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Join {
    And,
    Or,
    Nor,
}

impl Join {
    pub(super) const EACH: [Self; 3] = [Self::And, Self::Or, Self::Nor];

    pub(super) fn operator(self) -> &'static str {
        match self {
            Self::And => "$and",
            Self::Or => "$or",
            Self::Nor => "$nor",
        }
    }
}

/// A dotted path; no part of it is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path(Vec<String>);

impl Path {
    /// The most parts, each of which may be one call deep when a document is looked into.
    const MOST: usize = 100;

    pub(super) fn new(text: &str) -> Result<Self, FilterProblem> {
        let parts: Vec<String> = text.split('.').map(str::to_owned).collect();
        let fits = parts.len() <= Self::MOST
            && parts.iter().all(|part| !part.is_empty() && !part.contains('\0'));
        if fits { Ok(Self(parts)) } else { Err(FilterProblem::Path(text.to_owned())) }
    }

    pub(super) fn parts(&self) -> &[String] {
        &self.0
    }

    pub(super) fn text(&self) -> String {
        self.0.join(".")
    }
}

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Comparison {
    pub(super) fn operator(self) -> &'static str {
        match self {
            Self::Equal => "$eq",
            Self::Greater => "$gt",
            Self::GreaterOrEqual => "$gte",
            Self::Less => "$lt",
            Self::LessOrEqual => "$lte",
        }
    }
}

/// A test of what is at a path, or of one element of an array.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    Compare(Comparison, Literal),
    NotEqual(Literal),
    In(Members),
    NotIn(Members),
    Exists(bool),
    Type(Vec<TypeName>),
    Regex(Pattern),
    Size(i64),
    /// Each of these, of which any element may be one.
    Each(Vec<Member>),
    /// For each of these, some element that passes.
    EachElement(Vec<Element>),
    Element(Element),
    Not(Vec<Test>),
}

/// What `$elemMatch` asks of one element.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Element {
    /// That it is a document with these conditions.
    Document(All),
    /// That it passes these tests itself.
    Value(Vec<Test>),
}

/// One of the values of `$all`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Member {
    Value(Literal),
    Regex(Pattern),
}

/// The values of `$in`, in their order, so that a long list is searched by halves.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Members {
    values: Vec<Literal>,
    pub(super) patterns: Vec<Pattern>,
}

impl Members {
    pub(super) fn new(mut values: Vec<Literal>, patterns: Vec<Pattern>) -> Self {
        // What is in a literal was read before, so that there is always an order.
        let compare = |left: &Literal, right: &Literal| {
            order::compare(left.value(), right.value()).unwrap_or(std::cmp::Ordering::Equal)
        };
        values.sort_by(compare);
        values.dedup_by(|left, right| compare(left, right).is_eq());
        Self { values, patterns }
    }

    pub(super) fn values(&self) -> &[Literal] {
        &self.values
    }
}

/// A value in a filter: as it is compared, and as it is sent.
#[derive(Clone, Debug)]
pub(super) struct Literal {
    kind: ElementType,
    bytes: Vec<u8>,
    bson: Bson,
}

impl Literal {
    /// From a value that is not nested too deeply.
    pub(super) fn new(raw: RawBsonRef<'_>) -> Result<Self, FilterProblem> {
        let alone = alone(raw);
        let bson = Bson::try_from(raw).map_err(|_| FilterProblem::Malformed)?;
        let sent = RawDocumentBuf::try_from(&bson::doc! { "": &bson });
        if sent.ok().as_ref() != Some(&alone) {
            return Err(twice(raw).map_or(FilterProblem::Malformed, FilterProblem::Twice));
        }
        let value = Fields::of(alone.as_bytes()).and_then(|fields| fields.get(""));
        let value = value.ok().flatten().ok_or(FilterProblem::Malformed)?;
        Ok(Self { kind: value.kind, bytes: value.bytes.to_vec(), bson })
    }

    /// From one that was made here.
    pub(super) fn from_bson(bson: &Bson) -> Result<Self, FilterProblem> {
        let alone = RawDocumentBuf::try_from(&bson::doc! { "": bson });
        let alone = alone.map_err(|_| FilterProblem::Malformed)?;
        let raw = alone.get("").ok().flatten().ok_or(FilterProblem::Malformed)?;
        Self::new(raw)
    }

    pub(super) fn value(&self) -> Value<'_> {
        Value { kind: self.kind, bytes: &self.bytes }
    }

    pub(super) fn to_bson(&self) -> Bson {
        self.bson.clone()
    }
}

impl PartialEq for Literal {
    fn eq(&self, other: &Self) -> bool {
        self.value() == other.value()
    }
}

/// A document with nothing but this value.
fn alone(raw: RawBsonRef<'_>) -> RawDocumentBuf {
    let mut document = RawDocumentBuf::new();
    document.append(bson::cstr!(""), raw);
    document
}

/// The first key that is twice in a document.
fn twice(raw: RawBsonRef<'_>) -> Option<String> {
    let alone = alone(raw);
    let mut open = vec![Fields::of(alone.as_bytes()).ok()?];
    while let Some(fields) = open.pop() {
        let mut seen = std::collections::BTreeSet::new();
        for (key, value) in fields.flatten() {
            if !seen.insert(key) {
                return Some(String::from_utf8_lossy(key).into_owned());
            }
            open.extend(inside(value).ok().flatten());
        }
    }
    None
}

/// The fields in a value, where it has any.
pub(super) fn inside(value: Value<'_>) -> Result<Option<Fields<'_>>, Malformed> {
    match value.kind {
        ElementType::EmbeddedDocument | ElementType::Array => value.fields().map(Some),
        ElementType::JavaScriptCodeWithScope => Fields::of(value.scoped_code()?.1).map(Some),
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
        | ElementType::Int32
        | ElementType::Timestamp
        | ElementType::Int64
        | ElementType::Decimal128
        | ElementType::MaxKey
        | ElementType::MinKey => Ok(None),
    }
}

/// What `$type` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TypeName {
    /// A number of any type.
    Number,
    One(ElementType),
}

/// The names of the types.
const NAMES: [(&str, TypeName); 22] = [
    ("double", TypeName::One(ElementType::Double)),
    ("string", TypeName::One(ElementType::String)),
    ("object", TypeName::One(ElementType::EmbeddedDocument)),
    ("array", TypeName::One(ElementType::Array)),
    ("binData", TypeName::One(ElementType::Binary)),
    ("undefined", TypeName::One(ElementType::Undefined)),
    ("objectId", TypeName::One(ElementType::ObjectId)),
    ("bool", TypeName::One(ElementType::Boolean)),
    ("date", TypeName::One(ElementType::DateTime)),
    ("null", TypeName::One(ElementType::Null)),
    ("regex", TypeName::One(ElementType::RegularExpression)),
    ("dbPointer", TypeName::One(ElementType::DbPointer)),
    ("javascript", TypeName::One(ElementType::JavaScriptCode)),
    ("symbol", TypeName::One(ElementType::Symbol)),
    ("javascriptWithScope", TypeName::One(ElementType::JavaScriptCodeWithScope)),
    ("int", TypeName::One(ElementType::Int32)),
    ("timestamp", TypeName::One(ElementType::Timestamp)),
    ("long", TypeName::One(ElementType::Int64)),
    ("decimal", TypeName::One(ElementType::Decimal128)),
    ("minKey", TypeName::One(ElementType::MinKey)),
    ("maxKey", TypeName::One(ElementType::MaxKey)),
    ("number", TypeName::Number),
];

impl TypeName {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, is)| *is)
    }

    /// By its number in BSON; that of the least key is -1.
    pub(super) fn from_number(number: i64) -> Option<Self> {
        if number == -1 {
            return Some(Self::One(ElementType::MinKey));
        }
        let kind = u8::try_from(number).ok().and_then(ElementType::from)?;
        (kind != ElementType::MinKey).then_some(Self::One(kind))
    }

    pub(super) fn name(self) -> &'static str {
        NAMES.iter().find(|(_, is)| *is == self).map_or("number", |(name, _)| name)
    }

    pub(super) fn is_type_of(self, kind: ElementType) -> bool {
        match self {
            Self::Number => order::Class::of(kind) == order::Class::Number,
            Self::One(wanted) => wanted == kind,
        }
    }
}

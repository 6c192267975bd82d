//! A filter from a query document. What is not in the list of operators is refused, and so is what the server
//! would refuse.

use bson::{RawArray, RawBsonRef, RawDocument, spec::ElementType};

use super::{
    ast::{
        All, Comparison, Element, Join, Literal, Member, Members, Node, Path, Test, TypeName,
        inside,
    },
    error::{FilterError, FilterProblem},
    order::Class,
    pattern::Pattern,
    value::{Fields, Malformed},
};

/// The most levels of documents and arrays in a query.
pub(super) const LEVELS_MOST: usize = 100;

type Read<T> = Result<T, FilterError>;

/// What an operator takes.
const ANY_VALUE: &str = "a value, but no undefined one; for a regular expression use $regex";
const LIST: &str = "an array of values";
const DOCUMENTS: &str = "an array of one or more queries";
const INTEGER: &str = "a whole number, zero or more";
const TYPES: &str = "the name or the number of a type, or an array of them";
const QUERY: &str = "a document of conditions";

/// All conditions of a query.
pub(super) fn read(query: &RawDocument) -> Read<All> {
    check_levels(query)?;
    all(query)
}

/// Refuses what is nested too deeply, before anything looks deeper.
fn check_levels(query: &RawDocument) -> Result<(), FilterProblem> {
    let malformed = |_: Malformed| FilterProblem::Malformed;
    let mut open = vec![Fields::of(query.as_bytes()).map_err(malformed)?];
    while let Some(fields) = open.last_mut() {
        let Some(field) = fields.next() else {
            open.pop();
            continue;
        };
        let (_, value) = field.map_err(malformed)?;
        if let Some(inner) = inside(value).map_err(malformed)? {
            open.push(inner);
            if open.len() > LEVELS_MOST {
                return Err(FilterProblem::Deep(LEVELS_MOST));
            }
        }
    }
    Ok(())
}

/// The fields of a document, each key once.
fn fields(document: &RawDocument) -> Read<Vec<(&str, RawBsonRef<'_>)>> {
    let mut fields: Vec<(&str, RawBsonRef<'_>)> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for field in document {
        let (key, value) = field.map_err(|_| FilterProblem::Malformed)?;
        if !seen.insert(key.as_str()) {
            return Err(FilterProblem::Twice(key.as_str().to_owned()).into());
        }
        fields.push((key.as_str(), value));
    }
    Ok(fields)
}

fn values(array: &RawArray) -> Read<Vec<RawBsonRef<'_>>> {
    let values: Result<Vec<_>, _> = array.into_iter().collect();
    Ok(values.map_err(|_| FilterProblem::Malformed)?)
}

fn all(query: &RawDocument) -> Read<All> {
    let node = |(key, value)| node(key, value).map_err(|wrong| wrong.below(key));
    fields(query)?.into_iter().map(node).collect()
}

fn node(key: &str, value: RawBsonRef<'_>) -> Read<Node> {
    match Join::EACH.into_iter().find(|join| join.operator() == key) {
        Some(join) => Ok(Node::Join(join, branches(join, value)?)),
        None if key.starts_with('$') => Err(not_outside(key).into()),
        None => Ok(Node::Field(Path::new(key)?, tests_of(value)?)),
    }
}

fn branches(join: Join, value: RawBsonRef<'_>) -> Read<Vec<All>> {
    let wrong = || FilterProblem::Value(join.operator(), DOCUMENTS);
    let branches = values(value.as_array().ok_or_else(wrong)?)?;
    if branches.is_empty() {
        return Err(wrong().into());
    }
    let branch = |(at, value): (usize, RawBsonRef<'_>)| {
        let query = value.as_document().ok_or_else(wrong)?;
        all(query).map_err(|wrong| wrong.below(&at.to_string()))
    };
    branches.into_iter().enumerate().map(branch).collect()
}

/// What is wrong with an operator where a field or `$and`, `$or` and `$nor` stand.
pub(super) fn not_outside(key: &str) -> FilterProblem {
    match TESTS.into_iter().find(|known| *known == key) {
        Some(known) => FilterProblem::Misplaced(known, "write { field: { … } }"),
        None => FilterProblem::Operator(key.to_owned()),
    }
}

/// The operators that test a value.
const TESTS: [&str; 16] = [
    "$eq",
    "$ne",
    "$gt",
    "$gte",
    "$lt",
    "$lte",
    "$in",
    "$nin",
    "$exists",
    "$type",
    "$all",
    "$elemMatch",
    "$size",
    "$regex",
    "$options",
    "$not",
];

/// What is asked of a field: operators, a regular expression, or a value that it equals.
fn tests_of(value: RawBsonRef<'_>) -> Read<Vec<Test>> {
    if let Some(operators) = operators(value) {
        return tests(operators);
    }
    Ok(vec![match member(value)? {
        Some(Member::Value(literal)) => Test::Compare(Comparison::Equal, literal),
        Some(Member::Regex(pattern)) => Test::Regex(pattern),
        None => return Err(FilterProblem::Value("$eq", ANY_VALUE).into()),
    }])
}

/// The document, where it is one of operators. One that begins with `$ref` and has an `$id` is a reference: a value.
fn operators(value: RawBsonRef<'_>) -> Option<&RawDocument> {
    let document = value.as_document()?;
    let has = |key| document.get(key).is_ok_and(|found| found.is_some());
    let first = document.iter().next()?.ok()?.0.as_str();
    (first.starts_with('$') && !(has("$ref") && has("$id"))).then_some(document)
}

fn tests(operators: &RawDocument) -> Read<Vec<Test>> {
    let fields = fields(operators)?;
    let options = fields.iter().find(|(key, _)| *key == "$options").map(|(_, value)| *value);
    let has_regex = fields.iter().any(|(key, _)| *key == "$regex");
    let mut tests = Vec::new();
    for (key, value) in fields {
        let test = match key {
            "$options" if has_regex => continue,
            "$options" => {
                let wrong = FilterProblem::Misplaced("$options", "write it beside a $regex");
                Err(wrong.into())
            }
            "$regex" => regex(value, options).map(Test::Regex).map_err(FilterError::from),
            _ => test(key, value),
        };
        tests.push(test.map_err(|wrong| wrong.below(key))?);
    }
    Ok(tests)
}

fn test(key: &str, value: RawBsonRef<'_>) -> Read<Test> {
    Ok(match key {
        "$eq" => Test::Compare(Comparison::Equal, literal("$eq", value)?),
        "$gt" => Test::Compare(Comparison::Greater, plain("$gt", value)?),
        "$gte" => Test::Compare(Comparison::GreaterOrEqual, plain("$gte", value)?),
        "$lt" => Test::Compare(Comparison::Less, plain("$lt", value)?),
        "$lte" => Test::Compare(Comparison::LessOrEqual, plain("$lte", value)?),
        "$ne" => Test::NotEqual(plain("$ne", value)?),
        "$in" => Test::In(members("$in", value)?),
        "$nin" => Test::NotIn(members("$nin", value)?),
        "$exists" => Test::Exists(truth(value)?),
        "$type" => Test::Type(types(value)?),
        "$size" => Test::Size(size(value)?),
        "$all" => each(value)?,
        "$elemMatch" => Test::Element(element(value)?),
        "$not" => Test::Not(negated(value)?),
        _ if Join::EACH.into_iter().any(|join| join.operator() == key) => {
            let join = Join::EACH.into_iter().find(|join| join.operator() == key);
            let name = join.map_or("$and", Join::operator);
            return Err(FilterProblem::Misplaced(name, "write it around the fields").into());
        }
        _ => return Err(FilterProblem::Operator(key.to_owned()).into()),
    })
}

fn literal(operator: &'static str, value: RawBsonRef<'_>) -> Read<Literal> {
    if Class::of(value.element_type()) == Class::Undefined {
        return Err(FilterProblem::Value(operator, ANY_VALUE).into());
    }
    Ok(Literal::new(value)?)
}

/// One that is no regular expression.
fn plain(operator: &'static str, value: RawBsonRef<'_>) -> Read<Literal> {
    if Class::of(value.element_type()) == Class::Regex {
        return Err(FilterProblem::Value(operator, ANY_VALUE).into());
    }
    literal(operator, value)
}

/// A value or a regular expression; `None` where it is undefined.
fn member(value: RawBsonRef<'_>) -> Read<Option<Member>> {
    if let Some(regex) = value.as_regex() {
        let pattern = Pattern::new(regex.pattern.as_str(), regex.options.as_str())?;
        return Ok(Some(Member::Regex(pattern)));
    }
    match value.element_type() {
        ElementType::Undefined => Ok(None),
        _ => Ok(Some(Member::Value(Literal::new(value)?))),
    }
}

/// The values of a list, of which none is a document of operators.
fn list(operator: &'static str, value: RawBsonRef<'_>) -> Read<Vec<Member>> {
    let wrong = || FilterProblem::Value(operator, LIST);
    let one = |(at, value): (usize, RawBsonRef<'_>)| {
        let read = match operators(value) {
            Some(_) => Err(FilterProblem::Value(operator, "values, but no operators").into()),
            None => member(value).and_then(|found| found.ok_or_else(|| wrong().into())),
        };
        read.map_err(|wrong| wrong.below(&at.to_string()))
    };
    values(value.as_array().ok_or_else(wrong)?)?.into_iter().enumerate().map(one).collect()
}

fn members(operator: &'static str, value: RawBsonRef<'_>) -> Read<Members> {
    let (mut values, mut patterns) = (Vec::new(), Vec::new());
    for member in list(operator, value)? {
        match member {
            Member::Value(literal) => values.push(literal),
            Member::Regex(pattern) => patterns.push(pattern),
        }
    }
    Ok(Members::new(values, patterns))
}

fn each(value: RawBsonRef<'_>) -> Read<Test> {
    let is_element = |value: &RawBsonRef<'_>| {
        operators(*value)
            .and_then(|inner| inner.iter().next()?.ok())
            .is_some_and(|(key, _)| key.as_str() == "$elemMatch")
    };
    let given = values(value.as_array().ok_or(FilterProblem::Value("$all", LIST))?)?;
    if !given.iter().any(is_element) {
        return list("$all", value).map(Test::Each);
    }
    let one = |value: RawBsonRef<'_>| {
        let wrong = FilterProblem::Value("$all", "values, or $elemMatch alone in each");
        match value.as_document().map(fields).transpose()?.as_deref() {
            Some([("$elemMatch", element_of)]) => element(*element_of),
            Some(_) | None => Err(wrong.into()),
        }
    };
    Ok(Test::EachElement(given.into_iter().map(one).collect::<Read<_>>()?))
}

fn element(value: RawBsonRef<'_>) -> Read<Element> {
    let document = value.as_document().ok_or(FilterProblem::Value("$elemMatch", QUERY))?;
    let joins = |key: &str| Join::EACH.into_iter().any(|join| join.operator() == key);
    Ok(match operators(value) {
        Some(inner)
            if !inner.iter().flatten().next().is_some_and(|(key, _)| joins(key.as_str())) =>
        {
            Element::Value(tests(inner)?)
        }
        Some(_) | None => Element::Document(all(document)?),
    })
}

fn negated(value: RawBsonRef<'_>) -> Read<Vec<Test>> {
    if value.as_regex().is_some() {
        return tests_of(value);
    }
    let operators = operators(value);
    let wrong = FilterProblem::Value("$not", "a document of operators or a regular expression");
    tests(operators.ok_or(wrong)?)
}

fn truth(value: RawBsonRef<'_>) -> Result<bool, FilterProblem> {
    if let Some(truth) = value.as_bool() {
        return Ok(truth);
    }
    let number = whole(value).ok_or(FilterProblem::Value("$exists", "true or false"))?;
    Ok(number != 0)
}

/// A number without a fraction, of any type but a decimal.
fn whole(value: RawBsonRef<'_>) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation)]
    // It has no fraction, and what is too large ends at the limit.
    let from_double = |double: f64| (double.fract() == 0.0).then_some(double as i64);
    let integer = value.as_i64().or(value.as_i32().map(i64::from));
    integer.or_else(|| value.as_f64().and_then(from_double))
}

fn size(value: RawBsonRef<'_>) -> Result<i64, FilterProblem> {
    whole(value).filter(|size| *size >= 0).ok_or(FilterProblem::Value("$size", INTEGER))
}

fn types(value: RawBsonRef<'_>) -> Read<Vec<TypeName>> {
    let wrong = || FilterProblem::Value("$type", TYPES);
    let one = |value: RawBsonRef<'_>| {
        let found = match value.as_str() {
            Some(name) => TypeName::from_name(name),
            None => whole(value).and_then(TypeName::from_number),
        };
        found.ok_or_else(wrong)
    };
    let names = match value.as_array() {
        Some(array) => values(array)?.into_iter().map(one).collect::<Result<Vec<_>, _>>()?,
        None => vec![one(value)?],
    };
    if names.is_empty() { Err(wrong().into()) } else { Ok(names) }
}

fn regex(value: RawBsonRef<'_>, options: Option<RawBsonRef<'_>>) -> Result<Pattern, FilterProblem> {
    let wrong = || FilterProblem::Value("$options", "a text of i, m and s");
    let options = options.map(|options| options.as_str().ok_or_else(wrong)).transpose()?;
    if let Some(text) = value.as_str() {
        return Pattern::new(text, options.unwrap_or_default());
    }
    let regex = value.as_regex();
    let regex = regex.ok_or(FilterProblem::Value("$regex", "a text or a regular expression"))?;
    if options.is_some() && !regex.options.is_empty() {
        return Err(FilterProblem::Misplaced("$options", "the regular expression has its own"));
    }
    Pattern::new(regex.pattern.as_str(), options.unwrap_or(regex.options.as_str()))
}

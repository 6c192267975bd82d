//! What is no filter, and what the error says.

use bson::{RawBsonRef, cstr, rawdoc};

use super::*;

fn wrong(query: &Document) -> String {
    match filter(query) {
        Ok(_) => panic!("{query} is accepted"),
        Err(wrong) => wrong.to_string(),
    }
}

#[test]
fn what_is_not_in_the_list_is_refused_by_name() {
    for operator in
        ["$where", "$expr", "$text", "$jsonSchema", "$comment", "$function", "$sampleRate", "$x"]
    {
        let said = wrong(&doc! { "$and": [{ operator: "x" }] });
        assert!(said.contains(operator) && said.contains("use one of $eq $ne"), "{said}");
    }
    for operator in ["$mod", "$near", "$geoWithin", "$bitsAllSet", "$expr", "$comment", "b"] {
        let said = wrong(&doc! { "a": { "$gt": 1, operator: 1 } });
        assert!(said.starts_with(&format!("a.{operator}: {operator} cannot be used")), "{said}");
    }
}

#[test]
fn an_operator_says_what_it_takes_and_where() {
    let undefined = || Bson::Undefined;
    let cases = [
        (doc! { "a": { "$in": 1 } }, "a.$in: $in takes an array"),
        (doc! { "a": { "$in": [1, { "$gt": 1 }] } }, "a.$in.1: $in takes values, but no"),
        (doc! { "a": { "$size": -1 } }, "a.$size: $size takes a whole number"),
        (doc! { "a": { "$size": 1.5 } }, "a.$size: $size takes a whole number"),
        (doc! { "a": { "$type": "text" } }, "a.$type: $type takes the name"),
        (doc! { "a": { "$type": [] } }, "a.$type: $type takes the name"),
        (doc! { "a": { "$type": 0 } }, "a.$type: $type takes the name"),
        (doc! { "a": { "$exists": "yes" } }, "a.$exists: $exists takes true or false"),
        (doc! { "a": { "$not": {} } }, "a.$not: $not takes a document of operators"),
        (doc! { "a": { "$not": 5 } }, "a.$not: $not takes a document of operators"),
        (doc! { "a": { "$elemMatch": 5 } }, "a.$elemMatch: $elemMatch takes a document"),
        (doc! { "a": { "$all": [{ "$elemMatch": {} }, 5] } }, "a.$all: $all takes values, or"),
        (doc! { "a": { "$options": "i" } }, "a.$options: $options cannot stand here"),
        (doc! { "a": { "$regex": 5 } }, "a.$regex: $regex takes a text"),
        (doc! { "a": { "$gt": undefined() } }, "a.$gt: $gt takes a value, but no undefined"),
        (doc! { "a": undefined() }, "a: $eq takes a value, but no undefined"),
        (doc! { "a": { "$and": [] } }, "a.$and: $and cannot stand here"),
        (doc! { "$gt": 5 }, "$gt: $gt cannot stand here"),
        (doc! { "$or": [] }, "$or: $or takes an array of one or more queries"),
        (doc! { "$or": [{ "a": { "$or": 1 } }] }, "$or.0.a.$or: $or cannot stand here"),
        (doc! { "a..b": 5 }, "a..b: “a..b” is no field"),
        (doc! { "": 5 }, "“” is no field"),
        (doc! { "\u{1b}": { "$mod": [] } }, "\\u{1b}.$mod"),
    ];
    for (query, says) in cases {
        let said = wrong(&query);
        assert!(said.starts_with(says) && !said.contains('\u{1b}'), "{query}: {said}");
    }
}

#[test]
fn a_key_twice_is_refused_instead_of_dropped() {
    let mut twice = RawDocumentBuf::new();
    for value in [1, 2] {
        twice.append(cstr!("b"), RawBsonRef::Int32(value));
    }
    let mut inside = RawDocumentBuf::new();
    inside.append(cstr!("a"), twice.as_ref());
    for query in [twice, inside] {
        let wrong = Filter::from_document(&query).unwrap_err();
        assert_eq!(wrong.problem, FilterProblem::Twice("b".to_owned()));
    }
}

#[test]
fn what_is_nested_too_deeply_is_refused() {
    let wraps: [&dyn Fn(RawDocumentBuf) -> RawDocumentBuf; 3] = [
        &|query| rawdoc! { "$and": [query] },
        &|query| rawdoc! { "a": { "$not": query } },
        &|query| rawdoc! { "a": query },
    ];
    for wrap in wraps {
        let query = (0..3000).fold(rawdoc! { "a": 1 }, |query, _| wrap(query));
        let wrong = Filter::from_document(&query).unwrap_err();
        assert_eq!(wrong.problem, FilterProblem::Deep(100));
    }
}

#[test]
fn a_regular_expression_that_two_engines_read_differently_is_refused() {
    for (pattern, options, says) in [
        ("(", "", "cannot be read at character 1"),
        ("a(?=b)", "", "look-around"),
        ("(a)\\1", "", "backreferences"),
        ("a", "x", "option x"),
        ("a", "u", "option u"),
        ("é(?x: a)", "", "has x at character 4"),
        ("a$b", "", "has $ at character 2"),
        ("(a$)*", "", "has $"),
        ("^a?", "m", "has ^ at character 1"),
        ("a*+", "", "has a*+"),
        ("^*", "", "has ^*"),
        ("\\p{L}", "", "has \\p{L}"),
        ("\\v", "", "has \\v"),
        ("\\B", "", "use \\b"),
        ("\\<a", "", "use \\b"),
        ("\\u0041", "", "has \\u0041"),
        ("[a&&b]", "", "has a&&b"),
        ("[a[b]]", "", "has [b]"),
        ("[[:^alpha:]]", "", "negate the whole class"),
        ("[[:alpha:]]", "i", "where case is ignored"),
        ("[:alpha:]", "", "put another character first"),
        ("[\\w]", "i", "where case is ignored"),
        ("a(?i)b", "", "at the beginning"),
        ("(?R)a", "", "use the options"),
        ("(a{1000}){1000}", "", "is too large"),
        ("a{1001}", "", "at most 1000"),
        (&("(".repeat(500) + &")".repeat(500)), "", "nest"),
        (&"a".repeat(20_000), "", "is too large"),
        ("a\0", "", "zero byte"),
    ] {
        let said = wrong(&doc! { "a": { "$regex": pattern, "$options": options } });
        assert!(said.starts_with("a.$regex: the regular expression"), "{said}");
        assert!(said.contains(says), "{pattern}: {said}");
    }
}

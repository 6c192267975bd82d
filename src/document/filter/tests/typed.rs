//! What a line of terms means.

use bson::{DateTime, oid::ObjectId};
use proptest::prelude::*;

use super::{
    super::{JoiningWord, LineProblem, ParseError},
    *,
};

fn shell(text: &str) -> Result<RawDocumentBuf, String> {
    crate::document::parse(text).map_err(|wrong| wrong.to_string())
}

fn parse(text: &str) -> Result<Filter, ParseError<String>> {
    Filter::parse(text, shell)
}

#[test]
fn terms_are_read_as_what_they_look_like() {
    let hex = "0123456789abcdef01234567";
    let id = ObjectId::parse_str(hex).unwrap();
    let uuid = "01234567-89ab-cdef-0123-456789abcdef";
    let at = |text: &str| DateTime::parse_rfc3339_str(text).unwrap();
    let (day, next) = (at("2026-11-20T00:00:00Z"), at("2026-11-21T00:00:00Z"));
    let within = doc! { "a": { "$gte": day, "$lt": next } };
    let same = doc! { "a": { "$eq": "2026-11-20" } };
    for (text, query) in [
        ("", doc! {}),
        (" \n ", doc! {}),
        ("a:b", doc! { "a": "b" }),
        ("a=b", doc! { "a": "b" }),
        ("a.b.0:O'Brien", doc! { "a.b.0": "O'Brien" }),
        ("a: b", doc! { "a": "b" }),
        ("a > 5", doc! { "a": { "$gt": 5 } }),
        ("a>=5 a<7", doc! { "$and": [{ "a": { "$gte": 5 } }, { "a": { "$lt": 7 } }] }),
        ("a<=-5 b!=x", doc! { "a": { "$lte": -5 }, "b": { "$ne": "x" } }),
        ("a:12345678901", doc! { "a": 12_345_678_901_i64 }),
        ("a:1.5", doc! { "a": { "$in": [1.5] } }),
        ("a:0.1", doc! { "a": { "$in": [decimal("0.1"), 0.1] } }),
        ("a>0.1", doc! { "a": { "$gt": 0.1 } }),
        ("a>=0.1", doc! { "a": { "$gte": decimal("0.1") } }),
        ("a:0150", doc! { "a": "0150" }),
        ("a:true b:null c!=false", doc! { "a": true, "b": Bson::Null, "c": { "$ne": false } }),
        ("a:\"true\"", doc! { "a": "true" }),
        ("a:\"x \\\"y\\\" \\\\\"", doc! { "a": "x \"y\" \\" }),
        ("\"a b\":5", doc! { "a b": 5 }),
        ("a:\"\"", doc! { "a": "" }),
        ("a:*", doc! { "a": { "$exists": true } }),
        ("a!=*", doc! { "a": { "$exists": false } }),
        ("a:wor*", doc! { "a": { "$regex": "^wor" } }),
        ("a:1.*", doc! { "a": { "$regex": "^1\\." } }),
        ("a!=wor*", doc! { "a": { "$not": { "$regex": "^wor" } } }),
        ("a:\"wor*\"", doc! { "a": "wor*" }),
        (&format!("a:{hex}"), doc! { "a": { "$in": [hex, id] } }),
        (&format!("a>{hex}"), doc! { "a": { "$gt": id } }),
        (
            &format!("a:{uuid}"),
            doc! { "a": { "$in": [uuid, bson::Uuid::parse_str(uuid).unwrap()] } },
        ),
        ("a:2026-11-20", doc! { "$or": [&within, &same] }),
        ("a!=2026-11-20", doc! { "$nor": [&within, &same] }),
        ("a>2026-11-20", doc! { "a": { "$gte": next } }),
        ("a<=2026-11-20", doc! { "a": { "$lt": next } }),
        ("a<2026-11-20", doc! { "a": { "$lt": day } }),
        ("a>=2026-11-20T10:30", doc! { "a": { "$gte": at("2026-11-20T10:30:00Z") } }),
        ("a<2026-11-20T10:30:01.5+01:00", doc! { "a": { "$lt": at("2026-11-20T09:30:01.5Z") } }),
        (
            "a:2026-11-20T10:30",
            doc! { "$or": [
                { "a": { "$gte": at("2026-11-20T10:30:00Z"), "$lt": at("2026-11-20T10:31:00Z") } },
                { "a": "2026-11-20T10:30" },
            ] },
        ),
        (
            "a:2026-12",
            doc! { "$or": [
                { "a": { "$gte": at("2026-12-01T00:00:00Z"), "$lt": at("2027-01-01T00:00:00Z") } },
                { "a": "2026-12" },
            ] },
        ),
        ("a>2026-11", doc! { "a": { "$gte": at("2026-12-01T00:00:00Z") } }),
        ("a<2026-11", doc! { "a": { "$lt": at("2026-11-01T00:00:00Z") } }),
        (
            "a!=2026-02",
            doc! { "$nor": [
                { "a": { "$gte": at("2026-02-01T00:00:00Z"), "$lt": at("2026-03-01T00:00:00Z") } },
                { "a": "2026-02" },
            ] },
        ),
        (
            "a:2026",
            doc! { "$or": [
                { "a": { "$gte": at("2026-01-01T00:00:00Z"), "$lt": at("2027-01-01T00:00:00Z") } },
                { "a": 2026 },
            ] },
        ),
        (
            "a>2026",
            doc! { "$or": [{ "a": { "$gte": at("2027-01-01T00:00:00Z") } }, { "a": { "$gt": 2026 } }] },
        ),
        ("a:2100 b:1899", doc! { "a": 2100, "b": 1899 }),
        ("a:2026-13 b:2026-1", doc! { "a": "2026-13", "b": "2026-1" }),
        ("a:'EUR'", doc! { "a": "EUR" }),
        ("'a b':'it\\'s \"x\"'", doc! { "a b": "it's \"x\"" }),
        ("2026", doc! { "_id": 2026 }),
        ("a:https://x.y/?z=1", doc! { "a": "https://x.y/?z=1" }),
        ("x", doc! { "_id": "x" }),
        ("7", doc! { "_id": 7 }),
        ("\"7\"", doc! { "_id": "7" }),
        ("ab*", doc! { "_id": { "$regex": "^ab" } }),
        (hex, doc! { "_id": { "$in": [hex, id] } }),
        (" {\"a\": {\"$gt\": 5}}", doc! { "a": { "$gt": 5 } }),
    ] {
        assert_eq!(parse(text), Ok(read(&query)), "{text}");
    }
}

#[test]
fn what_looks_like_something_else_may_still_be_a_text_or_an_id() {
    for (text, query) in [
        ("a:'2026-13-01'", doc! { "a": "2026-13-01" }),
        ("a:2026-02-28Tx", doc! { "a": "2026-02-28Tx" }),
        ("a:'New' York", doc! { "a": "New", "_id": "York" }),
        ("paid:true R-1", doc! { "paid": true, "_id": "R-1" }),
        ("OR", doc! { "_id": "OR" }),
        ("'OR' a:1", doc! { "_id": "OR", "a": 1 }),
        ("not a:1", doc! { "_id": "not", "a": 1 }),
    ] {
        assert_eq!(parse(text), Ok(read(&query)), "{text}");
    }
}

#[test]
fn a_filter_is_shown_as_it_is_understood() {
    let shown = |text: &str| parse(text).unwrap().brief(60);
    assert_eq!(shown("currency:'EUR'"), "{ currency: { $eq: \"EUR\" } }");
    assert_eq!(shown("R-10001"), "{ _id: { $eq: \"R-10001\" } }");
    assert_eq!(shown(&format!("a:{}", "x".repeat(100))).chars().count(), 60);
}

#[test]
fn what_cannot_be_read_says_where_and_what_to_write() {
    use LineProblem as P;
    let apart = |before: &str, word: &str| P::Apart { before: before.into(), word: word.into() };
    let operator = |name: &str| P::Filter(FilterProblem::Operator(name.to_owned()));
    for (text, column, problem) in [
        ("a:b é:\"x", 7, P::Unclosed('"')),
        ("a:b é:'x\"", 7, P::Unclosed('\'')),
        ("a:\"x\\n\"", 5, P::Escape('n')),
        ("a:\"x\"y", 6, P::Behind),
        (":x", 1, P::NoField(":")),
        ("a:b !=x", 5, P::NoField("!=")),
        ("a>=", 2, P::NoValue(">=")),
        ("a:>5", 3, P::TwoOperators(">")),
        ("a:*x", 3, P::Star),
        ("a:é*x", 4, P::Star),
        ("a>true", 3, P::NoOrder(">")),
        ("a<x*", 3, P::NoOrder("<")),
        ("x $where:1", 3, operator("$where")),
        ("a:2026-02-30", 3, P::NoDate("2026-02-30".to_owned())),
        ("2026-13-01", 1, P::NoDate("2026-13-01".to_owned())),
        ("a>2026-02-28T25:00", 3, P::NoDate("2026-02-28T25:00".to_owned())),
        ("city:New York", 10, apart("New", "York")),
        ("city:New York City", 10, apart("New", "York")),
        ("New York", 5, apart("New", "York")),
        ("a:1 OR b:2", 5, P::Joined(JoiningWord::Or)),
        ("a:1 or b:2", 5, P::Joined(JoiningWord::Or)),
        ("a:1 || b:2", 5, P::Joined(JoiningWord::Or)),
        ("a:x and b:2", 5, P::Joined(JoiningWord::And)),
        ("NOT a:1", 1, P::Joined(JoiningWord::Not)),
        ("a..b:1", 1, P::Filter(FilterProblem::Path("a..b".to_owned()))),
    ] {
        let wrong = ParseError::Line { line: 1, column, problem };
        assert_eq!(parse(text), Err(wrong), "{text}");
    }
    let second = parse("a:b\nc:d e:").unwrap_err();
    assert!(second.to_string().starts_with("line 2, column 6: a value is missing"), "{second}");
    assert!(matches!(parse("{ a"), Err(ParseError::Syntax(_))));
    let query = parse("{\"a\": {\"$mod\": 1}}").unwrap_err().to_string();
    assert!(query.starts_with("a.$mod: $mod cannot be used"), "{query}");
}

proptest! {
    #[test]
    fn whatever_is_typed_is_a_filter_or_wrong(
        text in "([a$.]{0,3}(:|=|!=|>=?|<=?)?[\"\\\\]?\\PC{0,6}[*\" ]?){0,4}",
        value in prop_oneof![any::<i32>().prop_map(Bson::from), "[a-z]{0,3}".prop_map(Bson::from)],
    ) {
        match parse(&text) {
            Ok(filter) => {
                let sent = filter.to_document();
                prop_assert_eq!(super::filter(&sent), Ok(filter.clone()));
                prop_assert_eq!(filter.is_empty(), sent.is_empty());
                let raw = RawDocumentBuf::try_from(&doc! { "a": value }).unwrap();
                prop_assert!(filter.matches(&raw).is_ok());
            }
            Err(wrong) => prop_assert!(!wrong.to_string().is_empty()),
        }
    }
}

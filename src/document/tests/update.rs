//! Fields set and removed by their paths.

use bson::RawDocument;

use crate::document::{one_line, parse, set_typed, split_assignment, unset};

fn text(document: &RawDocument) -> String {
    let mut text = String::new();
    one_line(document, &mut text).unwrap();
    text
}

fn set_in(document: &str, path: &str, value: &str) -> String {
    match set_typed(&parse(document).unwrap(), path, value) {
        Ok(document) => text(&document),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_field_is_set_wherever_it_is() {
    for (document, path, value, after) in [
        ("{ a: 1, b: 2 }", "a", "3", "{ a: 3, b: 2 }"),
        ("{ a: 1 }", "b", "true", "{ a: 1, b: true }"),
        ("{ a: { b: [ 1, 2 ] } }", "a.b[1]", "5", "{ a: { b: [ 1, 5 ] } }"),
        ("{ a: { b: [ 1, 2 ] } }", "a.b.0", "5", "{ a: { b: [ 5, 2 ] } }"),
        ("{ a: [ { b: 1 } ] }", "a[0].c", "x y", "{ a: [ { b: 1, c: \"x y\" } ] }"),
        ("{ }", "a.b.c", "1", "{ a: { b: { c: 1 } } }"),
        ("{ \"a.b\": 1 }", "[\"a.b\"]", "2", "{ \"a.b\": 2 }"),
        ("{ a: { } }", "a[\"x]\\\"\"]", "2", "{ a: { \"x]\\\"\": 2 } }"),
        ("{ a: { } }", "a.0", "2", "{ a: { \"0\": 2 } }"),
        // Only the first of two.
        ("{ a: 1, a: 2 }", "a", "3", "{ a: 3, a: 2 }"),
    ] {
        let after = parse(after).map(|after| text(&after)).unwrap();
        assert_eq!(set_in(document, path, value), after, "{path}");
    }
}

#[test]
fn a_bare_number_keeps_the_type_of_what_it_replaces() {
    for (before, value, after) in [
        ("Long(\"5\")", "6", "Long(\"6\")"),
        ("Long(\"5\")", "6.5", "6.5"),
        ("120.5", "7", "7.0"),
        ("120.5", "9007199254740993", "Long(\"9007199254740993\")"),
        ("Decimal128(\"1.50\")", "2.50", "Decimal128(\"2.50\")"),
        ("5", "6", "6"),
        ("5", "3000000000", "Long(\"3000000000\")"),
        ("5", "-6.5", "-6.5"),
        ("120.5", "Long(\"7\")", "Long(\"7\")"),
        ("\"5\"", "6", "6"),
    ] {
        let document = format!("{{ a: {before} }}");
        assert_eq!(set_in(&document, "a", value), format!("{{ a: {after} }}"), "{value}");
    }
}

#[test]
fn what_cannot_be_set_says_why() {
    for (path, said) in [
        ("a.b", "a is neither a document nor an array"),
        ("list[2]", "list[2]: only elements that an array has can be set, and none can be removed"),
        (
            "list[2].x",
            "list[2]: only elements that an array has can be set, and none can be removed",
        ),
        // None is made into a document.
        ("new[0]", "new[0]: only elements that an array has can be set, and none can be removed"),
        (
            "new[2].price",
            "new[2].price: only elements that an array has can be set, and none can be removed",
        ),
        ("a..b", "“a..b” is not a path: a key is missing"),
        ("a[x]", "“a[x]” is not a path: […] needs a number or a quoted key"),
        ("a[1", "“a[1” is not a path: ] is missing"),
        ("", "“” is not a path: a key is missing"),
    ] {
        assert_eq!(set_in("{ a: 1, list: [ 1, 2 ] }", path, "1"), said);
    }
}

#[test]
fn what_begins_as_a_value_and_is_none_does_not_become_text() {
    for value in ["99999999999999999999", "Long(5", "{ x: 1", "[1, 2", "5x", "10 Downing St", "\"a"]
    {
        let said = set_in("{ a: 1 }", "a", value);
        assert!(said.contains("is not a value") && said.contains("double quotes"), "{said}");
    }
    assert_eq!(set_in("{ a: 1 }", "a", "\"10 Downing St\""), "{ a: \"10 Downing St\" }");
    assert_eq!(set_in("{ a: 1 }", "a", "Oslo (N)"), "{ a: \"Oslo (N)\" }");
    assert_eq!(set_in("{ a: 1 }", "a", ""), "{ a: \"\" }");
}

#[test]
fn a_field_is_removed() {
    let removed =
        |path: &str| match unset(&parse("{ a: 1, b: { c: 2, d: 3 }, e: [ 1 ] }").unwrap(), path) {
            Ok(document) => text(&document),
            Err(error) => error.to_string(),
        };
    assert_eq!(removed("a"), "{ b: { c: 2, d: 3 }, e: [1] }");
    assert_eq!(removed("b.c"), "{ a: 1, b: { d: 3 }, e: [1] }");
    assert_eq!(removed("b.x"), "the document has no field b.x");
    assert_eq!(removed("x.y"), "the document has no field x.y");
    assert!(removed("e[0]").contains("none can be removed"));
}

#[test]
fn an_assignment_ends_its_path_at_the_first_bare_equals_sign() {
    assert_eq!(split_assignment("a.b=c=d"), Some(("a.b", "c=d")));
    assert_eq!(split_assignment("[\"a=\\\"b\"]=1"), Some(("[\"a=\\\"b\"]", "1")));
    assert_eq!(split_assignment("a"), None);
}

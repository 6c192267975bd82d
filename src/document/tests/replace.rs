//! Single values: read, written, found and replaced.

use bson::{Bson, RawDocumentBuf};
use proptest::prelude::*;

use super::{
    super::{
        DEPTH_MOST, Path, ReplaceError, Step, one_line, parse, parse_value, pretty, replace_value,
        value_at,
    },
    arbitrary::{any_document, any_field},
    edits::{edited, raw},
    written,
};

fn read(text: &str) -> RawDocumentBuf {
    parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn a_single_value_is_read_in_all_its_forms() {
    for (text, expected) in [
        (" 5 // five", "5"),
        ("NumberLong(5);", "Long(\"5\")"),
        ("\"it's\"", "\"it's\""),
        ("{ $oid: '6b03591144a42dd288929abe' }", "ObjectId(\"6b03591144a42dd288929abe\")"),
        ("{ a: [1, { b: 2 }] }", "{ a: [1, { b: 2 }] }"),
        ("[]", "[]"),
    ] {
        let mut shown = String::new();
        parse_value(text).unwrap().as_raw().one_line(&mut shown).unwrap();
        assert_eq!(shown, expected);
    }
    let error = parse_value("[1,\n 2 3]").unwrap_err();
    assert_eq!((error.line, error.column), (2, 4));
    assert_eq!(parse_value("").unwrap_err().message, "expected a value, found the end of the text");
    assert_eq!(parse_value("1 2").unwrap_err().message, "expected the end of the text, found 2");
    assert_eq!(parse_value("Long(5)").unwrap().to_bson(), Some(Bson::Int64(5)));
    assert_eq!(parse_value("InvalidUtf8('\\xff')").unwrap().to_bson(), None);
}

#[test]
fn a_value_is_replaced_where_it_is() {
    let document = read("{ a: 1, 'b.c': [1, { d: 'x', d: 'y' }], e: Long(3) }");
    let path = |steps: &[Step]| Path::from(steps.to_vec());
    let second = Step::Key { key: (*b"d").into(), occurrence: 1 };
    for (steps, value, expected) in [
        (
            &[Step::key("a")][..],
            "'one'",
            "{ a: \"one\", \"b.c\": [1, { d: \"x\", d: \"y\" }], e: Long(\"3\") }",
        ),
        (
            &[Step::key("b.c"), Step::index(1), second],
            "[]",
            "{ a: 1, \"b.c\": [1, { d: \"x\", d: [] }], e: Long(\"3\") }",
        ),
        (
            &[Step::key("b.c"), Step::index(0)],
            "null",
            "{ a: 1, \"b.c\": [null, { d: \"x\", d: \"y\" }], e: Long(\"3\") }",
        ),
    ] {
        let value = parse_value(value).unwrap();
        let replaced = replace_value(&document, &path(steps), value.as_raw()).unwrap();
        assert_eq!(written(&replaced, one_line), expected);
    }
    let value = parse_value("1").unwrap();
    for steps in [
        &[][..],
        &[Step::key("x")],
        &[Step::key("a"), Step::key("b")],
        &[Step::index(0)],
        &[Step::key("b.c"), Step::key("0")],
        &[Step::key("b.c"), Step::index(2)],
    ] {
        let error = replace_value(&document, &path(steps), value.as_raw()).unwrap_err();
        assert_eq!(error, ReplaceError::NoSuchValue(path(steps)));
    }
}

#[test]
fn what_a_server_does_not_store_is_refused() {
    let deep = format!("{}1{}", "[".repeat(DEPTH_MOST - 1), "]".repeat(DEPTH_MOST - 1));
    let deep = parse_value(&deep).unwrap();
    let document = read("{ a: 1, b: { c: 1 } }");
    assert!(replace_value(&document, &[Step::key("a")].into(), deep.as_raw()).is_ok());
    let error = replace_value(&document, &[Step::key("b"), Step::key("c")].into(), deep.as_raw());
    assert_eq!(error, Err(ReplaceError::TooDeep));
    let large = parse_value(&format!("'{}'", "x".repeat(16_777_000))).unwrap();
    let document = read(&format!("{{ a: 1, b: '{}' }}", "x".repeat(300)));
    let error = replace_value(&document, &[Step::key("a")].into(), large.as_raw());
    assert_eq!(error, Err(ReplaceError::TooLarge));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_single_value_is_read_back_byte_for_byte((_, value) in any_field()) {
        let (kind, bytes) = value.encoded();
        let document = raw(&[(b"a".to_vec(), value)]);
        let value = value_at(&document, &[Step::key("a")].into()).unwrap().unwrap();
        prop_assert_eq!((value.kind(), value.bytes()), (kind, &bytes[..]));
        let mut text = String::new();
        value.one_line(&mut text).unwrap();
        let read = parse_value(&text).unwrap();
        prop_assert_eq!(read.as_raw(), value, "{}", &text);
        for most in [0, 1, 5, 20] {
            let brief = value.brief(most);
            let count = brief.chars().count();
            prop_assert!(count <= most);
            let whole = text.chars().count() <= most;
            prop_assert_eq!(brief == text, whole || text.is_empty());
            let shown: String = text.chars().take(count.saturating_sub(1)).collect();
            prop_assert!(brief.starts_with(&shown) || text.contains("InvalidUtf8") || text.contains("BSONRegExp"), "{brief} {text}");
        }
    }

    #[test]
    fn nothing_else_changes_with_a_value((before, after) in edited(), (_, value) in any_field()) {
        let (kind, bytes) = value.encoded();
        let value = super::super::raw_value::RawValue::new(kind, &bytes);
        for change in super::super::difference(&before, &after).unwrap() {
            let Ok(Some(old)) = value_at(&before, &change.path) else { continue };
            if change.path == Path::root() {
                continue;
            }
            let replaced = replace_value(&before, &change.path, value).unwrap();
            prop_assert_eq!(value_at(&replaced, &change.path).unwrap(), Some(value));
            let back = replace_value(&replaced, &change.path, old).unwrap();
            prop_assert_eq!(&back, &before);
        }
    }

    #[test]
    fn text_around_a_value_is_no_document(document in any_document()) {
        let text = written(&document, pretty);
        let value = parse_value(&text).unwrap();
        prop_assert_eq!(value.as_raw().bytes(), document.as_bytes());
    }
}

//! How documents look.

use bson::{Bson, DateTime, RawDocumentBuf, doc, spec::ElementType};

use super::{
    super::{
        Malformed, WriteError, canonical, element::Elements, one_line, pretty,
        regex::stands_between_slashes, relaxed,
    },
    arbitrary::{Any, document, one, string},
    written,
};

/// The value of the only field, on one line.
fn shell(kind: ElementType, bytes: &[u8]) -> String {
    let text = written(&one(kind, bytes), one_line);
    text.strip_prefix("{ a: ").unwrap().strip_suffix(" }").unwrap().to_owned()
}

fn raw(document: &bson::Document) -> RawDocumentBuf {
    RawDocumentBuf::try_from(document).unwrap()
}

#[test]
fn lines_are_indented_and_what_is_short_stands_on_one() {
    let (x, y) = ("x".repeat(30), "y".repeat(30));
    let document = raw(&doc! {
        "_id": 1, "tags": ["a", "b"], "at": { "x": 1, "y": 2 }, "none": [], "nothing": {},
        "deep": { "list": [{ "a": 1 }] }, "long": [&x, &y],
    });
    let expected = format!(
        "{{\n  _id: 1,\n  tags: [\"a\", \"b\"],\n  at: {{ x: 1, y: 2 }},\n  none: [],\n  nothing: {{}},\n  \
         deep: {{\n    list: [\n      {{ a: 1 }},\n    ],\n  }},\n  long: [\n    \"{x}\",\n    \
         \"{y}\",\n  ],\n}}"
    );
    assert_eq!(written(&document, pretty), expected);
    let line = written(&document, one_line);
    assert!(line.starts_with("{ _id: 1, tags: [\"a\", \"b\"], at: { x: 1, y: 2 }, none: [], "));
    assert_eq!(written(&raw(&doc! {}), pretty), "{\n}");
    assert_eq!(written(&raw(&doc! {}), one_line), "{}");
}

#[test]
fn every_type_has_its_form() {
    use ElementType as E;

    let id = [0x6b; 12];
    let id_text = "ObjectId(\"6b6b6b6b6b6b6b6b6b6b6b6b\")";
    let double = |number: f64| shell(E::Double, &number.to_le_bytes());
    let date = |millis: i64| shell(E::DateTime, &millis.to_le_bytes());
    let binary = |bytes: &[u8]| shell(E::Binary, bytes);
    for (found, expected) in [
        (double(5.0), "5.0"),
        (double(-0.0), "-0.0"),
        (double(0.1), "0.1"),
        (double(1e21), "1e21"),
        (double(f64::NAN), "NaN"),
        (double(f64::INFINITY), "Infinity"),
        (double(f64::NEG_INFINITY), "-Infinity"),
        (double(f64::from_bits(0xfff8_0000_0000_0000)), "DoubleBits(\"fff8000000000000\")"),
        (shell(E::Int32, &(-5_i32).to_le_bytes()), "-5"),
        (shell(E::Int64, &5_i64.to_le_bytes()), "Long(\"5\")"),
        (shell(E::Boolean, &[1]), "true"),
        (shell(E::Boolean, &[0]), "false"),
        (shell(E::Boolean, &[7]), "BooleanByte(7)"),
        (shell(E::Null, &[]), "null"),
        (shell(E::Undefined, &[]), "undefined"),
        (shell(E::MinKey, &[]), "MinKey()"),
        (shell(E::MaxKey, &[]), "MaxKey()"),
        (shell(E::ObjectId, &id), id_text),
        (date(1_700_000_000_123), "ISODate(\"2023-11-14T22:13:20.123Z\")"),
        (date(-62_135_596_800_000), "ISODate(\"0001-01-01T00:00:00.000Z\")"),
        (date(-62_135_596_800_001), "new Date(-62135596800001)"),
        (date(253_402_300_800_000), "new Date(253402300800000)"),
        (date(i64::MAX), "DateMillis(\"9223372036854775807\")"),
        (date(i64::MIN), "DateMillis(\"-9223372036854775808\")"),
        (shell(E::Timestamp, &[2, 0, 0, 0, 255, 255, 255, 255]), "Timestamp(4294967295, 2)"),
        (binary(&[2, 0, 0, 0, 0, 0, 255]), "BinData(0, \"AP8=\")"),
        (binary(&[6, 0, 0, 0, 2, 2, 0, 0, 0, 0, 255]), "BinData(2, \"AP8=\")"),
        (binary(&[2, 0, 0, 0, 2, 0, 255]), "BinDataRaw(2, \"AP8=\")"),
        (binary(&[1, 0, 0, 0, 4, 0]), "BinData(4, \"AA==\")"),
        (
            binary(&[&[16, 0, 0, 0, 4][..], &[0x11; 16]].concat()),
            "UUID(\"11111111-1111-1111-1111-111111111111\")",
        ),
        (
            shell(E::Decimal128, &"1.50".parse::<bson::Decimal128>().unwrap().bytes()),
            "Decimal128(\"1.50\")",
        ),
        (
            shell(E::Decimal128, &(0xfc_u128 << 120).to_le_bytes()),
            "Decimal128Bits(\"fc000000000000000000000000000000\")",
        ),
        (shell(E::RegularExpression, b"^a.*\\/b$\0im\0"), "/^a.*\\/b$/im"),
        (shell(E::RegularExpression, b"a/b\0\0"), "BSONRegExp(\"a/b\", \"\")"),
        (shell(E::RegularExpression, b"\0\0"), "BSONRegExp(\"\", \"\")"),
        (shell(E::RegularExpression, b"a\0x\0"), "BSONRegExp(\"a\", \"x\")"),
        (shell(E::JavaScriptCode, &string(b"f()")), "Code(\"f()\")"),
        (shell(E::Symbol, &string(b"s")), "BSONSymbol(\"s\")"),
        (
            shell(E::DbPointer, &[&string(b"a.b")[..], &id].concat()),
            "DBPointer(\"a.b\", ObjectId(\"6b6b6b6b6b6b6b6b6b6b6b6b\"))",
        ),
        (shell(E::String, &string(b"a\xff\x80\\b\"")), "InvalidUtf8(\"a\\xff\\x80\\\\b\\\"\")"),
        (
            shell(E::String, &string("\u{202e}\u{1f600}\u{e0001}\n\0".as_bytes())),
            "\"\\u202e😀\\udb40\\udc01\\n\\u0000\"",
        ),
    ] {
        assert_eq!(found, expected);
    }
}

#[test]
fn values_that_hold_others_have_their_forms() {
    let int = |number: i32| Any::Plain(ElementType::Int32, number.to_le_bytes().to_vec());
    let field = |key: &[u8], value: Any| {
        RawDocumentBuf::from_bytes(document(&[(key.to_vec(), value)])).unwrap()
    };
    let scope = vec![(b"x".to_vec(), int(1)), (b"x".to_vec(), int(2))];
    let code = Any::CodeWithScope(b"f()".to_vec(), scope.clone());
    assert_eq!(
        written(&field(b"a", code.clone()), one_line),
        "{ a: Code(\"f()\", { x: 1, x: 2 }) }"
    );
    assert_eq!(
        written(&field(b"a", code), canonical),
        r#"{"a":{"$code":"f()","$scope":{"x":{"$numberInt":"1"},"x":{"$numberInt":"2"}}}}"#
    );
    let array = Any::ArrayWithKeys(scope);
    assert_eq!(
        written(&field(b"a", array.clone()), one_line),
        "{ a: ArrayWithKeys({ x: 1, x: 2 }) }"
    );
    assert_eq!(written(&field(b"a", array), relaxed), r#"{"a":[1,2]}"#);
}

#[test]
fn keys_are_bare_where_they_are_words_and_never_taken_for_something_else() {
    for (key, expected) in [
        (&b"_id"[..], "_id"),
        (b"$set", "$set"),
        (b"true", "true"),
        (b"a.b", "\"a.b\""),
        (b"", "\"\""),
        (b"9", "\"9\""),
        (b"a\"\n", "\"a\\\"\\n\""),
        ("é".as_bytes(), "\"é\""),
        (b"$oid", "[\"$oid\"]"),
        (b"__proto__", "[\"__proto__\"]"),
        (b"a\xff", "[InvalidUtf8(\"a\\xff\")]"),
    ] {
        let document = document(&[(key.to_vec(), Any::Plain(ElementType::Null, vec![]))]);
        let document = RawDocumentBuf::from_bytes(document).unwrap();
        assert_eq!(written(&document, one_line), format!("{{ {expected}: null }}"));
    }
}

#[test]
fn patterns_stand_between_slashes_where_javascript_reads_them() {
    for pattern in
        ["a", "^a|b$", "a*?", "(a|b)+", "(?:a){2,3}", "[a-z0-9_.-]", "[^a]", "\\d\\.\\/", "日本"]
    {
        assert!(stands_between_slashes(pattern), "{pattern}");
    }
    for pattern in [
        "",
        "*",
        "/",
        "a/b",
        "[/]",
        "(?i)a",
        "(?<n>a)",
        "a**",
        "a++",
        "(",
        ")",
        "[a",
        "]",
        "{",
        "a{2,1}",
        "a{,2}",
        "[z-a]",
        "\\",
        "\\Qa",
        "\u{200d}",
        "a\nb",
        "[[:alpha:]]",
        "^*",
        "a{99999}",
    ] {
        assert!(!stands_between_slashes(pattern), "{pattern}");
    }
}

#[test]
fn extended_json_has_its_two_kinds() {
    let document = raw(&doc! {
        "i": 1, "l": 2_i64, "d": 5.0, "n": f64::NAN, "t": DateTime::from_millis(1_000),
        "u": DateTime::from_millis(1_001), "b": DateTime::from_millis(-1), "s": "\u{202e}",
        "r": Bson::RegularExpression(bson::Regex {
            pattern: bson::cstr!("a/b").into(), options: bson::cstr!("i").into(),
        }),
        "x": bson::Binary { subtype: bson::spec::BinarySubtype::BinaryOld, bytes: vec![0, 255] },
    });
    let rest = r#""s":"\u202e","r":{"$regularExpression":{"pattern":"a/b","options":"i"}},"x":{"$binary":{"base64":"AP8=","subType":"02"}}}"#;
    assert_eq!(
        written(&document, relaxed),
        [
            r#"{"i":1,"l":2,"d":5.0,"n":{"$numberDouble":"NaN"},"t":{"$date":"1970-01-01T00:00:01Z"},"#,
            r#""u":{"$date":"1970-01-01T00:00:01.001Z"},"b":{"$date":{"$numberLong":"-1"}},"#,
            rest
        ]
        .concat()
    );
    assert_eq!(
        written(&document, canonical),
        [
            r#"{"i":{"$numberInt":"1"},"l":{"$numberLong":"2"},"d":{"$numberDouble":"5.0"},"#,
            r#""n":{"$numberDouble":"NaN"},"t":{"$date":{"$numberLong":"1000"}},"#,
            r#""u":{"$date":{"$numberLong":"1001"}},"b":{"$date":{"$numberLong":"-1"}},"#,
            rest
        ]
        .concat()
    );
}

#[test]
fn what_is_no_bson_is_said() {
    let broken = |bytes: &[u8]| {
        let document = RawDocumentBuf::from_bytes(bytes.to_vec()).unwrap();
        pretty(&document, &mut String::new()).unwrap_err()
    };
    let bytes = [12, 0, 0, 0, 0x10, b'a', 0, 1, 0, 0, 0, 0];
    assert!(Elements::from_bytes(&bytes).unwrap().all(|element| element.is_ok()));
    let unknown = [12, 0, 0, 0, 0x20, b'a', 0, 1, 0, 0, 0, 0];
    let error = WriteError::Malformed(Malformed { at: 4, what: "an unknown type" });
    assert_eq!(broken(&unknown), error);
    assert_eq!(error.to_string(), "not a BSON document: an unknown type at byte 4");
    let long = [12, 0, 0, 0, 0x02, b'a', 0, 9, 0, 0, 0, 0];
    assert!(broken(&long).to_string().contains("more announced than there is"));
}

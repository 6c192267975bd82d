//! What is read, and what is said about the rest.

use bson::{RawDocumentBuf, doc};

use super::{
    super::{one_line, parse},
    written,
};

/// What a text says, in our own words.
fn read(text: &str) -> String {
    let document = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    written(&document, one_line)
}

fn value(text: &str) -> String {
    let text = read(&format!("{{ a: {text} }}"));
    text.strip_prefix("{ a: ").unwrap().strip_suffix(" }").unwrap().to_owned()
}

/// Line, column and message.
fn error(text: &str) -> (usize, usize, String) {
    let error = parse(text).expect_err(text);
    (error.line, error.column, error.message)
}

#[test]
fn what_people_write_is_read() {
    for (text, expected) in [
        ("{}", "{}"),
        ("\u{feff} { a : 1 , } ; // done", "{ a: 1 }"),
        (
            "{'a': 'it\\'s', b: \"\\u{1f600}\\ud83d\\ude00\\x41\\0\\/\"}",
            "{ a: \"it's\", b: \"😀😀A\\u0000/\" }",
        ),
        ("/* c */{a/**/:// x\n[1,/*y*/2,],}", "{ a: [1, 2] }"),
        (
            "{ a: 1, a: 2, 'a.b': 3, $gt: 4, 0: 5, é: 6 }",
            "{ a: 1, a: 2, \"a.b\": 3, $gt: 4, \"0\": 5, \"é\": 6 }",
        ),
        ("{ ['$oid']: 1, ['x']: 2 }", "{ [\"$oid\"]: 1, x: 2 }"),
        (
            "{ a: { $regex: 'x', $options: 'i' }, b: { $type: 2 } }",
            "{ a: { $regex: \"x\", $options: \"i\" }, b: { $type: 2 } }",
        ),
    ] {
        assert_eq!(read(text), expected);
    }
}

#[test]
fn numbers_keep_their_types() {
    for (text, expected) in [
        ("2147483647", "2147483647"),
        ("2147483648", "Long(\"2147483648\")"),
        ("-2147483649", "Long(\"-2147483649\")"),
        ("+5", "5"),
        ("-0", "-0.0"),
        ("5.0", "5.0"),
        ("5e3", "5000.0"),
        ("5.", "5.0"),
        (".5", "0.5"),
        ("0.5e-3", "0.0005"),
        ("0e1", "0.0"),
        ("-Infinity", "-Infinity"),
        ("Long(5)", "Long(\"5\")"),
        ("NumberLong('-9223372036854775808')", "Long(\"-9223372036854775808\")"),
        ("NumberLong(9007199254740993)", "Long(\"9007199254740993\")"),
        ("NumberInt('5')", "5"),
        ("new Double(5)", "5.0"),
        ("Double('NaN')", "NaN"),
        ("NumberDecimal('1.50')", "Decimal128(\"1.50\")"),
        ("Decimal128(15)", "Decimal128(\"15\")"),
        ("Decimal128('-inf')", "Decimal128(\"-Infinity\")"),
        ("Decimal128('0E+2147483647')", "Decimal128(\"0E+6111\")"),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn other_values_are_read_as_mongosh_reads_them() {
    let date = |text: &str| value(&format!("ISODate('{text}')"));
    let is = |text: &str| format!("ISODate(\"{text}\")");
    assert_eq!(date("2026-11-20"), is("2026-11-20T00:00:00.000Z"));
    assert_eq!(date("2026-11-20T10"), is("2026-11-20T10:00:00.000Z"));
    assert_eq!(date("20261120T103005Z"), is("2026-11-20T10:30:05.000Z"));
    assert_eq!(date("2026-11-20 10:30:05.1239"), is("2026-11-20T10:30:05.123Z"));
    assert_eq!(date("2026-11-20T10:30:05.5+0130"), is("2026-11-20T09:00:05.500Z"));
    assert_eq!(date("2026-11-20T10:30-01"), is("2026-11-20T11:30:00.000Z"));
    for (text, expected) in [
        ("new Date(-1)", "ISODate(\"1969-12-31T23:59:59.999Z\")"),
        ("new Date('2026-11-20')", "ISODate(\"2026-11-20T00:00:00.000Z\")"),
        ("ObjectId('6B03591144A42DD288929ABE')", "ObjectId(\"6b03591144a42dd288929abe\")"),
        ("/a\\/[/]b/mi", "BSONRegExp(\"a\\\\/[/]b\", \"im\")"),
        ("RegExp('a')", "/a/"),
        ("new Timestamp({ t: 4294967295, i: 1 })", "Timestamp(4294967295, 1)"),
        (
            "UUID('11111111111111111111111111111111')",
            "UUID(\"11111111-1111-1111-1111-111111111111\")",
        ),
        ("HexData(0, '00ff')", "BinData(0, \"AP8=\")"),
        ("Binary.createFromBase64('AP8', 2)", "BinData(2, \"AP8=\")"),
        ("MD5('00')", "BinData(5, \"AA==\")"),
        ("Symbol('x')", "BSONSymbol(\"x\")"),
        ("MinKey", "MinKey()"),
        ("Code('f()', { x: 1 })", "Code(\"f()\", { x: 1 })"),
        ("InvalidUtf8('\\xc3\\xa9')", "\"é\""),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn the_wrappers_of_extended_json_are_values() {
    for (text, expected) in [
        ("{ $oid: '6b03591144a42dd288929abe' }", "ObjectId(\"6b03591144a42dd288929abe\")"),
        ("{\"$numberInt\": \"5\"}", "5"),
        ("{\"$numberLong\": \"5\"}", "Long(\"5\")"),
        ("{\"$numberDouble\": \"-0.0\"}", "-0.0"),
        ("{\"$numberDouble\": \"Infinity\"}", "Infinity"),
        ("{\"$numberDecimal\": \"1E+3\"}", "Decimal128(\"1E+3\")"),
        ("{\"$date\": {\"$numberLong\": \"-1\"}}", "ISODate(\"1969-12-31T23:59:59.999Z\")"),
        ("{\"$date\": \"2026-11-20T10:30:00Z\"}", "ISODate(\"2026-11-20T10:30:00.000Z\")"),
        ("{\"$binary\": {\"subType\": \"80\", \"base64\": \"AP8=\"}}", "BinData(128, \"AP8=\")"),
        (
            "{\"$uuid\": \"11111111-1111-1111-1111-111111111111\"}",
            "UUID(\"11111111-1111-1111-1111-111111111111\")",
        ),
        ("{\"$regularExpression\": {\"pattern\": \"a\", \"options\": \"i\"}}", "/a/i"),
        ("{\"$timestamp\": {\"t\": 4294967295, \"i\": 1}}", "Timestamp(4294967295, 1)"),
        ("{\"$code\": \"f\", \"$scope\": {\"x\": 1}}", "Code(\"f\", { x: 1 })"),
        ("{\"$scope\": {\"x\": 1}, \"$code\": \"f\"}", "Code(\"f\", { x: 1 })"),
        (
            "{\"$dbPointer\": {\"$ref\": \"a\", \"$id\": {\"$oid\": \"6b03591144a42dd288929abe\"}}}",
            "DBPointer(\"a\", ObjectId(\"6b03591144a42dd288929abe\"))",
        ),
        ("{\"$symbol\": \"s\"}", "BSONSymbol(\"s\")"),
        ("{\"$undefined\": true}", "undefined"),
        ("{\"$minKey\": 1}", "MinKey()"),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn errors_say_where_and_what_was_expected() {
    for (text, line, column, message) in [
        ("", 1, 1, "expected {, the beginning of a document, found the end of the text"),
        ("[]", 1, 1, "expected {, the beginning of a document, found ["),
        ("{ é: 1,\n  ü: }", 2, 6, "expected a value, found }"),
        ("{ a 1 }", 1, 5, "expected a colon after the key, found 1"),
        ("{ a: 1 b: 2 }", 1, 8, "expected a comma or }, found b"),
        ("{ a: [1 2] }", 1, 9, "expected a comma or ], found 2"),
        ("{ a: 1", 1, 7, "expected a comma or }, found the end of the text"),
        ("{ a: oslo }", 1, 6, "expected a value, found oslo: put text in quotes"),
        ("{ a: 'oslo }", 1, 6, "expected ' at the end of this text, on its line"),
        (
            "{ a: \"\u{1f600}\\q\" }",
            1,
            8,
            "expected an escape such as \\n, \\\" or \\u00e9; a backslash is \\\\",
        ),
        ("{ a: \"\\ud83d\" }", 1, 7, "half a character: its surrogate needs the other one"),
        ("{ \"a\\0\": 1 }", 1, 3, "a key cannot contain U+0000"),
        ("{ a-b: 1 }", 1, 4, "expected a colon after the key, found -"),
        ("{ a: 1 } x", 1, 10, "expected the end of the text, found x"),
        ("{ a: /* x }", 1, 6, "expected */ at the end of this comment"),
        ("{ a: /x }", 1, 6, "expected / at the end of this regular expression, on its line"),
        ("{ a: /x/g }", 1, 9, "expected flags out of i, l, m, s, u, x, each once"),
        ("{ a: ObjectID() }", 1, 6, "expected ObjectId(\"…\") with 24 hexadecimal digits"),
        ("{ a: ObjectId('xyz') }", 1, 15, "expected ObjectId(\"…\") with 24 hexadecimal digits"),
        ("{ a: Date('2026-11-20') }", 1, 6, "expected new Date( … ): without new it is text"),
        (
            "{ a: ISODate('2026-02-30') }",
            1,
            14,
            "expected a date such as ISODate(\"2026-11-20T10:30:00Z\")",
        ),
        ("{ a: Foo(1) }", 1, 6, "there is no Foo( … ) for a value"),
        ("{ a: 007 }", 1, 6, "expected a number, found 007"),
        ("{ a: 1_000 }", 1, 6, "expected a number, found 1_000"),
        ("{ a: 1e999 }", 1, 6, "1e999 is too large for a double"),
        (
            "{ a: 9223372036854775808 }",
            1,
            6,
            "9223372036854775808 is too large for an integer of 64 bits: write \
             Decimal128(\"9223372036854775808\"), or 9223372036854775808.0 for a double",
        ),
        (
            "{ a: { $oid: 5 } }",
            1,
            8,
            "$oid stands for one value: expected 24 hexadecimal digits; a field of that name is [\"$oid\"]",
        ),
        ("{ $minKey: 1 }", 1, 1, "expected a document, found a single value"),
        ("{ a: \u{202e} }", 1, 6, "expected a value, found \\u{202e}"),
        ("{ a: 1e }", 1, 6, "expected a number, found 1e"),
    ] {
        assert_eq!(error(text), (line, column, message.to_owned()), "{text}");
    }
    assert_eq!(
        parse("{").unwrap_err().to_string(),
        "line 1, column 2: expected a key or }, found the end of the text"
    );
}

#[test]
fn a_decimal_is_not_computed_with_what_no_decimal_has() {
    for text in [
        "",
        "-",
        "1e",
        "1.2.3",
        "e5",
        "éééééééééééééééééééé",
        "1e170141183460469231731687303715884105727",
        "1e-170141183460469231731687303715884105728",
        "1E+9999",
        "12345678901234567890123456789012345",
    ] {
        error(&format!("{{ a: Decimal128(\"{text}\") }}"));
    }
}

#[test]
fn a_document_of_the_driver_is_read_from_its_text() {
    let document = doc! { "a": 1, "b": [{ "c": "x" }], "d": bson::DateTime::MIN };
    let raw = RawDocumentBuf::try_from(&document).unwrap();
    assert_eq!(parse(&written(&raw, one_line)).unwrap().as_bytes(), raw.as_bytes());
}

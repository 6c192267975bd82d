//! The wrappers of Extended JSON v2: objects that stand for one value.

use bson::spec::ElementType;

use super::{
    call::{timestamp, uuid},
    element::{Element, Elements, Value},
    raw_value::RawValueBuf,
    scalar::{base64, decimal, double, integer, iso_date, object_id, text},
};

/// A wrapper by its key, how it is written, and what it makes of the value; none where that is not what it takes.
struct Wrapper {
    key: &'static str,
    usage: &'static str,
    make: fn(&Value) -> Option<RawValueBuf>,
}

#[rustfmt::skip]
const WRAPPERS: [Wrapper; 16] = [
    Wrapper { key: "$oid", usage: "24 hexadecimal digits", make: |value| Some(RawValueBuf::new(ElementType::ObjectId, object_id(value)?)) },
    Wrapper { key: "$symbol", usage: "text", make: |value| RawValueBuf::text(ElementType::Symbol, any_text(value)?) },
    Wrapper { key: "$numberInt", usage: "an integer of at most 32 bits, in quotes", make: make_int },
    Wrapper { key: "$numberLong", usage: "an integer of at most 64 bits, in quotes", make: make_long },
    Wrapper { key: "$numberDouble", usage: "a number in quotes, \"NaN\", \"Infinity\" or \"-Infinity\"", make: make_double },
    Wrapper { key: "$numberDecimal", usage: "a number of at most 34 digits in quotes, \"NaN\" or \"Infinity\"", make: make_decimal },
    Wrapper { key: "$binary", usage: "{ base64: \"…\", subType: \"00\" }", make: make_binary },
    Wrapper { key: "$uuid", usage: "32 hexadecimal digits with four hyphens", make: |value| uuid(text(value)?) },
    Wrapper { key: "$code", usage: "text, and nothing else beside it but $scope with a document", make: |value| RawValueBuf::text(ElementType::JavaScriptCode, any_text(value)?) },
    Wrapper { key: "$timestamp", usage: "{ t: seconds, i: number }, each below 4294967296", make: make_timestamp },
    Wrapper { key: "$regularExpression", usage: "{ pattern: \"…\", options: \"…\" }, neither with a U+0000", make: make_regex },
    Wrapper { key: "$dbPointer", usage: "{ $ref: \"namespace\", $id: { $oid: \"…\" } }", make: make_db_pointer },
    Wrapper { key: "$date", usage: "a date such as \"2026-11-20T10:30:00Z\", or { $numberLong: \"…\" } with the milliseconds since 1970", make: make_date },
    Wrapper { key: "$minKey", usage: "1", make: |value| (integer(value) == Some(1)).then(|| RawValueBuf::new(ElementType::MinKey, [])) },
    Wrapper { key: "$maxKey", usage: "1", make: |value| (integer(value) == Some(1)).then(|| RawValueBuf::new(ElementType::MaxKey, [])) },
    Wrapper { key: "$undefined", usage: "true", make: |value| matches!(value, Value::Boolean(1)).then(|| RawValueBuf::new(ElementType::Undefined, [])) },
];

/// Whether an object with this key stands for one value.
pub(super) fn is_wrapper(key: &[u8]) -> bool {
    key.first() == Some(&b'$') && WRAPPERS.iter().any(|wrapper| wrapper.key.as_bytes() == key)
}

/// The value that an object with one of these keys stands for; otherwise what was expected.
pub(super) fn unwrap(object: &Elements) -> Result<RawValueBuf, String> {
    let fields: Vec<Element> = object.clone().filter_map(Result::ok).take(3).collect();
    let found = fields.iter().find_map(|field| {
        let wrapper = WRAPPERS.iter().find(|wrapper| wrapper.key.as_bytes() == field.key)?;
        Some((wrapper, field))
    });
    let Some((wrapper, field)) = found else {
        return Err("expected one of the wrappers of Extended JSON alone".to_owned());
    };
    let made = match &fields[..] {
        [_] => (wrapper.make)(&field.value),
        [
            Element { key: b"$code", value: code, .. },
            Element { key: b"$scope", value: Value::Document(scope), .. },
        ]
        | [
            Element { key: b"$scope", value: Value::Document(scope), .. },
            Element { key: b"$code", value: code, .. },
        ] => any_text(code).and_then(|code| RawValueBuf::code_with_scope(code, scope.document())),
        _ => None,
    };
    made.ok_or_else(|| {
        let Wrapper { key, usage, .. } = wrapper;
        format!("{key} stands for one value: expected {usage}; a field of that name is [\"{key}\"]")
    })
}

fn any_text<'a>(value: &Value<'a>) -> Option<&'a [u8]> {
    let Value::String(text) = value else { return None };
    Some(text)
}

fn make_int(value: &Value) -> Option<RawValueBuf> {
    let number: i32 = text(value)?.parse().ok()?;
    Some(RawValueBuf::new(ElementType::Int32, number.to_le_bytes()))
}

fn make_long(value: &Value) -> Option<RawValueBuf> {
    let number: i64 = text(value)?.parse().ok()?;
    Some(RawValueBuf::new(ElementType::Int64, number.to_le_bytes()))
}

fn make_double(value: &Value) -> Option<RawValueBuf> {
    Some(RawValueBuf::new(ElementType::Double, double(text(value)?)?.to_le_bytes()))
}

fn make_decimal(value: &Value) -> Option<RawValueBuf> {
    Some(RawValueBuf::new(ElementType::Decimal128, decimal(text(value)?)?.bytes()))
}

fn make_binary(value: &Value) -> Option<RawValueBuf> {
    let (content, subtype) = pair(value, b"base64", b"subType")?;
    let subtype = text(&subtype)?;
    let hex = matches!(subtype.len(), 1 | 2) && !subtype.starts_with('+');
    let subtype = hex.then(|| u8::from_str_radix(subtype, 16).ok())??;
    RawValueBuf::binary(subtype, &base64(text(&content)?)?)
}

fn make_timestamp(value: &Value) -> Option<RawValueBuf> {
    let (time, increment) = pair(value, b"t", b"i")?;
    timestamp(&time, &increment)
}

fn make_regex(value: &Value) -> Option<RawValueBuf> {
    let (pattern, options) = pair(value, b"pattern", b"options")?;
    RawValueBuf::regex(any_text(&pattern)?, any_text(&options)?)
}

fn make_db_pointer(value: &Value) -> Option<RawValueBuf> {
    let (namespace, Value::ObjectId(id)) = pair(value, b"$ref", b"$id")? else { return None };
    RawValueBuf::db_pointer(any_text(&namespace)?, id)
}

fn make_date(value: &Value) -> Option<RawValueBuf> {
    let millis = match text(value) {
        Some(text) => iso_date(text)?,
        None => integer(value)?,
    };
    Some(RawValueBuf::date(millis))
}

/// The values of an object that has these two keys, in any order, and no others.
fn pair<'a>(value: &Value<'a>, first: &[u8], second: &[u8]) -> Option<(Value<'a>, Value<'a>)> {
    let Value::Document(fields) = value else { return None };
    let mut fields = fields.clone();
    let (one, two) = (fields.next()?.ok()?, fields.next()?.ok()?);
    if !fields.is_empty() {
        return None;
    }
    if one.key == first && two.key == second {
        Some((one.value, two.value))
    } else if one.key == second && two.key == first {
        Some((two.value, one.value))
    } else {
        None
    }
}

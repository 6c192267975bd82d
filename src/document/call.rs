//! The calls of the shell syntax: what mongosh has for the types of BSON, and our own for what it has not.

use bson::spec::ElementType;

use super::{
    element::Value,
    raw_value::RawValueBuf,
    scalar::{any_integer, base64, decimal, double, integer, iso_date, object_id, text},
};

/// A call by its name, how it is written, and what it makes of its values; none where they are not what
/// it takes.
pub(super) struct Call {
    name: &'static str,
    pub usage: &'static str,
    pub make: fn(&[Value]) -> Option<RawValueBuf>,
}

/// The call of a name.
pub(super) fn find(name: &str) -> Option<&'static Call> {
    CALLS.iter().find(|call| call.name == name)
}

const OBJECT_ID: &str = "ObjectId(\"…\") with 24 hexadecimal digits";
const LONG: &str = "Long(\"…\") with an integer of at most 64 bits";
const INT: &str = "Int32(…) with an integer of at most 32 bits";
const DECIMAL: &str =
    "Decimal128(\"…\") with a number of at most 34 digits, or \"NaN\" or \"Infinity\"";
const BINARY: &str = "BinData(subtype, \"…\") with a subtype from 0 to 255 and base64";
const DATE: &str = "a date such as ISODate(\"2026-11-20T10:30:00Z\")";
const SYMBOL: &str = "BSONSymbol(\"…\") with text";
const REGEX: &str = "BSONRegExp(\"pattern\", \"options\"), neither with a U+0000";

#[rustfmt::skip]
const CALLS: [Call; 31] = [
    Call { name: "ObjectId", usage: OBJECT_ID, make: make_object_id },
    Call { name: "ObjectID", usage: OBJECT_ID, make: make_object_id },
    Call { name: "Long", usage: LONG, make: make_long },
    Call { name: "NumberLong", usage: LONG, make: make_long },
    Call { name: "Int32", usage: INT, make: make_int },
    Call { name: "NumberInt", usage: INT, make: make_int },
    Call { name: "Double", usage: "Double(…) with a number", make: make_double },
    Call { name: "DoubleBits", usage: "DoubleBits(\"…\") with 16 hexadecimal digits", make: make_double_bits },
    Call { name: "Decimal128", usage: DECIMAL, make: make_decimal },
    Call { name: "NumberDecimal", usage: DECIMAL, make: make_decimal },
    Call { name: "Decimal128Bits", usage: "Decimal128Bits(\"…\") with 32 hexadecimal digits", make: make_decimal_bits },
    Call { name: "ISODate", usage: DATE, make: make_date },
    Call { name: "DateMillis", usage: "DateMillis(\"…\") with the milliseconds since 1970", make: make_date_millis },
    Call { name: "Timestamp", usage: "Timestamp(seconds, number), each below 4294967296", make: make_timestamp },
    Call { name: "BinData", usage: BINARY, make: make_binary },
    Call { name: "BinDataRaw", usage: BINARY, make: make_binary_raw },
    Call { name: "HexData", usage: "HexData(subtype, \"…\") with a subtype from 0 to 255 and hexadecimal digits", make: make_hex },
    Call { name: "Binary.createFromBase64", usage: "Binary.createFromBase64(\"…\", subtype)", make: make_binary_turned },
    Call { name: "MD5", usage: "MD5(\"…\") with hexadecimal digits", make: make_md5 },
    Call { name: "UUID", usage: "UUID(\"…\") with 32 hexadecimal digits", make: make_uuid },
    Call { name: "BSONRegExp", usage: REGEX, make: make_regex },
    Call { name: "RegExp", usage: REGEX, make: make_regex },
    Call { name: "Code", usage: "Code(\"…\") with text, perhaps with a document behind it", make: make_code },
    Call { name: "BSONSymbol", usage: SYMBOL, make: make_symbol },
    Call { name: "Symbol", usage: SYMBOL, make: make_symbol },
    Call { name: "DBPointer", usage: "DBPointer(\"namespace\", ObjectId(\"…\"))", make: make_db_pointer },
    Call { name: "MinKey", usage: "MinKey()", make: |args| args.is_empty().then(|| RawValueBuf::new(ElementType::MinKey, [])) },
    Call { name: "MaxKey", usage: "MaxKey()", make: |args| args.is_empty().then(|| RawValueBuf::new(ElementType::MaxKey, [])) },
    Call { name: "BooleanByte", usage: "BooleanByte(…) with a number from 0 to 255", make: make_boolean },
    Call { name: "ArrayWithKeys", usage: "ArrayWithKeys({ … })", make: make_array },
    // Without `new` it is text in mongosh: the parser says so.
    Call { name: "Date", usage: DATE, make: make_date },
];

fn make_object_id(args: &[Value]) -> Option<RawValueBuf> {
    let [value] = args else { return None };
    Some(RawValueBuf::new(ElementType::ObjectId, object_id(value)?))
}

fn make_long(args: &[Value]) -> Option<RawValueBuf> {
    let [value] = args else { return None };
    Some(RawValueBuf::new(ElementType::Int64, any_integer(value)?.to_le_bytes()))
}

fn make_int(args: &[Value]) -> Option<RawValueBuf> {
    let [value] = args else { return None };
    let number = i32::try_from(any_integer(value)?).ok()?;
    Some(RawValueBuf::new(ElementType::Int32, number.to_le_bytes()))
}

fn make_double(args: &[Value]) -> Option<RawValueBuf> {
    let number = match args {
        [Value::Double(number)] => *number,
        [Value::String(_)] => double(text(&args[0])?)?,
        [value] => double(&integer(value)?.to_string())?,
        _ => return None,
    };
    Some(RawValueBuf::new(ElementType::Double, number.to_le_bytes()))
}

fn make_double_bits(args: &[Value]) -> Option<RawValueBuf> {
    let [value] = args else { return None };
    let bits = u64::from_str_radix(hex(text(value)?, 16)?, 16).ok()?;
    Some(RawValueBuf::new(ElementType::Double, bits.to_le_bytes()))
}

fn make_decimal(args: &[Value]) -> Option<RawValueBuf> {
    let [value] = args else { return None };
    let number = match text(value) {
        Some(text) => decimal(text)?,
        None => decimal(&integer(value)?.to_string())?,
    };
    Some(RawValueBuf::new(ElementType::Decimal128, number.bytes()))
}

fn make_decimal_bits(args: &[Value]) -> Option<RawValueBuf> {
    let [value] = args else { return None };
    let bits = u128::from_str_radix(hex(text(value)?, 32)?, 16).ok()?;
    Some(RawValueBuf::new(ElementType::Decimal128, bits.to_le_bytes()))
}

fn make_date(args: &[Value]) -> Option<RawValueBuf> {
    let [value] = args else { return None };
    let millis = match text(value) {
        Some(text) => iso_date(text)?,
        None => integer(value)?,
    };
    Some(RawValueBuf::date(millis))
}

fn make_date_millis(args: &[Value]) -> Option<RawValueBuf> {
    let [value] = args else { return None };
    Some(RawValueBuf::date(any_integer(value)?))
}

fn make_timestamp(args: &[Value]) -> Option<RawValueBuf> {
    match args {
        [time, increment] => timestamp(time, increment),
        [Value::Document(fields)] => {
            let mut fields = fields.clone();
            let (time, increment) = (fields.next()?.ok()?, fields.next()?.ok()?);
            let right = time.key == b"t" && increment.key == b"i" && fields.is_empty();
            right.then(|| timestamp(&time.value, &increment.value))?
        }
        _ => None,
    }
}

/// A timestamp from its two numbers.
pub(super) fn timestamp(time: &Value, increment: &Value) -> Option<RawValueBuf> {
    let number = |value| u32::try_from(integer(value)?).ok();
    Some(RawValueBuf::timestamp(number(time)?, number(increment)?))
}

fn subtype(value: &Value) -> Option<u8> {
    u8::try_from(integer(value)?).ok()
}

fn make_binary(args: &[Value]) -> Option<RawValueBuf> {
    let [kind, content] = args else { return None };
    RawValueBuf::binary(subtype(kind)?, &base64(text(content)?)?)
}

fn make_binary_raw(args: &[Value]) -> Option<RawValueBuf> {
    let [kind, content] = args else { return None };
    RawValueBuf::binary_raw(subtype(kind)?, &base64(text(content)?)?)
}

fn make_binary_turned(args: &[Value]) -> Option<RawValueBuf> {
    match args {
        [content] => RawValueBuf::binary(0, &base64(text(content)?)?),
        [content, kind] => RawValueBuf::binary(subtype(kind)?, &base64(text(content)?)?),
        _ => None,
    }
}

fn make_hex(args: &[Value]) -> Option<RawValueBuf> {
    let [kind, content] = args else { return None };
    RawValueBuf::binary(subtype(kind)?, &::hex::decode(text(content)?).ok()?)
}

fn make_md5(args: &[Value]) -> Option<RawValueBuf> {
    let [content] = args else { return None };
    RawValueBuf::binary(5, &::hex::decode(text(content)?).ok()?)
}

fn make_uuid(args: &[Value]) -> Option<RawValueBuf> {
    let [value] = args else { return None };
    uuid(text(value)?)
}

/// Binary data of the subtype for UUIDs.
pub(super) fn uuid(text: &str) -> Option<RawValueBuf> {
    RawValueBuf::binary(4, &bson::Uuid::parse_str(text).ok()?.bytes())
}

fn make_regex(args: &[Value]) -> Option<RawValueBuf> {
    match args {
        [Value::String(pattern)] => RawValueBuf::regex(pattern, b""),
        [Value::String(pattern), Value::String(options)] => RawValueBuf::regex(pattern, options),
        _ => None,
    }
}

fn make_code(args: &[Value]) -> Option<RawValueBuf> {
    match args {
        [Value::String(code)] => RawValueBuf::text(ElementType::JavaScriptCode, code),
        [Value::String(code), Value::Document(scope)] => {
            RawValueBuf::code_with_scope(code, scope.document())
        }
        _ => None,
    }
}

fn make_symbol(args: &[Value]) -> Option<RawValueBuf> {
    let [Value::String(text)] = args else { return None };
    RawValueBuf::text(ElementType::Symbol, text)
}

fn make_db_pointer(args: &[Value]) -> Option<RawValueBuf> {
    let [Value::String(namespace), Value::ObjectId(id)] = args else { return None };
    RawValueBuf::db_pointer(namespace, *id)
}

fn make_boolean(args: &[Value]) -> Option<RawValueBuf> {
    let [value] = args else { return None };
    Some(RawValueBuf::new(ElementType::Boolean, [u8::try_from(integer(value)?).ok()?]))
}

fn make_array(args: &[Value]) -> Option<RawValueBuf> {
    let [Value::Document(elements)] = args else { return None };
    Some(RawValueBuf::new(ElementType::Array, elements.document()))
}

/// Digits of a base of 16, exactly so many.
fn hex(text: &str, count: usize) -> Option<&str> {
    let digits = text.len() == count && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits.then_some(text)
}

//! Single values from the words they are written in, for the calls of the shell and the wrappers of Extended JSON.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use bson::{Decimal128, oid::ObjectId};
use time::{Date, Month};

use super::element::Value;

/// Text, where it is some.
pub(super) fn text<'a>(value: &Value<'a>) -> Option<&'a str> {
    let Value::String(bytes) = value else { return None };
    str::from_utf8(bytes).ok()
}

/// An integer, written as such.
pub(super) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Int32(number) => Some(i64::from(*number)),
        Value::Int64(number) => Some(*number),
        Value::Double(_)
        | Value::String(_)
        | Value::Document(_)
        | Value::Array(_)
        | Value::Binary { .. }
        | Value::Undefined
        | Value::ObjectId(_)
        | Value::Boolean(_)
        | Value::DateTime(_)
        | Value::Null
        | Value::Regex { .. }
        | Value::DbPointer { .. }
        | Value::Code(_)
        | Value::Symbol(_)
        | Value::CodeWithScope { .. }
        | Value::Timestamp { .. }
        | Value::Decimal128(_)
        | Value::MinKey
        | Value::MaxKey => None,
    }
}

/// An integer, written as such or as text.
pub(super) fn any_integer(value: &Value) -> Option<i64> {
    match text(value) {
        Some(text) => text.parse().ok(),
        None => integer(value),
    }
}

pub(super) fn object_id(value: &Value) -> Option<[u8; 12]> {
    let text = text(value)?;
    ObjectId::parse_str(text).ok().map(|id| id.bytes())
}

/// A double from its text.
pub(super) fn double(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        number if is_number(number) => {
            number.parse().ok().filter(|number: &f64| number.is_finite())
        }
        _ => None,
    }
}

/// A decimal from its text, which must say it exactly.
pub(super) fn decimal(text: &str) -> Option<Decimal128> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let words = ["NaN", "Infinity", "Inf"];
    let word = words.iter().any(|word| word.eq_ignore_ascii_case(unsigned));
    // The driver computes with the exponent, in 128 bits, before it looks whether it can be one.
    let exponent = unsigned.split_once(['e', 'E']).map_or("", |(_, exponent)| exponent);
    (word || (is_number(text) && exponent.len() < 30)).then(|| text.parse().ok())?
}

/// Whether this is a decimal number: a sign, digits, a point, an exponent, and not less than one digit.
pub(super) fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)))
        }
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

/// Base64 as it is written anywhere: with its padding or without.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    const ANY: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    ANY.decode(text).ok()
}

/// The milliseconds since 1970 of a date in ISO 8601, as much of it as mongosh takes: a day, perhaps with a
/// time, without one its beginning, without a zone in UTC. What is finer than a millisecond is cut off, as BSON
/// cannot hold it.
pub(super) fn iso_date(text: &str) -> Option<i64> {
    let mut rest = text;
    let year = digits(&mut rest, 4)?;
    eat(&mut rest, "-");
    let month = digits(&mut rest, 2)?;
    eat(&mut rest, "-");
    let day = digits(&mut rest, 2)?;
    let (mut seconds, mut millis, mut zone) = (0, 0, 0);
    if eat(&mut rest, "T") || eat(&mut rest, " ") {
        seconds = below(digits(&mut rest, 2)?, 24)? * 3600;
        if rest.starts_with([':', '0', '1', '2', '3', '4', '5']) {
            eat(&mut rest, ":");
            seconds += below(digits(&mut rest, 2)?, 60)? * 60;
        }
        if rest.starts_with([':', '0', '1', '2', '3', '4', '5']) {
            eat(&mut rest, ":");
            seconds += below(digits(&mut rest, 2)?, 60)?;
            if eat(&mut rest, ".") {
                let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                let (fraction, behind) = rest.split_at(end);
                let shown: String = fraction.chars().chain("00".chars()).take(3).collect();
                millis = if fraction.is_empty() { None } else { shown.parse::<i64>().ok() }?;
                rest = behind;
            }
        }
        if !eat(&mut rest, "Z") && !rest.is_empty() {
            let sign = if eat(&mut rest, "-") { -1 } else { eat(&mut rest, "+").then_some(1)? };
            let hours = below(digits(&mut rest, 2)?, 24)?;
            eat(&mut rest, ":");
            let minutes = if rest.is_empty() { 0 } else { below(digits(&mut rest, 2)?, 60)? };
            zone = sign * (hours * 3600 + minutes * 60);
        }
    }
    if !rest.is_empty() {
        return None;
    }
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let day = u8::try_from(day).ok()?;
    let date = Date::from_calendar_date(i32::try_from(year).ok()?, month, day).ok()?;
    let days = i64::from(date.to_julian_day() - time::UtcDateTime::UNIX_EPOCH.to_julian_day());
    Some((days * 86_400 + seconds - zone) * 1000 + millis)
}

fn eat(rest: &mut &str, word: &str) -> bool {
    match rest.strip_prefix(word) {
        Some(behind) => {
            *rest = behind;
            true
        }
        None => false,
    }
}

fn digits(rest: &mut &str, count: usize) -> Option<i64> {
    let (digits, behind) = rest.split_at_checked(count)?;
    *rest = behind;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn below(number: i64, end: i64) -> Option<i64> {
    (number < end).then_some(number)
}

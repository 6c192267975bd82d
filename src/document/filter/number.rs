//! Numbers of the four types, compared as the server does: by their exact values.

use std::cmp::Ordering;

use bson::spec::ElementType;

use super::value::{Malformed, Value};

/// A number of any type.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Integer(i64),
    Double(f64),
    Decimal(Decimal),
}

/// A number of at most 34 decimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decimal {
    Nan,
    Infinite { negative: bool },
    Finite { negative: bool, digits: u128, exponent: i32 },
}

/// The first that has too many digits.
const DIGITS_END: u128 = 10_u128.pow(34);

impl Number {
    /// The number in a value; `None` where it is of another type.
    pub(super) fn from_value(value: Value<'_>) -> Result<Option<Self>, Malformed> {
        Ok(Some(match value.kind {
            ElementType::Int32 => Self::Integer(i32::from_le_bytes(value.array()?).into()),
            ElementType::Int64 => Self::Integer(i64::from_le_bytes(value.array()?)),
            ElementType::Double => Self::Double(f64::from_le_bytes(value.array()?)),
            ElementType::Decimal128 => Self::Decimal(Decimal::from_bytes(value.array()?)),
            ElementType::String
            | ElementType::EmbeddedDocument
            | ElementType::Array
            | ElementType::Binary
            | ElementType::Undefined
            | ElementType::ObjectId
            | ElementType::Boolean
            | ElementType::DateTime
            | ElementType::Null
            | ElementType::RegularExpression
            | ElementType::DbPointer
            | ElementType::JavaScriptCode
            | ElementType::Symbol
            | ElementType::JavaScriptCodeWithScope
            | ElementType::Timestamp
            | ElementType::MaxKey
            | ElementType::MinKey => return Ok(None),
        }))
    }

    /// Whether it is none at all.
    pub(super) fn is_nan(self) -> bool {
        match self {
            Self::Integer(_) => false,
            Self::Double(double) => double.is_nan(),
            Self::Decimal(decimal) => decimal == Decimal::Nan,
        }
    }

    /// Their order. All NaN are one, and less than any other.
    pub(super) fn compare(self, other: Self) -> Ordering {
        match (self.is_nan(), other.is_nan()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        match (self, other) {
            (Self::Integer(left), Self::Integer(right)) => left.cmp(&right),
            (Self::Double(left), Self::Double(right)) => doubles(left, right),
            (Self::Decimal(left), Self::Decimal(right)) => left.compare(right),
            (Self::Integer(left), Self::Double(right)) => integer_and_double(left, right),
            (Self::Double(left), Self::Integer(right)) => integer_and_double(right, left).reverse(),
            (Self::Integer(left), Self::Decimal(right)) => {
                Decimal::from_integer(left).compare(right)
            }
            (Self::Decimal(left), Self::Integer(right)) => {
                left.compare(Decimal::from_integer(right))
            }
            (Self::Double(left), Self::Decimal(right)) => double_and_decimal(left, right),
            (Self::Decimal(left), Self::Double(right)) => double_and_decimal(right, left).reverse(),
        }
    }
}

/// The order of two that are numbers.
fn doubles(left: f64, right: f64) -> Ordering {
    left.partial_cmp(&right).unwrap_or(Ordering::Equal)
}

/// 2^63: the first double that is larger than every integer.
const INTEGERS_END: f64 = 9_223_372_036_854_775_808.0;

#[expect(clippy::cast_possible_truncation)] // It is in the range of integers, and has no fraction.
fn integer_and_double(integer: i64, double: f64) -> Ordering {
    if double >= INTEGERS_END {
        return Ordering::Less;
    }
    if double < -INTEGERS_END {
        return Ordering::Greater;
    }
    let whole = double.trunc();
    integer.cmp(&(whole as i64)).then_with(|| doubles(0.0, double - whole))
}

fn double_and_decimal(double: f64, decimal: Decimal) -> Ordering {
    let (cut, rest) = Decimal::from_double(double);
    cut.compare(decimal).then(rest)
}

impl Decimal {
    /// As BSON stores it. More than 34 digits are zero, by IEEE 754.
    fn from_bytes(bytes: [u8; 16]) -> Self {
        let bits = u128::from_le_bytes(bytes);
        let negative = bits >> 127 == 1;
        match (bits >> 122) & 0b1_1111 {
            0b1_1111 => Self::Nan,
            0b1_1110 => Self::Infinite { negative },
            // Their form has room for numbers from 10^34 on alone.
            0b1_1000..0b1_1110 => Self::Finite { negative, digits: 0, exponent: 0 },
            _ => {
                let digits = bits & ((1 << 113) - 1);
                let exponent = i32::try_from((bits >> 113) & 0x3fff).unwrap_or_default() - 6176;
                let digits = if digits < DIGITS_END { digits } else { 0 };
                Self::Finite { negative, digits, exponent }
            }
        }
    }

    fn from_integer(integer: i64) -> Self {
        let digits = integer.unsigned_abs().into();
        Self::Finite { negative: integer < 0, digits, exponent: 0 }
    }

    /// The first 34 digits of a double, and how the double itself compares to those.
    fn from_double(double: f64) -> (Self, Ordering) {
        let negative = double.is_sign_negative();
        if double.is_nan() {
            return (Self::Nan, Ordering::Equal);
        }
        if double.is_infinite() {
            return (Self::Infinite { negative }, Ordering::Equal);
        }
        // No double has more than 767 digits.
        let all = format!("{:.766e}", double.abs());
        let (mantissa, exponent) = all.split_once('e').unwrap_or((&all, "0"));
        // The first digit, the point, and 33 more.
        let (first, rest) = mantissa.split_at(mantissa.len().min(35));
        let digits = first.bytes().filter(u8::is_ascii_digit);
        let digits = digits.fold(0, |all: u128, digit| all * 10 + u128::from(digit - b'0'));
        let exponent = exponent.parse::<i32>().unwrap_or(0) - 33;
        let more = rest.bytes().any(|digit| digit != b'0');
        let rest = match (more, negative) {
            (false, _) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (true, true) => Ordering::Less,
        };
        (Self::Finite { negative, digits, exponent }, rest)
    }

    fn compare(self, other: Self) -> Ordering {
        /// Whether it is negative, zero or positive, and how large without its sign.
        fn parts(decimal: Decimal) -> (i8, Option<(u128, i32)>) {
            let sign = |negative| if negative { -1 } else { 1 };
            match decimal {
                Decimal::Nan | Decimal::Finite { digits: 0, .. } => (0, Some((0, 0))),
                Decimal::Infinite { negative } => (sign(negative), None),
                Decimal::Finite { negative, digits, exponent } => {
                    (sign(negative), Some((digits, exponent)))
                }
            }
        }
        let ((sign, left), (other_sign, right)) = (parts(self), parts(other));
        if sign != other_sign {
            return sign.cmp(&other_sign);
        }
        let order = match (left, right) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(left), Some(right)) => magnitudes(left, right),
        };
        if sign < 0 { order.reverse() } else { order }
    }
}

/// The order of two numbers of digits and exponents.
fn magnitudes(
    (left, left_exponent): (u128, i32),
    (right, right_exponent): (u128, i32),
) -> Ordering {
    if left == 0 || right == 0 {
        return left.cmp(&right);
    }
    // Where the first digit stands.
    let first = |digits: u128, exponent: i32| i64::from(digits.ilog10()) + i64::from(exponent);
    // With 34 digits at most, and the first at the same place, both fit when they end at the same place.
    let scaled = |digits: u128, by: i32| digits * 10_u128.pow(u32::try_from(by).unwrap_or(0));
    first(left, left_exponent).cmp(&first(right, right_exponent)).then_with(|| {
        let end = left_exponent.min(right_exponent);
        scaled(left, left_exponent - end).cmp(&scaled(right, right_exponent - end))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Number {
        Number::Decimal(Decimal::from_bytes(text.parse::<bson::Decimal128>().unwrap().bytes()))
    }

    #[test]
    fn numbers_of_different_types_are_compared_by_their_values() {
        let rising = [
            Number::Double(f64::NAN),
            decimal("-Infinity"),
            Number::Double(f64::MIN),
            decimal("-1E+30"),
            Number::Integer(i64::MIN),
            Number::Double(-0.5),
            Number::Double(-5e-324),
            decimal("-1E-6176"),
            Number::Integer(0),
            Number::Double(5e-324),
            decimal("0.1"),
            decimal("0.1000000000000000055511151231257827"),
            Number::Double(0.1),
            decimal("0.1000000000000000055511151231257828"),
            decimal("0.3"),
            Number::Integer(1),
            Number::Double(1.000_000_000_000_000_2),
            Number::Double(9_007_199_254_740_992.0),
            Number::Integer(9_007_199_254_740_993),
            decimal("9007199254740993.5"),
            Number::Integer(i64::MAX),
            Number::Double(9_223_372_036_854_775_808.0),
            decimal("9223372036854775808.5"),
            Number::Double(f64::MAX),
            decimal("1E+400"),
            Number::Double(f64::INFINITY),
        ];
        for (i, left) in rising.iter().enumerate() {
            for (j, right) in rising.iter().enumerate() {
                assert_eq!(left.compare(*right), i.cmp(&j), "{left:?} {right:?}");
            }
        }
    }

    #[test]
    fn what_looks_different_may_be_equal() {
        for (left, right) in [
            (decimal("1.50"), decimal("1.5")),
            (decimal("-0"), Number::Integer(0)),
            (decimal("0E+6000"), decimal("-0E-6000")),
            (decimal("0.5"), Number::Double(0.5)),
            (decimal("1E+3"), Number::Integer(1000)),
            (decimal("NaN"), Number::Double(-f64::NAN)),
            (decimal("Infinity"), Number::Double(f64::INFINITY)),
            (Number::Double(-0.0), Number::Integer(0)),
            (
                decimal("9999999999999999999999999999999999E+6111"),
                decimal("9999999999999999999999999999999999E+6111"),
            ),
        ] {
            assert_eq!(left.compare(right), Ordering::Equal, "{left:?} {right:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_some_decimal(bytes: [u8; 16], other: [u8; 16], double: f64, integer: i64) {
            let read = Decimal::from_bytes(bytes);
            // The driver takes what is not canonical as it comes; all of that is zero.
            let text = bson::Decimal128::from_bytes(bytes).to_string();
            prop_assert_eq!(read == Decimal::Nan, text == "NaN");
            let all = [
                Number::Decimal(read),
                Number::Decimal(Decimal::from_bytes(other)),
                Number::Double(double),
                Number::Integer(integer),
            ];
            for left in all {
                for right in all {
                    prop_assert_eq!(left.compare(right), right.compare(left).reverse());
                }
            }
        }

        #[test]
        fn a_double_equals_its_own_digits(double in any::<f32>().prop_map(f64::from)) {
            let text = format!("{double:e}");
            if let Ok(decimal) = text.parse::<bson::Decimal128>() {
                let decimal = Number::Decimal(Decimal::from_bytes(decimal.bytes()));
                // What is typed as a decimal is exact, and the double nearest to it may be none.
                let exact = format!("{double:.766e}");
                let (digits, _) = exact.split_once('e').unwrap_or_default();
                let shown = text.trim_start_matches('-').split('e').next().unwrap_or_default().len();
                let is_exact = digits.trim_start_matches('-').bytes().skip(shown).all(|d| d == b'0' || d == b'.');
                prop_assert_eq!(
                    Number::Double(double).compare(decimal) == Ordering::Equal, is_exact, "{}", text
                );
            }
        }
    }
}

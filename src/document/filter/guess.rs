//! What a typed value may be, by what it looks like, and the condition that it makes.

use std::cmp::Ordering;

use bson::{Bson, DateTime, Decimal128, oid::ObjectId};

use super::{
    ast::{Comparison, Join, Literal, Members, Node, Path, Test},
    error::FilterProblem,
    order::compare,
    pattern::Pattern,
};

const DAY: i64 = 86_400_000;

/// How a field is compared with what was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Is,
    IsNot,
    Ordered(Comparison),
}

/// What was typed, by its looks.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Guess {
    /// `*`
    Anything,
    /// `wor*`
    Prefix(String),
    /// A day: its first millisecond, and itself as a text.
    Day(i64, String),
    /// Any of these values.
    Values(Vec<Bson>),
}

/// The looks of a value without quotes; `None` where it has a star that is not at its end.
pub(super) fn guess(text: &str) -> Option<Guess> {
    match text.split_once('*') {
        Some(("", "")) => return Some(Guess::Anything),
        Some((begin, "")) => return Some(Guess::Prefix(begin.to_owned())),
        Some(_) => return None,
        None => {}
    }
    if let Some(begin) = day(text) {
        return Some(Guess::Day(begin, text.to_owned()));
    }
    let simple = match text {
        "true" => Some(Bson::Boolean(true)),
        "false" => Some(Bson::Boolean(false)),
        "null" => Some(Bson::Null),
        _ => None,
    };
    if let Some(simple) = simple {
        return Some(Guess::Values(vec![simple]));
    }
    // Each of these may be stored as a text as well.
    let id = || ObjectId::parse_str(text).ok().map(Bson::ObjectId);
    let uuid = || bson::Uuid::parse_str(text).ok().filter(|_| text.len() == 36).map(Bson::from);
    let time = || time(text).map(Bson::DateTime);
    if let Some(found) = id().or_else(uuid).or_else(time) {
        return Some(Guess::Values(vec![found, text.into()]));
    }
    let numbers = numbers(text);
    Some(Guess::Values(if numbers.is_empty() { vec![text.into()] } else { numbers }))
}

/// A number as JSON writes it, in each type that may hold what was meant: 0.1 is no double.
fn numbers(text: &str) -> Vec<Bson> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) =
        unsigned.split_at(unsigned.find(['.', 'e', 'E']).unwrap_or(unsigned.len()));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    let (point, exponent) = fraction.split_at(fraction.find(['e', 'E']).unwrap_or(fraction.len()));
    let is_number = all_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && (point.is_empty() || point.strip_prefix('.').is_some_and(all_digits))
        && (exponent.is_empty() || all_digits(exponent[1..].trim_start_matches(['+', '-'])));
    if !is_number {
        return Vec::new();
    }
    if let Ok(small) = text.parse::<i32>() {
        return vec![small.into()];
    }
    if let Ok(integer) = text.parse::<i64>() {
        return vec![integer.into()];
    }
    let double = text.parse::<f64>().ok().filter(|double| double.is_finite()).map(Bson::Double);
    let decimal = text.parse::<Decimal128>().ok().map(Bson::Decimal128);
    double.into_iter().chain(decimal).collect()
}

/// The first millisecond of a day.
fn day(text: &str) -> Option<i64> {
    let dashes = text.len() == 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
    let begin = dashes.then(|| DateTime::parse_rfc3339_str(format!("{text}T00:00:00Z")).ok())??;
    Some(begin.timestamp_millis())
}

/// A time of RFC 3339; in UTC where it has no zone, and without seconds as well.
fn time(text: &str) -> Option<DateTime> {
    let (date, clock) = text.split_once('T')?;
    day(date)?;
    let zone = clock.find(['Z', '+', '-']).unwrap_or(clock.len());
    let (clock, zone) = clock.split_at(zone);
    let seconds = if clock.len() == "10:30".len() { ":00" } else { "" };
    let zone = if zone.is_empty() { "Z" } else { zone };
    DateTime::parse_rfc3339_str(format!("{date}T{clock}{seconds}{zone}")).ok()
}

/// The condition on a field. `None` where an order is asked of what has none.
pub(super) fn condition(
    path: Path,
    asked: Asked,
    guess: Guess,
) -> Result<Option<Node>, FilterProblem> {
    let tests = match (guess, asked) {
        (Guess::Anything, Asked::Is) => vec![Test::Exists(true)],
        (Guess::Anything, Asked::IsNot) => vec![Test::Exists(false)],
        (Guess::Prefix(text), Asked::Is) => vec![prefix(&text)?],
        (Guess::Prefix(text), Asked::IsNot) => vec![Test::Not(vec![prefix(&text)?])],
        (Guess::Anything | Guess::Prefix(_), Asked::Ordered(_)) => return Ok(None),
        (Guess::Day(begin, text), Asked::Is) => {
            return Ok(Some(on_day(path, Join::Or, begin, text)?));
        }
        (Guess::Day(begin, text), Asked::IsNot) => {
            return Ok(Some(on_day(path, Join::Nor, begin, text)?));
        }
        (Guess::Day(begin, _), Asked::Ordered(comparison)) => {
            vec![beside_day(comparison, begin)?]
        }
        (Guess::Values(values), Asked::Is) => match &values[..] {
            [one] => vec![Test::Compare(Comparison::Equal, Literal::from_bson(one)?)],
            _ => vec![Test::In(members(&values)?)],
        },
        (Guess::Values(values), Asked::IsNot) => match &values[..] {
            [one] => vec![Test::NotEqual(Literal::from_bson(one)?)],
            _ => vec![Test::NotIn(members(&values)?)],
        },
        (Guess::Values(values), Asked::Ordered(comparison)) => match limit(comparison, &values)? {
            Some(limit) => vec![Test::Compare(comparison, limit)],
            None => return Ok(None),
        },
    };
    Ok(Some(Node::Field(path, tests)))
}

fn prefix(text: &str) -> Result<Test, FilterProblem> {
    Ok(Test::Regex(Pattern::new(&format!("^{}", regex_syntax::escape(text)), "")?))
}

fn members(values: &[Bson]) -> Result<Members, FilterProblem> {
    let values = values.iter().map(Literal::from_bson).collect::<Result<_, _>>()?;
    Ok(Members::new(values, Vec::new()))
}

fn date(millis: i64) -> Result<Literal, FilterProblem> {
    Literal::from_bson(&Bson::DateTime(DateTime::from_millis(millis)))
}

/// A time within a day, or the day as a text.
fn on_day(path: Path, join: Join, begin: i64, text: String) -> Result<Node, FilterProblem> {
    let within = vec![
        Test::Compare(Comparison::GreaterOrEqual, date(begin)?),
        Test::Compare(Comparison::Less, date(begin + DAY)?),
    ];
    let same = Test::Compare(Comparison::Equal, Literal::from_bson(&text.into())?);
    let branches =
        vec![vec![Node::Field(path.clone(), within)], vec![Node::Field(path, vec![same])]];
    Ok(Node::Join(join, branches))
}

/// Before the day or after it, or with the day where that may be equal.
fn beside_day(comparison: Comparison, begin: i64) -> Result<Test, FilterProblem> {
    Ok(match comparison {
        Comparison::Greater => Test::Compare(Comparison::GreaterOrEqual, date(begin + DAY)?),
        Comparison::LessOrEqual => Test::Compare(Comparison::Less, date(begin + DAY)?),
        Comparison::GreaterOrEqual | Comparison::Less | Comparison::Equal => {
            Test::Compare(comparison, date(begin)?)
        }
    })
}

/// The value to compare with, where there is an order. A number in two types has two values close to each other: the
/// limit is the one that lets both through where equal numbers pass, and neither where they do not. What may be an id
/// or a time is compared as such, not as a text.
fn limit(comparison: Comparison, values: &[Bson]) -> Result<Option<Literal>, FilterProblem> {
    let [first, rest @ ..] = values else { return Ok(None) };
    if matches!(first, Bson::Boolean(_) | Bson::Null) {
        return Ok(None);
    }
    let mut limit = Literal::from_bson(first)?;
    let wanted = match comparison {
        Comparison::Greater | Comparison::LessOrEqual => Ordering::Greater,
        Comparison::GreaterOrEqual | Comparison::Less | Comparison::Equal => Ordering::Less,
    };
    for other in rest.iter().filter(|other| matches!(other, Bson::Decimal128(_))) {
        let other = Literal::from_bson(other)?;
        if compare(other.value(), limit.value()).is_ok_and(|order| order == wanted) {
            limit = other;
        }
    }
    Ok(Some(limit))
}

//! What a typed value may be, by what it looks like, and the condition that it makes.

use std::cmp::Ordering;

use bson::{Bson, DateTime, Decimal128, oid::ObjectId};

use super::{
    ast::{Comparison, Join, Literal, Members, Node, Path, Test},
    error::FilterProblem,
    order::compare,
    pattern::Pattern,
};

const MINUTE: i64 = 60_000;
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
    /// A year, a month, a day or a minute.
    Period(Period),
    /// Any of these values.
    Values(Vec<Bson>),
}

impl Guess {
    /// The text, where it can be nothing else.
    pub(super) fn only_text(&self) -> Option<&str> {
        match self {
            Self::Values(values) => match &values[..] {
                [Bson::String(text)] => Some(text),
                _ => None,
            },
            Self::Anything | Self::Prefix(_) | Self::Period(_) => None,
        }
    }

    /// The same for an `_id`: a year is meant as its number there.
    pub(super) fn of_id(self) -> Self {
        match self {
            Self::Period(Period { same: year @ Bson::Int32(_), .. }) => Self::Values(vec![year]),
            Self::Period(_) | Self::Anything | Self::Prefix(_) | Self::Values(_) => self,
        }
    }
}

/// A time that has a length.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Period {
    /// Its first millisecond, and the first one after it.
    begin: i64,
    end: i64,
    /// What else may be stored so: the same text, or for a year the number.
    same: Bson,
}

/// The looks of a value without quotes; `None` where it has a star that is not at its end.
pub(super) fn guess(text: &str) -> Option<Guess> {
    match text.split_once('*') {
        Some(("", "")) => return Some(Guess::Anything),
        Some((begin, "")) => return Some(Guess::Prefix(begin.to_owned())),
        Some(_) => return None,
        None => {}
    }
    if let Some(period) = period(text) {
        return Some(Guess::Period(period));
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
    let time = || time(text).map(|(time, _)| Bson::DateTime(time));
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

/// Whether a text is written like a day, or a time of a day, that is in no calendar.
pub(super) fn is_no_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let like_day = |(at, byte): (usize, &u8)| match at {
        4 | 7 => *byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    let begins = bytes.len() >= 10 && bytes.iter().take(10).enumerate().all(like_day);
    let is_day = bytes.len() == 10;
    let has_time = bytes.get(10) == Some(&b'T') && bytes.get(11).is_some_and(u8::is_ascii_digit);
    begins && (is_day || has_time) && period(text).is_none() && time(text).is_none()
}

/// The years that are not only numbers.
const YEARS: std::ops::RangeInclusive<u32> = 1900..=2099;

/// A year, a month, a day or a minute, by what it looks like.
fn period(text: &str) -> Option<Period> {
    let from = |begin: i64, end: i64, same: Bson| Some(Period { begin, end, same });
    if let Some(begin) = day(text) {
        return from(begin, begin + DAY, text.into());
    }
    if let Some((time, true)) = time(text) {
        let begin = time.timestamp_millis();
        return from(begin, begin + MINUTE, text.into());
    }
    let number = |digits: &str| digits.parse::<u32>().ok();
    let of_digits = text.bytes().all(|c| c.is_ascii_digit() || c == b'-');
    match text.split_once('-') {
        None if text.len() == 4 && of_digits => {
            let year = number(text).filter(|year| YEARS.contains(year))?;
            let first = |year: u32| day(&format!("{year:04}-01-01"));
            from(first(year)?, first(year + 1)?, Bson::Int32(year.try_into().ok()?))
        }
        Some((year, month)) if (year.len(), month.len()) == (4, 2) && of_digits => {
            let (year, month) = (number(year)?, number(month)?);
            let first = |year: u32, month: u32| day(&format!("{year:04}-{month:02}-01"));
            let next = if month == 12 { first(year + 1, 1) } else { first(year, month + 1) };
            let begin = first(year, month)?;
            // None follows the last month that can be written.
            from(begin, next.unwrap_or(begin + 31 * DAY), text.into())
        }
        Some(_) | None => None,
    }
}

/// A time of RFC 3339; in UTC where it has no zone, and without seconds as well: whether that is so.
fn time(text: &str) -> Option<(DateTime, bool)> {
    let (date, clock) = text.split_once('T')?;
    day(date)?;
    let zone = clock.find(['Z', '+', '-']).unwrap_or(clock.len());
    let (clock, zone) = clock.split_at(zone);
    let is_minute = clock.len() == "10:30".len();
    let seconds = if is_minute { ":00" } else { "" };
    let zone = if zone.is_empty() { "Z" } else { zone };
    let time = DateTime::parse_rfc3339_str(format!("{date}T{clock}{seconds}{zone}")).ok()?;
    Some((time, is_minute))
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
        (Guess::Period(period), Asked::Is) => {
            return Ok(Some(period.within(path, Join::Or)?));
        }
        (Guess::Period(period), Asked::IsNot) => {
            return Ok(Some(period.within(path, Join::Nor)?));
        }
        (Guess::Period(period), Asked::Ordered(comparison)) => {
            return Ok(Some(period.beside(path, comparison)?));
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

impl Period {
    /// A time within it, or what else may be stored so.
    fn within(self, path: Path, join: Join) -> Result<Node, FilterProblem> {
        let within = vec![
            Test::Compare(Comparison::GreaterOrEqual, date(self.begin)?),
            Test::Compare(Comparison::Less, date(self.end)?),
        ];
        let same = Test::Compare(Comparison::Equal, Literal::from_bson(&self.same)?);
        let branches =
            vec![vec![Node::Field(path.clone(), within)], vec![Node::Field(path, vec![same])]];
        Ok(Node::Join(join, branches))
    }

    /// Before it or after it, or within it as well where that may be equal. A year may be a number: dates are compared
    /// with dates, and numbers with numbers.
    fn beside(self, path: Path, comparison: Comparison) -> Result<Node, FilterProblem> {
        let date = match comparison {
            Comparison::Greater => Test::Compare(Comparison::GreaterOrEqual, date(self.end)?),
            Comparison::LessOrEqual => Test::Compare(Comparison::Less, date(self.end)?),
            Comparison::GreaterOrEqual | Comparison::Less | Comparison::Equal => {
                Test::Compare(comparison, date(self.begin)?)
            }
        };
        if matches!(self.same, Bson::String(_)) {
            return Ok(Node::Field(path, vec![date]));
        }
        let number = Test::Compare(comparison, Literal::from_bson(&self.same)?);
        let branches = vec![
            vec![Node::Field(path.clone(), vec![date])],
            vec![Node::Field(path, vec![number])],
        ];
        Ok(Node::Join(Join::Or, branches))
    }
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

//! Search: parsing it, matching an organization, and ranking the match. Case, accents, punctuation, width and
//! composition make no difference, and words match in any order.
//!
//! One function folds stored and typed text ([`fold()`]). The text that is stored ([`searchable`]) marks where
//! fields and words begin, so that each rank is a question of containment, the same on every database.

mod fold;
#[cfg(test)]
mod tests;

use std::ops::{Range, RangeInclusive};

use bson::{DateTime, oid::ObjectId};

use self::fold::{EMAILS, FIELD, folded};
pub use self::fold::{fold, grams, searchable};
use super::{Org, OrgState, earlier};

/// A longer search, in characters, finds nothing: no name and no e-mail is nearly as long, and a server refuses
/// longer patterns.
pub const SEARCH_MOST: usize = 1_000;

/// The fewest digits of an id that find it without `id:`. Shorter ones are more likely words, and would match most
/// ids: an id begins with its time of creation.
const ID_LEAST: usize = 6;

/// A parsed search. Parsing always succeeds; an invalid search has a [`Search::fault`] and matches nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    words: Vec<String>,
    /// Of every rank but the last, whose needles are the words.
    needles: [Vec<String>; 3],
    ids: Option<IdRange>,
    filter: Filter,
    fault: Option<SearchFault>,
}

/// The filters of a search, such as `state:suspended`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Folded texts that an admin's e-mail contains.
    pub emails: Vec<String>,
    /// The ids that match.
    pub ids: Option<IdRange>,
    /// Suspended organizations only, or active ones only.
    pub suspended: Option<bool>,
    /// Created at this time or later.
    pub from: Option<DateTime>,
    /// Created before this time.
    pub before: Option<DateTime>,
    /// How many admins there are.
    pub admins: Option<RangeInclusive<u32>>,
}

/// The ids that begin with certain digits: from the first to the last, inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdRange {
    /// The least.
    pub first: ObjectId,
    /// The greatest.
    pub last: ObjectId,
}

/// Why a search is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SearchFault {
    /// `state:` with something else.
    #[error("use state:active or state:suspended; the trash is a separate list")]
    State,
    /// `created:` with something else.
    #[error("use created:2026-01-31, or > or < before the day")]
    Created,
    /// `id:` with something else.
    #[error("use id: with an id or its beginning: digits 0-9 and a-f")]
    Id,
    /// `email:` with nothing that could be in one.
    #[error("use email: with a part of an e-mail")]
    Email,
    /// `admins:` with something else.
    #[error("use admins:2, or > or < before the number")]
    Admins,
    /// Nothing but punctuation.
    #[error("punctuation is ignored: add a letter or a digit")]
    Punctuation,
    /// More than [`SEARCH_MOST`] characters.
    #[error("no name is that long")]
    TooLong,
}

/// How well an organization matches a search: smaller is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// It is the whole name, e-mail or id.
    Whole,
    /// One of these begins so.
    Beginning,
    /// Every word is the beginning of a word.
    Words,
    /// Every word is somewhere in it.
    Anywhere,
}

impl Rank {
    /// All, the best first.
    pub const ALL: [Self; 4] = [Self::Whole, Self::Beginning, Self::Words, Self::Anywhere];

    /// One digit: the less, the better.
    #[must_use]
    pub fn digit(self) -> char {
        match self {
            Self::Whole => '0',
            Self::Beginning => '1',
            Self::Words => '2',
            Self::Anywhere => '3',
        }
    }

    /// The one before it; none before the best.
    #[must_use]
    pub fn better(self) -> Option<Self> {
        match self {
            Self::Whole => None,
            Self::Beginning => Some(Self::Whole),
            Self::Words => Some(Self::Beginning),
            Self::Anywhere => Some(Self::Words),
        }
    }
}

impl IdRange {
    fn parse(digits: &str) -> Option<Self> {
        let fits =
            (1..=24).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let filled = |digit: char| {
            let rest = 24 - digits.len();
            ObjectId::parse_str(format!("{digits}{}", String::from(digit).repeat(rest))).ok()
        };
        if !fits {
            return None;
        }
        Some(Self { first: filled('0')?, last: filled('f')? })
    }

    /// Whether an id begins so.
    #[must_use]
    pub fn contains(&self, id: ObjectId) -> bool {
        (self.first..=self.last).contains(&id)
    }

    fn rank(&self) -> Rank {
        if self.first == self.last { Rank::Whole } else { Rank::Beginning }
    }
}

impl Filter {
    /// Whether it narrows nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Search {
    /// Parses a search as typed.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut search = Self::default();
        if text.chars().count() > SEARCH_MOST {
            search.fault = Some(SearchFault::TooLong);
            return search;
        }
        let mut plain = Vec::new();
        for word in text.split_whitespace() {
            match word.split_once(':').map(|(key, value)| (key.to_lowercase(), value)) {
                Some((key, value)) => match search.narrow(&key, value) {
                    Ok(true) => {}
                    Ok(false) => plain.push(word),
                    Err(fault) => search.fault = search.fault.or(Some(fault)),
                },
                None => plain.push(word),
            }
        }
        search.words =
            plain.iter().map(|word| fold(word)).filter(|word| !word.is_empty()).collect();
        let whole = search.words.join(" ");
        search.needles = [
            vec![format!("{FIELD} {whole}{FIELD}")],
            vec![format!("{FIELD} {whole}")],
            search.words.iter().map(|word| format!(" {word}")).collect(),
        ];
        if search.words.is_empty() && !plain.is_empty() {
            search.fault = search.fault.or(Some(SearchFault::Punctuation));
        }
        if let [word] = plain.as_slice()
            && word.len() >= ID_LEAST
        {
            search.ids = IdRange::parse(word);
        }
        search
    }

    /// Adds a filter; false if there is no such key, so that it is text.
    fn narrow(&mut self, key: &str, value: &str) -> Result<bool, SearchFault> {
        let filter = &mut self.filter;
        match key {
            "email" => {
                let part = fold(value);
                if part.is_empty() {
                    return Err(SearchFault::Email);
                }
                filter.emails.push(part);
            }
            "id" => filter.ids = Some(IdRange::parse(value).ok_or(SearchFault::Id)?),
            "state" => {
                filter.suspended = Some(match value.to_lowercase().as_str() {
                    "active" => false,
                    "suspended" => true,
                    _ => return Err(SearchFault::State),
                });
            }
            "created" => {
                let (from, before) = days(value).ok_or(SearchFault::Created)?;
                filter.from = filter.from.max(from);
                filter.before = filter.before.into_iter().chain(before).min();
            }
            "admins" => {
                let (least, most) = numbers(value).ok_or(SearchFault::Admins)?.into_inner();
                filter.admins = Some(match filter.admins.take() {
                    Some(admins) => least.max(*admins.start())..=most.min(*admins.end()),
                    None => least..=most,
                });
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Why it is invalid; none for a valid search.
    #[must_use]
    pub fn fault(&self) -> Option<SearchFault> {
        self.fault
    }

    /// Whether it has words, and not only filters. Only words rank organizations.
    #[must_use]
    pub fn has_words(&self) -> bool {
        !self.words.is_empty()
    }

    /// Whether it matches everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fault.is_none() && self.words.is_empty() && self.filter.is_empty()
    }

    /// Its filters.
    #[must_use]
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// The same search of any number of admins.
    #[must_use]
    pub fn with_any_admins(&self) -> Self {
        Self { filter: Filter { admins: None, ..self.filter.clone() }, ..self.clone() }
    }

    /// The texts that a [`searchable`] text contains, all of them, if it matches at this rank or better. An
    /// organization in [`Search::ids_at`] matches as well.
    #[must_use]
    pub fn needles(&self, rank: Rank) -> &[String] {
        match rank {
            Rank::Whole => &self.needles[0],
            Rank::Beginning => &self.needles[1],
            Rank::Words => &self.needles[2],
            Rank::Anywhere => &self.words,
        }
    }

    /// The ids that match at this rank or better, whatever the name.
    #[must_use]
    pub fn ids_at(&self, rank: Rank) -> Option<IdRange> {
        self.ids.filter(|ids| ids.rank() <= rank)
    }

    /// The rank of an organization with this id and this [`searchable`] text; none if it does not match. Filters
    /// are not considered. Without words, everything matches equally.
    #[must_use]
    pub fn rank(&self, id: ObjectId, searchable: &str) -> Option<Rank> {
        Rank::ALL.into_iter().find(|rank| {
            self.needles(*rank).iter().all(|needle| searchable.contains(needle.as_str()))
                || self.ids_at(*rank).is_some_and(|ids| ids.contains(id))
        })
    }

    /// Whether an organization, with its [`searchable`] text and so many admins, passes the filters.
    fn admits(&self, org: &Org, searchable: &str, count: u32) -> bool {
        let Filter { emails, ids, suspended, from, before, admins } = &self.filter;
        let in_emails = searchable.split_once(EMAILS).map_or("", |(_, emails)| emails);
        emails.iter().all(|part| in_emails.contains(part.as_str()))
            && ids.is_none_or(|ids| ids.contains(org.id))
            && suspended.is_none_or(|suspended| match org.state {
                OrgState::Active => !suspended,
                OrgState::Suspended => suspended,
                OrgState::InTrash(_) => false,
            })
            && from.is_none_or(|from| org.created_at >= from)
            && before.is_none_or(|before| org.created_at < before)
            && admins.as_ref().is_none_or(|admins| admins.contains(&count))
    }

    /// The rank of an organization that it finds, given its [`searchable`] text: one that matches the words and passes
    /// the filters. Its admins are those that its record names.
    #[must_use]
    pub fn find(&self, org: &Org, searchable: &str) -> Option<Rank> {
        self.rank(org.id, searchable).filter(|_| self.admits(org, searchable, org.admins()))
    }

    /// The ranges of a displayed text that match its words: in bytes, ordered, not overlapping.
    #[must_use]
    pub fn marks(&self, shown: &str) -> Vec<Range<usize>> {
        let (folded, places) = folded(shown);
        let words = self.words.iter().chain(&self.filter.emails);
        let mut marks: Vec<Range<usize>> = words
            .flat_map(|word| folded.match_indices(word.as_str()))
            .filter_map(|(at, word)| {
                let place = |at: usize| places.get(at).cloned();
                Some(place(at)?.start..place(at + word.len() - 1)?.end)
            })
            .collect();
        marks.sort_by_key(|mark| (mark.start, mark.end));
        let mut apart: Vec<Range<usize>> = Vec::new();
        for mark in marks {
            match apart.last_mut() {
                Some(last) if mark.start <= last.end => last.end = last.end.max(mark.end),
                Some(_) | None => apart.push(mark),
            }
        }
        apart
    }
}

impl From<&str> for Search {
    fn from(text: &str) -> Self {
        Self::parse(text)
    }
}

impl From<String> for Search {
    fn from(text: String) -> Self {
        Self::parse(&text)
    }
}

/// What is compared, such as `>`, and with what; none without a digit.
fn comparison(value: &str) -> Option<(&str, &str)> {
    value.find(|character: char| character.is_ascii_digit()).map(|at| value.split_at(at))
}

/// The numbers that a comparison is true of.
fn numbers(value: &str) -> Option<RangeInclusive<u32>> {
    let (sign, number) = comparison(value)?;
    let number: u32 = number.parse().ok()?;
    Some(match sign {
        "" | "=" => number..=number,
        ">" => number.checked_add(1).map_or(NOTHING, |least| least..=u32::MAX),
        ">=" => number..=u32::MAX,
        "<" => number.checked_sub(1).map_or(NOTHING, |most| 0..=most),
        "<=" => 0..=number,
        _ => return None,
    })
}

/// No number at all.
const NOTHING: RangeInclusive<u32> = RangeInclusive::new(1, 0);

/// The time range of a day, or of everything before or after it: its start, and its exclusive end.
fn days(value: &str) -> Option<(Option<DateTime>, Option<DateTime>)> {
    let (sign, day) = comparison(value)?;
    // Nothing but a day is that long.
    let this = earlier(day, DateTime::MIN).filter(|_| day.len() == "2026-11-20".len())?;
    let next = DateTime::from_millis(this.timestamp_millis().checked_add(86_400_000)?);
    match sign {
        "" | "=" => Some((Some(this), Some(next))),
        ">" => Some((Some(next), None)),
        ">=" => Some((Some(this), None)),
        "<" => Some((None, Some(this))),
        "<=" => Some((None, Some(next))),
        _ => None,
    }
}

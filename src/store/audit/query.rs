//! Which entries of the audit log are asked for, and which entries a filter lets through: the same for both
//! databases, which may look for them in any way that finds no fewer.

use bson::{DateTime, Document, oid::ObjectId};

use super::Outcome;
use crate::org::OperationKind;

/// Which entries.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditQuery {
    /// Only those that it lets through.
    pub filter: AuditFilter,
    /// From where, and in which order.
    pub at: AuditAt,
    /// The most entries.
    pub limit: u32,
}

/// From where entries are read, and in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditAt {
    /// Those after this number, the oldest first.
    After(i64),
    /// Those before this number, the newest first.
    Before(i64),
    /// The newest first.
    Newest,
}

/// What entries must be like; all of it at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuditFilter {
    /// About the organization with this identity or exactly this name.
    pub of: Option<(Option<ObjectId>, String)>,
    /// By exactly this one: the operator's account, `user@host`, or the admin who was logged in. An e-mail may be
    /// typed in capitals.
    pub operator: Option<String>,
    /// One of these was done; anything where there are none.
    pub actions: Vec<OperationKind>,
    /// With one of these results; any where there are none.
    pub outcomes: Vec<Outcome>,
    /// At this time or later.
    pub since: Option<DateTime>,
    /// Before this time.
    pub until: Option<DateTime>,
    /// With each of these texts.
    pub parts: Vec<Part>,
}

/// The fields that say who did something.
pub(in crate::store) const WHO: &[&str] = &["account", "operator", "admin", "key"];

impl AuditFilter {
    /// One that lets all entries through.
    pub const ALL: Self = Self {
        of: None,
        operator: None,
        actions: Vec::new(),
        outcomes: Vec::new(),
        since: None,
        until: None,
        parts: Vec::new(),
    };

    /// Of the organization with this identity, or exactly this name where that is not empty.
    #[must_use]
    pub fn of(id: Option<ObjectId>, name: &str) -> Self {
        Self { of: Some((id, name.to_owned())), ..Self::ALL }
    }

    /// Whether it lets all entries through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::ALL
    }

    /// What is looked for as who did it: as it was typed, and as e-mails are stored.
    pub(in crate::store) fn operators(&self) -> Option<[String; 2]> {
        self.operator.as_ref().map(|typed| [typed.clone(), typed.to_lowercase()])
    }

    /// Whether it lets a stored entry through. What is missing or of another type matches nothing; so does an
    /// entry that cannot be read, but for a result that is not readable.
    #[must_use]
    pub fn admits(&self, entry: &Document) -> bool {
        let text = |field: &str| entry.get_str(field).ok();
        let about = |(id, name): &(Option<ObjectId>, String)| {
            id.is_some_and(|id| entry.get_object_id("organization_id").ok() == Some(id))
                || !name.is_empty() && text("organization_name") == Some(name)
        };
        let by = |names: [String; 2]| {
            WHO.iter().filter_map(|field| text(field)).any(|who| names.iter().any(|n| n == who))
        };
        let did = || self.actions.iter().any(|action| text("deed") == Some(action.code()));
        let at = entry.get_datetime("at").ok();
        self.of.as_ref().is_none_or(about)
            && self.operators().is_none_or(by)
            && (self.actions.is_empty() || did())
            && (self.outcomes.is_empty() || self.outcomes.contains(&Outcome::of(entry)))
            && self.since.is_none_or(|since| at.is_some_and(|at| *at >= since))
            && self.until.is_none_or(|until| at.is_some_and(|at| *at < until))
            && self.parts.iter().all(|part| part.is_in(entry))
    }
}

/// Where a text is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// In who did it.
    Operator,
    /// In the name of the organization.
    Organization,
    /// In either, in what was done, and in the reason that was given.
    Anything,
}

/// A text that stands somewhere in a field, in capitals or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    within: Within,
    /// Each of its characters, in both cases.
    letters: Vec<[char; 3]>,
    /// The operations whose words have it.
    actions: Vec<OperationKind>,
}

impl Part {
    /// This text, looked for there.
    #[must_use]
    pub fn new(within: Within, text: &str) -> Self {
        let letters: Vec<[char; 3]> = text.chars().map(cases).collect();
        let has = |action: &OperationKind| {
            [action.done(), action.noun()].iter().any(|words| has(words, &letters))
        };
        let actions = match within {
            Within::Operator | Within::Organization => Vec::new(),
            Within::Anything => OperationKind::KNOWN.into_iter().filter(has).collect(),
        };
        Self { within, letters, actions }
    }

    /// The fields that it may stand in.
    pub(in crate::store) fn fields(&self) -> &'static [&'static str] {
        match self.within {
            Within::Operator => WHO,
            Within::Organization => &["organization_name"],
            Within::Anything => &[
                "account",
                "operator",
                "admin",
                "key",
                "organization_name",
                "deed",
                "given_reason",
            ],
        }
    }

    /// Each of its characters with what also counts as it.
    pub(in crate::store) fn letters(&self) -> &[[char; 3]] {
        &self.letters
    }

    /// The operations whose words have it.
    pub(in crate::store) fn actions(&self) -> &[OperationKind] {
        &self.actions
    }

    fn is_in(&self, entry: &Document) -> bool {
        let text = |field: &str| entry.get_str(field).ok();
        self.fields().iter().filter_map(|field| text(field)).any(|text| has(text, &self.letters))
            || self.actions.iter().any(|action| text("deed") == Some(action.code()))
    }
}

/// A character, in small and in capitals where each is one character: a server with other tables of letters must
/// find no other entries.
fn cases(letter: char) -> [char; 3] {
    let one = |mut all: Box<dyn Iterator<Item = char>>| match (all.next(), all.next()) {
        (Some(one), None) => one,
        (Some(_) | None, _) => letter,
    };
    [letter, one(Box::new(letter.to_lowercase())), one(Box::new(letter.to_uppercase()))]
}

/// Whether a text has these letters, one behind the other.
fn has(text: &str, letters: &[[char; 3]]) -> bool {
    let begins = |at: &str| {
        let mut rest = at.chars();
        letters.iter().all(|cases| rest.next().is_some_and(|letter| cases.contains(&letter)))
    };
    letters.is_empty() || text.char_indices().any(|(at, _)| begins(&text[at..]))
}

#[cfg(test)]
mod tests {
    use bson::doc;
    use proptest::prelude::*;

    use super::*;
    use crate::store::{
        arbitrary::any_document,
        audit::{Entry, entry::tests::FIELDS},
    };

    fn part(within: Within, text: &str) -> AuditFilter {
        AuditFilter { parts: vec![Part::new(within, text)], ..AuditFilter::ALL }
    }

    #[test]
    fn who_did_it_is_the_account_the_admin_or_the_user_and_exactly_that() {
        let entry = Entry::new("kim@bastion", "trash").of_operator("ops@example.com");
        let entry = entry.of_admin("ada@acme.com").of_key("ci").to_document();
        let by = |name: &str| AuditFilter { operator: Some(name.to_owned()), ..AuditFilter::ALL };
        for name in ["kim@bastion", "ops@example.com", "OPS@Example.com", "ada@acme.com", "ci"] {
            assert!(by(name).admits(&entry), "{name}");
        }
        for name in ["kim", "bastion", "ops@example.co", "", "trash"] {
            assert!(!by(name).admits(&entry), "{name}");
        }
    }

    #[test]
    fn a_part_is_found_in_any_case_and_only_where_it_is_looked_for() {
        let entry = Entry::new("kim@bastion", "trash").called("Müller & Söhne");
        let entry = entry.of_operator("ops@example.com").to_document();
        for (within, text, found) in [
            (Within::Operator, "EXAMPLE", true),
            (Within::Operator, "Bastion", true),
            (Within::Operator, "müller", false),
            (Within::Organization, "MÜLLER &", true),
            (Within::Organization, "ops", false),
            (Within::Anything, "müller", true),
            (Within::Anything, "ops@", true),
            (Within::Anything, "TRASH", true),
            (Within::Anything, "moved", true),
            (Within::Anything, "restored", false),
            (Within::Anything, "", true),
        ] {
            assert_eq!(part(within, text).admits(&entry), found, "{within:?} {text}");
        }
    }

    #[test]
    fn a_time_is_from_the_first_on_and_before_the_second() {
        let at = DateTime::from_millis;
        let entry = doc! { "at": at(1000) };
        let between = |since, until| AuditFilter {
            since: Some(at(since)),
            until: Some(at(until)),
            ..AuditFilter::ALL
        };
        assert!(between(1000, 1001).admits(&entry));
        assert!(!between(1001, 2000).admits(&entry) && !between(0, 1000).admits(&entry));
        assert!(!between(0, 2000).admits(&doc! { "at": 1000_i64 }));
    }

    #[test]
    fn what_cannot_be_read_is_let_through_by_that_alone() {
        let unreadable = doc! { "_id": 4_i64 };
        let with = |outcome| AuditFilter { outcomes: vec![outcome], ..AuditFilter::ALL };
        assert!(AuditFilter::ALL.admits(&unreadable));
        assert!(with(Outcome::Foreign).admits(&unreadable));
        assert!(!with(Outcome::Done).admits(&unreadable));
        assert!(!AuditFilter::of(None, "").admits(&unreadable));
    }

    proptest! {
        #[test]
        fn whatever_is_stored_is_let_through_or_not_as_it_is_shown(
            document in any_document(FIELDS, &["done", "create", "refused", ""]),
            text in "[a-z]{0,2}",
        ) {
            let entry = Entry::from_document(&document);
            let with = AuditFilter { outcomes: vec![entry.outcome], ..AuditFilter::ALL };
            prop_assert!(with.admits(&document));
            let _ = part(Within::Anything, &text).admits(&document);
        }
    }
}

//! The entries of the audit log: what they say, as a program reads it and as it is stored.

use std::fmt;

use bson::{Bson, DateTime, Document, doc, oid::ObjectId};

use crate::org::{OperationKind, Org, Reason, StoredText};

/// The most characters of a text in an entry: whatever is stored elsewhere, an entry stays small.
const MOST: usize = 300;

/// What came of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done. What was cut off in between is finished by the next console.
    Done,
    /// A rule, or what was there, did not allow it. Nothing was changed.
    Refused,
    /// The database failed. Nothing was changed.
    Failed,
    /// The database did not say. It may or may not have been done; a later entry says which.
    Unknown,
    /// It was begun and taken back: nothing is different.
    TakenBack,
    /// An entry that no program of ours wrote.
    Foreign,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Done, Self::Refused, Self::Failed, Self::Unknown, Self::TakenBack, Self::Foreign];

    /// Of a stored entry; foreign where that says none of ours.
    pub(super) fn of(entry: &Document) -> Self {
        let word = entry.get_str("outcome").unwrap_or_default();
        Self::ALL.into_iter().find(|known| known.word() == word).unwrap_or(Self::Foreign)
    }

    /// As it is typed in a filter: without spaces.
    #[must_use]
    pub fn typed(self) -> String {
        self.word().replace(' ', "-")
    }

    /// The word for it, stored and shown.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::TakenBack => "taken back",
            Self::Unknown => "unknown",
            Self::Foreign => "not readable",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// What is different afterwards; never a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Which field.
    pub field: StoredText,
    /// What it was; empty where there was none, or where it is a secret.
    pub from: StoredText,
    /// What it is; likewise.
    pub to: StoredText,
}

/// What was and what is, as far as that is known.
impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, from, to } = self;
        match (from.raw(), to.raw()) {
            ("", "") => write!(formatter, "{field} changed"),
            ("", _) => write!(formatter, "{field} {to}"),
            (_, "") => write!(formatter, "{field} {from} removed"),
            (old, new) if old == new => write!(formatter, "{field} {to}"),
            _ => write!(formatter, "{field} {from} → {to}"),
        }
    }
}

/// What happened, before it has its place in the audit log.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its identity: appending the same one twice appends it once.
    pub id: ObjectId,
    /// When.
    pub at: DateTime,
    /// Who operates the console: `user@host`.
    pub operator: StoredText,
    /// The e-mail of the operator who was logged in; empty where none was.
    pub account: StoredText,
    /// The name of that operator's API key; empty where they were logged in themselves.
    pub key: StoredText,
    /// The e-mail of the admin who was logged in, or of whoever tried to; empty where there was none.
    pub admin: StoredText,
    /// What was done.
    pub action: OperationKind,
    /// To which organization.
    pub organization: Option<ObjectId>,
    /// What that is called, or was to be.
    pub name: StoredText,
    /// What came of it.
    pub outcome: Outcome,
    /// Why it was refused or taken back; empty otherwise.
    pub reason: StoredText,
    /// Why it was done, in the words of the person who did it; empty where that was not said.
    pub given_reason: StoredText,
    /// What is different, or was to be.
    pub changes: Vec<Difference>,
    /// The entry of the operation that this one says more of; none where it is the first about it.
    pub of: Option<ObjectId>,
}

impl Entry {
    /// Something that is done now, to no organization yet.
    #[must_use]
    pub fn new(operator: &str, action: impl Into<OperationKind>) -> Self {
        Self {
            id: ObjectId::new(),
            at: DateTime::now(),
            operator: short(operator),
            account: StoredText::default(),
            key: StoredText::default(),
            admin: StoredText::default(),
            action: shortened(action.into()),
            organization: None,
            name: StoredText::default(),
            outcome: Outcome::Done,
            reason: StoredText::default(),
            given_reason: StoredText::default(),
            changes: Vec::new(),
            of: None,
        }
    }

    /// Something that is done to an organization now.
    #[must_use]
    pub fn about(operator: &str, action: impl Into<OperationKind>, org: &Org) -> Self {
        Self {
            organization: Some(org.id),
            name: short(org.name.raw()),
            ..Self::new(operator, action)
        }
    }

    /// To an organization that is called so, or was to be.
    #[must_use]
    pub fn called(self, name: &str) -> Self {
        Self { name: short(name), ..self }
    }

    /// By an admin with this e-mail.
    #[must_use]
    pub fn of_admin(self, email: &str) -> Self {
        Self { admin: short(email), ..self }
    }

    /// By an operator with this e-mail.
    #[must_use]
    pub fn of_operator(self, email: &str) -> Self {
        Self { account: short(email), ..self }
    }

    /// With an API key that is called so.
    #[must_use]
    pub fn of_key(self, name: &str) -> Self {
        Self { key: short(name), ..self }
    }

    /// Done for this reason.
    #[must_use]
    pub fn because(self, reason: &Reason) -> Self {
        Self { given_reason: short(reason.as_str()), ..self }
    }

    /// The same, and that something else came of it, for this reason.
    #[must_use]
    pub fn ended(&self, outcome: Outcome, reason: &str) -> Self {
        let (id, at) = (ObjectId::new(), DateTime::now());
        Self { id, at, outcome, reason: short(reason), ..self.clone() }
    }

    /// As [`Entry::ended`], of an operation that this entry is of already.
    #[must_use]
    pub fn followed(&self, outcome: Outcome, reason: &str) -> Self {
        Self { of: self.of.or(Some(self.id)), ..self.ended(outcome, reason) }
    }

    /// Who did it, as far as that is known: the account that was logged in, otherwise whoever operates the console.
    #[must_use]
    pub fn by(&self) -> &StoredText {
        let accounts = [&self.account, &self.admin];
        let known = accounts.into_iter().find(|account| !account.raw().is_empty());
        known.unwrap_or(&self.operator)
    }

    /// The same for people, with the key that it was done with.
    #[must_use]
    pub fn shown_by(&self) -> String {
        match self.key.raw() {
            "" => self.by().to_string(),
            _ => format!("{}, key {}", self.by(), self.key),
        }
    }

    /// With one more difference.
    #[must_use]
    pub fn with(mut self, field: &str, from: &str, to: &str) -> Self {
        self.changes.push(Difference { field: short(field), from: short(from), to: short(to) });
        self
    }

    /// What came of it, and what is different, in a line: stored text in it is escaped.
    #[must_use]
    pub fn came_to(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        if self.outcome != Outcome::Done {
            parts.push(match self.reason.raw() {
                "" => self.outcome.to_string(),
                _ => format!("{}: {}", self.outcome, self.reason),
            });
        }
        let changes = self.changes.iter().map(ToString::to_string);
        // What was not done must not read as if it had been.
        match self.outcome {
            Outcome::Done => parts.extend(changes),
            Outcome::Refused
            | Outcome::Failed
            | Outcome::Unknown
            | Outcome::TakenBack
            | Outcome::Foreign => {
                let wanted: Vec<String> = changes.collect();
                if !wanted.is_empty() {
                    parts.push(format!("wanted: {}", wanted.join(", ")));
                }
            }
        }
        if parts.is_empty() {
            parts.push(self.outcome.to_string());
        }
        parts.extend(self.why());
        parts.join(", ")
    }

    /// Why it was done, in words; none where that was not said.
    #[must_use]
    pub fn why(&self) -> Option<String> {
        Some(&self.given_reason)
            .filter(|reason| !reason.raw().is_empty())
            .map(|reason| format!("reason given: {reason}"))
    }

    /// Its fields, without its place in the audit log: what a journal keeps of it.
    #[must_use]
    pub fn to_document(&self) -> Document {
        let changes = self.changes.iter().map(|change| {
            doc! { "field": change.field.raw(), "from": change.from.raw(), "to": change.to.raw() }
        });
        let mut document = doc! {
            "entry": self.id,
            "at": self.at,
            "operator": self.operator.raw(),
            "admin": self.admin.raw(),
            "deed": self.action.code(),
            "organization_id": self.organization,
            "organization_name": self.name.raw(),
            "outcome": self.outcome.word(),
            "reason": self.reason.raw(),
            "changes": changes.collect::<Vec<_>>(),
        };
        // Entries of versions without accounts have none.
        if !self.account.raw().is_empty() {
            document.insert("account", self.account.raw());
        }
        if !self.key.raw().is_empty() {
            document.insert("key", self.key.raw());
        }
        // Only where it was said: entries of earlier versions stay as they were hashed.
        if !self.given_reason.raw().is_empty() {
            document.insert("given_reason", self.given_reason.raw());
        }
        if let Some(of) = self.of {
            document.insert("of", of);
        }
        document
    }

    /// Reads an entry leniently: another program may have written anything. What is missing or of
    /// another type is empty.
    #[must_use]
    pub fn from_document(document: &Document) -> Self {
        let text = |document: &Document, field| short(document.get_str(field).unwrap_or_default());
        let changes = document.get_array("changes").map(Vec::as_slice).unwrap_or_default();
        let changes = changes.iter().filter_map(Bson::as_document).map(|change| Difference {
            field: text(change, "field"),
            from: text(change, "from"),
            to: text(change, "to"),
        });
        Self {
            id: document.get_object_id("entry").unwrap_or_else(|_| ObjectId::from_bytes([0; 12])),
            at: document.get_datetime("at").copied().unwrap_or(DateTime::MIN),
            operator: text(document, "operator"),
            account: text(document, "account"),
            key: text(document, "key"),
            admin: text(document, "admin"),
            action: shortened(document.get_str("deed").unwrap_or_default().into()),
            organization: document.get_object_id("organization_id").ok(),
            name: text(document, "organization_name"),
            outcome: Outcome::of(document),
            reason: text(document, "reason"),
            given_reason: text(document, "given_reason"),
            changes: changes.collect(),
            of: document.get_object_id("of").ok(),
        }
    }
}

/// What came of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It was done.
    Done,
    /// It was begun and taken back, for this reason.
    TakenBack(StoredText),
    /// It is still under way, or waits for whoever settles it.
    UnderWay,
    /// It has not begun. It may have been reserved, and is given up then.
    NotBegun,
}

/// As much of a text as an entry holds, as it is.
fn short(text: &str) -> StoredText {
    match text.char_indices().nth(MOST) {
        None => text.into(),
        Some((end, _)) => format!("{}…", &text[..end]).into(),
    }
}

fn shortened(action: OperationKind) -> OperationKind {
    match action {
        OperationKind::Foreign(code) => OperationKind::Foreign(short(code.raw())),
        known => known,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::arbitrary::any_document;

    /// The fields of an entry as it is stored.
    pub(in crate::store::audit) const FIELDS: &[&str] = &[
        "_id",
        "id",
        "at",
        "operator",
        "account",
        "key",
        "admin",
        "deed",
        "organization_id",
        "organization_name",
        "outcome",
        "reason",
        "given_reason",
        "changes",
        "field",
        "from",
        "to",
        "of",
        "previous",
        "hash",
    ];

    proptest! {
        #[test]
        fn any_document_is_read_as_an_entry_that_stays_what_it_is(
            document in any_document(FIELDS, &["done", "create", "refused", ""]),
        ) {
            let entry = Entry::from_document(&document);
            prop_assert_eq!(&Entry::from_document(&entry.to_document()), &entry);
            prop_assert!(entry.to_document().to_vec().is_ok_and(|bytes| bytes.len() < 100_000));
        }
    }

    #[test]
    fn an_entry_is_read_as_it_was_written_and_anything_is_read_as_something() {
        let mut entry = Entry::new("ada@here", "update").with("name", "acme", "globex");
        entry.organization = Some(ObjectId::new());
        for field in ["account", "key", "given_reason"] {
            assert!(!entry.to_document().contains_key(field), "{field}");
        }
        let entry = entry.of_operator("ops@example.com");
        assert_eq!(entry.shown_by(), "ops@example.com");
        let entry = entry.of_key("ci");
        assert_eq!(entry.shown_by(), "ops@example.com, key ci");
        let entry = entry.because(&Reason::parse("ticket 4711").unwrap());
        assert_eq!(entry.came_to(), "name acme → globex, reason given: ticket 4711");
        assert_eq!(Entry::from_document(&entry.to_document()), entry);
        assert_eq!(
            Entry::from_document(&doc! { "at": 1, "changes": [1, {}] }).outcome,
            Outcome::Foreign
        );
        let long = Entry::new("ada@here", "é".repeat(10_000_000).as_str());
        assert_eq!(long.action.code().chars().count(), MOST + 1);
    }
}

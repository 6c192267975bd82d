//! The record of what was done and what was refused, and how it shows that it was tampered with.
//!
//! Entries are numbered without a gap, and each has the hash of the one before in what it is hashed
//! over itself. Whoever changes, inserts or removes one has to make every later one again, and then
//! the last hash (the head) is another one: a head kept elsewhere shows that, and a tail that was cut.

use std::fmt;

use mongodb::bson::{Bson, DateTime, Document, doc, oid::ObjectId};
use sha2::{Digest, Sha256};

use super::{Action, StoreError};
use crate::org::{Org, StoredText, escaped_short, hex};

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
    const ALL: [Self; 6] =
        [Self::Done, Self::Refused, Self::Failed, Self::Unknown, Self::TakenBack, Self::Foreign];

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

/// What happened, before it has its place in the record.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its identity: appending the same one twice appends it once.
    pub id: ObjectId,
    /// When.
    pub at: DateTime,
    /// Who operates the console: `user@host`.
    pub operator: StoredText,
    /// The e-mail of the admin who was logged in, or tried to be; empty where there was none.
    pub admin: StoredText,
    /// What was done.
    pub action: Action,
    /// To which organization.
    pub organization: Option<ObjectId>,
    /// What that is called, or was to be.
    pub name: StoredText,
    /// What came of it.
    pub outcome: Outcome,
    /// Why it was refused or taken back; empty otherwise.
    pub reason: StoredText,
    /// What is different, or was to be.
    pub changes: Vec<Difference>,
    /// The entry of the operation that this one says more of; none where it is the first about it.
    pub of: Option<ObjectId>,
}

impl Entry {
    /// Something that is done now, to no organization yet.
    #[must_use]
    pub fn new(operator: &str, action: impl Into<Action>) -> Self {
        Self {
            id: ObjectId::new(),
            at: DateTime::now(),
            operator: short(operator),
            admin: StoredText::default(),
            action: action.into(),
            organization: None,
            name: StoredText::default(),
            outcome: Outcome::Done,
            reason: StoredText::default(),
            changes: Vec::new(),
            of: None,
        }
    }

    /// Something that is done to an organization now.
    #[must_use]
    pub fn about(operator: &str, action: impl Into<Action>, org: &Org) -> Self {
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
        let changes = self.changes.iter().map(|Difference { field, from, to }| {
            match (from.raw(), to.raw()) {
                ("", "") => format!("{field} changed"),
                ("", _) => format!("{field} {to}"),
                (_, "") => format!("{field} {from} gone"),
                (old, new) if old == new => format!("{field} {to}"),
                _ => format!("{field} {from} → {to}"),
            }
        });
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
        if parts.is_empty() { self.outcome.to_string() } else { parts.join(", ") }
    }

    /// Its fields, without its place in the record: what a journal keeps of it.
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
        if let Some(of) = self.of {
            document.insert("of", of);
        }
        document
    }

    /// Reads an entry leniently: another program may have written anything. What is missing or of
    /// another type is empty.
    #[must_use]
    pub fn of(document: &Document) -> Self {
        let text = |document: &Document, field| short(document.get_str(field).unwrap_or_default());
        let outcome = document.get_str("outcome").unwrap_or_default();
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
            admin: text(document, "admin"),
            action: Action::from(document.get_str("deed").unwrap_or_default()),
            organization: document.get_object_id("organization_id").ok(),
            name: text(document, "organization_name"),
            outcome: Outcome::ALL
                .into_iter()
                .find(|known| known.word() == outcome)
                .unwrap_or(Outcome::Foreign),
            reason: text(document, "reason"),
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
pub(super) fn short(text: &str) -> StoredText {
    match text.char_indices().nth(MOST) {
        None => text.into(),
        Some((end, _)) => format!("{}…", &text[..end]).into(),
    }
}

/// The last entry: its number, and the hash over it and so over all before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number; 0 where there is no entry.
    pub number: i64,
    /// Its hash: SHA-256 in hex, of nothing but zeros where there is no entry.
    pub hash: String,
}

impl Default for Head {
    fn default() -> Self {
        Self { number: 0, hash: "0".repeat(64) }
    }
}

/// `NUMBER:HASH`.
impl fmt::Display for Head {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.number, escaped_short(&self.hash, 64))
    }
}

impl Head {
    /// Reads what `Display` wrote; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (number, hash) = text.trim().split_once(':')?;
        let number = number.parse().ok().filter(|number| *number >= 0)?;
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hash.then(|| Self { number, hash: hash.to_ascii_lowercase() })
    }

    /// The head that a stored entry is, whether or not it is sound.
    #[must_use]
    pub fn of(document: &Document) -> Self {
        Self {
            number: document.get_i64("_id").unwrap_or(0),
            hash: document.get_str("hash").unwrap_or_default().to_owned(),
        }
    }

    /// The document that records `entry` next, which is the head from then on.
    ///
    /// # Errors
    /// [`StoreError::Other`] where the entry cannot be written as BSON.
    pub fn followed_by(&self, entry: &Entry) -> Result<Document, StoreError> {
        let mut document = doc! { "_id": self.number + 1 };
        document.extend(entry.to_document());
        document.insert("previous", &self.hash);
        let hash = hash(&document).map_err(StoreError::Other)?;
        document.insert("hash", hash);
        Ok(document)
    }
}

/// The hash of an entry: of its BSON, but for the hash itself.
fn hash(document: &Document) -> Result<String, String> {
    let bytes = document.to_vec().map_err(|error| error.to_string())?;
    Ok(hex(&Sha256::digest(bytes)))
}

/// Where a record is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Tampering {
    /// An entry is not there, and later ones are.
    #[error("entry {0} was removed")]
    Removed(i64),
    /// An entry is not what its hash was made over.
    #[error("entry {0} was edited")]
    Edited(i64),
    /// An entry is sound by itself, and not made to follow the one before it.
    #[error("entry {0} was inserted, or what was before it was replaced")]
    Inserted(i64),
    /// The record does not have the head that was kept.
    #[error("entry {0} is not the one whose head was kept: the record was cut or made again")]
    OtherHead(i64),
}

/// Goes through a record from its first entry.
#[derive(Debug, Default)]
pub struct Verification {
    head: Head,
}

impl Verification {
    /// The last entry that was looked at.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Looks at the next entry, as it is stored.
    ///
    /// # Errors
    /// What was done to it.
    pub fn next(&mut self, document: &Document) -> Result<(), Tampering> {
        let expected = self.head.number + 1;
        let head = Head::of(document);
        if head.number > expected {
            return Err(Tampering::Removed(expected));
        }
        let mut hashed = document.clone();
        hashed.remove("hash");
        if head.number < expected || hash(&hashed).as_ref() != Ok(&head.hash) {
            return Err(Tampering::Edited(expected));
        }
        if document.get_str("previous").ok() != Some(self.head.hash.as_str()) {
            return Err(Tampering::Inserted(expected));
        }
        self.head = head;
        Ok(())
    }
}

/// Which entries.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditQuery {
    /// Only those about the organization with this identity or exactly this name.
    pub of: Option<(Option<ObjectId>, String)>,
    /// Only those from this time on.
    pub since: Option<DateTime>,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn record(entries: i64) -> Vec<Document> {
        let mut head = Head::default();
        let mut record = Vec::new();
        for number in 1..=entries {
            let entry = Entry::new("ada@here", "create").with("name", "", &format!("org {number}"));
            let document = head.followed_by(&entry).unwrap();
            head = Head::of(&document);
            record.push(document);
        }
        record
    }

    fn verify(record: &[Document]) -> Result<Head, Tampering> {
        let mut verification = Verification::default();
        for document in record {
            verification.next(document)?;
        }
        Ok(verification.head().clone())
    }

    #[test]
    fn a_record_as_it_was_written_is_sound_and_has_its_last_entry_for_a_head() {
        assert_eq!(verify(&[]), Ok(Head::default()));
        let record = record(9);
        let head = verify(&record).unwrap();
        assert_eq!(head, Head::of(&record[8]));
        assert_eq!(Head::parse(&head.to_string()), Some(head));
        assert_eq!(Head::parse("9:abc"), None);
    }

    #[test]
    fn whatever_is_done_to_an_entry_is_found_at_the_first_that_it_was_done_to() {
        let sound = record(9);
        for at in 0..9_usize {
            let number = i64::try_from(at).unwrap() + 1;
            for field in sound[at].keys().filter(|field| *field != "_id") {
                let mut edited = sound.clone();
                edited[at].insert(field, "other");
                assert_eq!(verify(&edited), Err(Tampering::Edited(number)), "{field}");
                edited[at].remove(field);
                assert_eq!(verify(&edited), Err(Tampering::Edited(number)), "{field}");
            }
            let mut edited = sound.clone();
            edited[at].insert("more", 1);
            assert_eq!(verify(&edited), Err(Tampering::Edited(number)));
            if at < 8 {
                let mut removed = sound.clone();
                removed.remove(at);
                assert_eq!(verify(&removed), Err(Tampering::Removed(number)));
                let mut swapped = sound.clone();
                let (one, other) = (swapped[at]["_id"].clone(), swapped[at + 1]["_id"].clone());
                swapped.swap(at, at + 1);
                swapped[at].insert("_id", one);
                swapped[at + 1].insert("_id", other);
                assert_eq!(verify(&swapped), Err(Tampering::Edited(number)));
            }
            // With a hash of its own, made by somebody who knows how.
            let before = if at == 0 { Head::default() } else { Head::of(&sound[at - 1]) };
            let mut replaced = sound.clone();
            replaced[at] = before.followed_by(&Entry::new("eve@there", "delete")).unwrap();
            let found = if at == 8 {
                Ok(Head::of(&replaced[8]))
            } else {
                Err(Tampering::Inserted(number + 1))
            };
            assert_eq!(verify(&replaced), found);
        }
    }

    #[test]
    fn an_entry_is_read_as_it_was_written_and_anything_is_read_as_something() {
        let mut entry = Entry::new("ada@here", "update").with("name", "acme", "globex");
        entry.organization = Some(ObjectId::new());
        assert_eq!(Entry::of(&entry.to_document()), entry);
        assert_eq!(Entry::of(&doc! { "at": 1, "changes": [1, {}] }).outcome, Outcome::Foreign);
        let long = Entry::new("ada@here", "é".repeat(10_000_000).as_str());
        assert_eq!(long.action.code().chars().count(), MOST + 1);
    }
}

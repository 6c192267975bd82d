//! How the audit log shows that it was tampered with.
//!
//! Entries are numbered without a gap, and each has the hash of the one before in what it is hashed
//! over itself. Whoever changes, inserts or removes one has to make every later one again, and then
//! the last hash (the head) is another one: a head kept elsewhere shows that, and a tail that was cut.

use std::fmt;

use bson::{Document, doc};
use sha2::{Digest, Sha256};

use super::Entry;
use crate::{org::escaped_short, store::StoreError};

/// The last entry: its number, and the hash over it and so over all before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number; 0 where there is no entry.
    pub number: i64,
    /// Its hash: SHA-256 in of nothing but zeros where there is no entry.
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
    /// Its number and how its hash begins: enough to compare by eye.
    #[must_use]
    pub fn short(&self) -> String {
        format!("{}:{}", self.number, escaped_short(self.hash.get(..12).unwrap_or("?"), 12))
    }

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
    pub fn from_document(document: &Document) -> Self {
        Self {
            number: document.get_i64("_id").unwrap_or(0),
            hash: document.get_str("hash").unwrap_or_default().to_owned(),
        }
    }

    /// The document of the log that has `entry` next, which is the head from then on.
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
    Ok(hex::encode(Sha256::digest(bytes)))
}

/// Where an audit log is not as it was written.
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
    /// The log does not have the head that was kept.
    #[error("entry {0} does not match the saved head: the log was truncated or recreated")]
    OtherHead(i64),
}

/// Goes through an audit log from its first entry.
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
        let head = Head::from_document(document);
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::{arbitrary::any_document, audit::entry::tests::FIELDS};

    proptest! {
        #[test]
        fn no_document_passes_for_the_next_entry(
            document in any_document(FIELDS, &["done", "create", "refused", ""]),
        ) {
            prop_assert!(Verification::default().next(&document).is_err());
        }
    }

    fn log(entries: i64) -> Vec<Document> {
        let mut head = Head::default();
        let mut log = Vec::new();
        for number in 1..=entries {
            let entry = Entry::new("ada@here", "create").with("name", "", &format!("org {number}"));
            let document = head.followed_by(&entry).unwrap();
            head = Head::from_document(&document);
            log.push(document);
        }
        log
    }

    fn verify(log: &[Document]) -> Result<Head, Tampering> {
        let mut verification = Verification::default();
        for document in log {
            verification.next(document)?;
        }
        Ok(verification.head().clone())
    }

    #[test]
    fn a_log_as_it_was_written_is_sound_and_has_its_last_entry_for_a_head() {
        assert_eq!(verify(&[]), Ok(Head::default()));
        let log = log(9);
        let head = verify(&log).unwrap();
        assert_eq!(head, Head::from_document(&log[8]));
        assert_eq!(Head::parse(&head.to_string()), Some(head));
        assert_eq!(Head::parse("9:abc"), None);
    }

    #[test]
    fn entries_with_and_without_a_reason_follow_each_other_and_a_reason_cannot_be_changed() {
        let mut log = log(2);
        let reason = crate::org::Reason::parse("ticket 4711").unwrap();
        let entry = Entry::new("ada@here", "purge").because(&reason);
        log.push(Head::from_document(&log[1]).followed_by(&entry).unwrap());
        log.push(Head::from_document(&log[2]).followed_by(&Entry::new("a@b", "trash")).unwrap());
        assert_eq!(verify(&log).map(|head| head.number), Ok(4));
        for (at, other) in [(2, Some("another")), (2, None), (3, Some("added"))] {
            let mut edited = log.clone();
            match other {
                Some(other) => edited[at].insert("given_reason", other),
                None => edited[at].remove("given_reason"),
            };
            let number = i64::try_from(at).unwrap() + 1;
            assert_eq!(verify(&edited), Err(Tampering::Edited(number)));
        }
    }

    #[test]
    fn whatever_is_done_to_an_entry_is_found_at_the_first_that_it_was_done_to() {
        let sound = log(9);
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
            let before =
                if at == 0 { Head::default() } else { Head::from_document(&sound[at - 1]) };
            let mut replaced = sound.clone();
            replaced[at] = before.followed_by(&Entry::new("eve@there", "delete")).unwrap();
            let found = if at == 8 {
                Ok(Head::from_document(&replaced[8]))
            } else {
                Err(Tampering::Inserted(number + 1))
            };
            assert_eq!(verify(&replaced), found);
        }
    }
}

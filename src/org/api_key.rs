//! API keys: how a program acts for an operator. A key is shown once; what is stored of it is enough to know it again,
//! and not enough to use it.

use std::fmt::Write as _;

use bson::{Bson, DateTime, Document, doc, oid::ObjectId};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Invalid, OperatorRole, Secret, StoredText};

/// What every key begins with, so that a person and a secret scanner know one.
pub const API_KEY_PREFIX: &str = "tnt_";

/// The most characters of a key's name.
pub const API_KEY_NAME_MOST: usize = 40;

/// The bytes of a secret: 256 bits cannot be guessed, so that a fast hash is enough.
const SECRET_BYTES: usize = 32;

/// The hexadecimal digits of identity, secret and checksum.
const DIGITS: [usize; 3] = [24, 2 * SECRET_BYTES, 8];

/// What a key is called by the operator it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyName(String);

impl ApiKeyName {
    /// Takes what was typed, without the spaces around it: letters and digits of any script, and `_ - .`
    ///
    /// # Errors
    /// [`Invalid::KeyName`].
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let name = typed.trim();
        let is_allowed = |c: char| c.is_alphanumeric() || "_-.".contains(c);
        let is_short = name.chars().count() <= API_KEY_NAME_MOST;
        if is_short && name.chars().all(is_allowed) && name.chars().any(char::is_alphanumeric) {
            Ok(Self(name.to_owned()))
        } else {
            Err(Invalid::KeyName)
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A key, as stored with its operator.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiKey {
    /// Identity: part of the key.
    pub id: ObjectId,
    /// What its operator calls it.
    pub name: StoredText,
    /// What it may do at most; its operator's role may be less by now.
    pub role: OperatorRole,
    /// SHA-256 of the secret, in hex.
    hash: String,
    /// When it was created.
    pub created_at: DateTime,
    /// From when on it is refused; none where it has no end.
    pub expires_at: Option<DateTime>,
    /// When it was last used, to about an hour; none where it never was.
    pub last_used: Option<DateTime>,
}

impl ApiKey {
    /// A new key, and its text: a secret.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn generate(
        name: &ApiKeyName,
        role: OperatorRole,
        created_at: DateTime,
        expires_at: Option<DateTime>,
    ) -> Result<(Self, Secret), getrandom::Error> {
        let mut secret = Zeroizing::new([0_u8; SECRET_BYTES]);
        getrandom::fill(secret.as_mut())?;
        let id = ObjectId::new();
        // With room for all of it: nothing of it is left behind by growing.
        let mut text = String::with_capacity(API_KEY_PREFIX.len() + DIGITS.iter().sum::<usize>());
        text.push_str(API_KEY_PREFIX);
        text.push_str(&id.to_hex());
        for byte in secret.iter() {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        let sum = checksum(&text);
        text.push_str(&sum);
        let name = name.as_str().into();
        let hash = hash(secret.as_ref());
        let key = Self { id, name, role, hash, created_at, expires_at, last_used: None };
        Ok((key, Secret::from(text)))
    }

    /// Whether this is the key that was given. What is compared are hashes: the time it takes tells nothing of it.
    #[must_use]
    pub fn is(&self, given: &GivenApiKey) -> bool {
        self.id == given.id && self.hash == given.hash
    }

    /// Whether its time is over.
    #[must_use]
    pub fn has_expired(&self, now: DateTime) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// As it is stored.
    #[must_use]
    pub fn to_document(&self) -> Document {
        let mut document = doc! {
            "_id": self.id,
            "name": self.name.raw(),
            "role": self.role.word(),
            "hash": &self.hash,
            "created_at": self.created_at,
        };
        if let Some(end) = self.expires_at {
            document.insert("expires_at", end);
        }
        if let Some(at) = self.last_used {
            document.insert("last_used", at);
        }
        document
    }

    /// Reads what is stored; what cannot be read gives the least right. Without an identity or a hash it is none.
    #[must_use]
    pub fn from_document(document: &Document) -> Option<Self> {
        let role = document.get_str("role").ok().and_then(OperatorRole::parse);
        Some(Self {
            id: document.get_object_id("_id").ok()?,
            name: document.get_str("name").unwrap_or_default().into(),
            role: role.unwrap_or(OperatorRole::Viewer),
            hash: document.get_str("hash").ok()?.to_owned(),
            created_at: document.get_datetime("created_at").copied().unwrap_or(DateTime::MIN),
            expires_at: match document.get("expires_at") {
                None | Some(Bson::Null) => None,
                // An end that cannot be read is over.
                Some(end) => Some(end.as_datetime().copied().unwrap_or(DateTime::MIN)),
            },
            last_used: document.get_datetime("last_used").ok().copied(),
        })
    }
}

/// A key as a program gave it. Nothing is known of it yet but that it was not mistyped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenApiKey {
    /// The identity it says it has.
    pub id: ObjectId,
    hash: String,
}

impl GivenApiKey {
    /// Whether a text is meant to be a key, right or not.
    #[must_use]
    pub fn looks_like_one(text: &str) -> bool {
        text.starts_with(API_KEY_PREFIX)
    }

    /// Reads a key; none where it was mistyped or cut off, or is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(API_KEY_PREFIX)?;
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if digits.len() != DIGITS.iter().sum::<usize>() || !digits.bytes().all(is_hex) {
            return None;
        }
        let (key, sum) = text.split_at_checked(text.len() - DIGITS[2])?;
        if checksum(key) != sum {
            return None;
        }
        let (id, secret) = digits.split_at_checked(DIGITS[0])?;
        let mut bytes = Zeroizing::new([0_u8; SECRET_BYTES]);
        hex::decode_to_slice(secret.get(..DIGITS[1])?, bytes.as_mut()).ok()?;
        Some(Self { id: ObjectId::parse_str(id).ok()?, hash: hash(bytes.as_ref()) })
    }
}

/// The first four bytes of SHA-256 of all before it, in hex: whoever finds a key in a file can tell it from another text.
fn checksum(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes())[..4])
}

fn hash(secret: &[u8]) -> String {
    hex::encode(Sha256::digest(secret))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn generated() -> (ApiKey, Secret) {
        let (name, now) = (ApiKeyName::parse("ci").unwrap(), DateTime::from_millis(1_000));
        ApiKey::generate(&name, OperatorRole::Viewer, now, None).unwrap()
    }

    #[test]
    fn a_key_is_known_again_and_no_other_is() {
        let (key, text) = generated();
        let given = GivenApiKey::parse(text.reveal()).unwrap();
        assert!(key.is(&given) && GivenApiKey::looks_like_one(text.reveal()));
        let (other, other_text) = generated();
        assert!(!other.is(&given));
        // The identity of one with the secret of another.
        let same_id = ApiKey { id: key.id, ..other };
        assert!(!same_id.is(&given));
        assert!(!key.is(&GivenApiKey::parse(other_text.reveal()).unwrap()));
    }

    #[test]
    fn nothing_that_is_kept_or_shown_has_the_secret() {
        let (key, text) = generated();
        let secret = &text.reveal()[API_KEY_PREFIX.len() + 24..][..64];
        let given = GivenApiKey::parse(text.reveal());
        for shown in [format!("{key:?}"), format!("{given:?}"), format!("{text:?}")] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(!key.to_document().to_string().contains(secret));
        // What a scanner looks for.
        assert_eq!(text.reveal().len(), 100);
        assert!(text.reveal()[4..].bytes().all(|b| b.is_ascii_hexdigit()));
    }

    #[test]
    fn a_name_is_short_and_can_be_typed() {
        let longest = "a".repeat(API_KEY_NAME_MOST);
        for name in [" ci ", "deploy-2.prod_x", "größe", &longest] {
            assert_eq!(ApiKeyName::parse(name).unwrap().as_str(), name.trim());
        }
        let long = format!("{longest}a");
        for name in ["", " ", "a b", "-.-", "a\u{202e}", "a/b", "$a", &long] {
            assert_eq!(ApiKeyName::parse(name), Err(Invalid::KeyName), "{name:?}");
        }
    }

    #[test]
    fn what_is_written_is_read_and_what_cannot_be_read_gives_the_least_right() {
        let (key, _) = generated();
        let at = DateTime::from_millis(5_000);
        let full = ApiKey { expires_at: Some(at), last_used: Some(at), ..key.clone() };
        for key in [&key, &full] {
            assert_eq!(ApiKey::from_document(&key.to_document()).as_ref(), Some(key));
        }
        let mut odd = full.to_document();
        odd.insert("role", "owner");
        odd.insert("expires_at", "never");
        let odd = ApiKey::from_document(&odd).unwrap();
        assert_eq!((odd.role, odd.has_expired(DateTime::MIN)), (OperatorRole::Viewer, true));
        assert_eq!(ApiKey::from_document(&doc! { "_id": key.id, "name": "ci" }), None);
        assert!(full.has_expired(at) && !full.has_expired(DateTime::from_millis(4_999)));
    }

    proptest! {
        #[test]
        fn a_key_with_one_other_character_is_none(at in 0..100_usize, to in "[ -~]") {
            let (_, text) = generated();
            let mut typed = text.reveal().to_owned();
            typed.replace_range(at..=at, &to);
            prop_assert_eq!(GivenApiKey::parse(&typed).is_some(), typed == text.reveal());
            prop_assert_eq!(GivenApiKey::parse(&text.reveal()[..at]), None);
        }

        #[test]
        fn any_text_is_read_as_a_key_or_not(text in "(tnt_)?[0-9a-f\u{e9}]{90,104}") {
            prop_assert_eq!(GivenApiKey::parse(&text), None);
        }
    }
}

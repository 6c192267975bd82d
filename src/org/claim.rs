//! What an organization keeps for itself alone.
//!
//! Every organization holds a handful of claims: its name, the look of its name, its collection, and
//! its admins' e-mails. A store never lets two organizations hold the same claim; that single rule is
//! what makes names, collections and e-mails unique, also while two consoles race. During a rename an
//! organization holds the old and the new ones together.

use std::fmt;

use super::{Email, email_forms, email_key, look_as_typed, name_key, name_look};

/// One thing that only one organization can have.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Claim {
    /// The identity of a name ([`name_key`]).
    Name(String),
    /// A look of a name ([`name_look`], [`look_as_typed`]). Organizations from before this rule may lack it.
    Look(String),
    /// A collection in the database.
    Collection(String),
    /// An admin's e-mail ([`email_key`]).
    Email(String),
}

impl Claim {
    /// The claims of a name and its collection.
    #[must_use]
    pub fn of_name(name: &str, collection: &str) -> Vec<Self> {
        let mut claims = vec![Self::Name(name_key(name))];
        claims.extend(Self::looks_of(name));
        claims.push(Self::Collection(collection.to_owned()));
        claims
    }

    /// The looks of a name: in whatever case, and as it is typed where that is another.
    #[must_use]
    pub fn looks_of(name: &str) -> Vec<Self> {
        let (folded, typed) = (name_look(name), look_as_typed(name));
        let typed = Some(typed).filter(|typed| *typed != folded);
        std::iter::once(folded).chain(typed).map(Self::Look).collect()
    }

    /// The claim of an e-mail.
    #[must_use]
    pub fn of_email(email: &str) -> Self {
        Self::Email(email_key(email))
    }

    /// The claims of an e-mail in all its spellings, the one it is stored with first.
    #[must_use]
    pub fn of_spellings(email: &Email) -> Vec<Self> {
        email_forms(email.as_str()).iter().map(|form| Self::of_email(form)).collect()
    }

    /// What is claimed, for an error.
    #[must_use]
    pub fn kind(&self) -> ClaimKind {
        match self {
            Self::Name(_) => ClaimKind::Name,
            Self::Look(_) => ClaimKind::Look,
            Self::Collection(_) => ClaimKind::Collection,
            Self::Email(_) => ClaimKind::Email,
        }
    }
}

/// The stored form, `name:acme corp`: what unique indexes are built over.
impl fmt::Display for Claim {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(value) => write!(formatter, "name:{value}"),
            Self::Look(value) => write!(formatter, "look:{value}"),
            Self::Collection(value) => write!(formatter, "collection:{value}"),
            Self::Email(value) => write!(formatter, "email:{value}"),
        }
    }
}

/// Which kind of claim is held by somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClaimKind {
    /// The name itself.
    Name,
    /// A name that looks the same.
    Look,
    /// The collection the name leads to.
    Collection,
    /// The e-mail.
    Email,
}

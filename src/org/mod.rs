//! What things are: organizations, their names, collections, e-mails and passwords, as types that
//! cannot hold anything else. Nothing here does I/O.

mod api_key;
mod claim;
mod collection;
mod columns;
mod connection_string;
mod email;
mod fields;
mod name;
mod operation;
mod operator;
mod order;
mod password;
mod reason;
mod reset;
mod role;
mod search;
mod second_factor;
mod text;
mod time;

pub use api_key::{API_KEY_NAME_MOST, API_KEY_PREFIX, ApiKey, ApiKeyName, GivenApiKey};
pub use claim::{Claim, ClaimKind};
pub use collection::{COLLECTION_PREFIX, CollectionName, slug};
pub use columns::{characters, fit, width};
pub use connection_string::{ConnectionString, is_parsable, without_credentials};
pub use email::{Email, email_as_stored, email_forms, email_key};
pub use fields::{OrgFields, TrashFields, json_text, rfc3339};
pub use name::{
    NAME_MOST, OrgName, letters_look, look_as_typed, name_key, name_letters, name_look,
};
pub use operation::{Authority, OperationKind};
pub use operator::{Operator, OperatorRole};
pub use order::name_order;
pub use password::{
    BCRYPT_COST, PASSWORD_MOST_BYTES, Password, PasswordFault, PasswordHash, PasswordPolicy,
    Secret, Strength,
};
pub use reason::{REASON_MOST, Reason};
pub use reset::ResetCode;
pub use role::Role;
pub use search::{
    Filter, IdRange, Rank, SEARCH_MOST, Search, SearchFault, fold, grams, searchable,
};
pub use second_factor::{FactorKey, NewSecondFactor, SecondFactor, Unreadable};
pub use text::{StoredText, byte_size, counted, escaped, escaped_short, is_hidden, thousands};
pub use time::{day, earlier, timestamp};

use std::fmt;

use bson::{DateTime, oid::ObjectId};

/// An organization as it is stored. Its strings may have been written by another program and may
/// break every rule of this module, hence [`StoredText`].
#[derive(Clone, Debug, PartialEq)]
pub struct Org {
    /// Its identity for ever, whatever it is called.
    pub id: ObjectId,
    /// What people call it.
    pub name: StoredText,
    /// Where its documents are.
    pub collection: StoredText,
    /// The `_id` of its admin, in hex.
    pub admin_id: StoredText,
    /// Its admin's e-mail.
    pub admin_email: StoredText,
    /// The e-mails of the admins beside the first, as they are compared.
    pub other_emails: Vec<StoredText>,
    /// Whether that admin no longer exists, so that nobody can log in with that e-mail. Known only of what was
    /// read to be shown.
    pub admin_gone: bool,
    /// When it was created; for a record without that field, when its `_id` was made.
    pub created_at: DateTime,
    /// Which database and collection its `connection_details` name.
    pub connection: Connection,
    /// What may be done with it.
    pub state: OrgState,
    /// What is being done with it right now, perhaps in another console.
    pub under_way: Option<UnderWay>,
    /// Counts this program's changes to the record: an edit is accepted only for the revision it was
    /// made from.
    pub revision: i64,
    /// Counts what ended all logins to it at once: each suspension, and each time it went to the trash.
    /// A login counts only as long as this is what it was, so that none comes back to life.
    pub login_epoch: i64,
}

/// Where an organization's documents are, as the record says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// The database.
    pub database: StoredText,
    /// The collection.
    pub collection: StoredText,
}

/// What may be done with an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrgState {
    /// Everything.
    Active,
    /// Its admins cannot log in, and their sessions have ended. Everything else stays as it is.
    Suspended,
    /// It is in the trash: it can be restored with everything it had, or purged. Its name and its
    /// e-mails stay its own.
    InTrash(InTrash),
}

/// Which organizations a list is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ListScope {
    /// Those that are not in the trash.
    #[default]
    Live,
    /// Those in the trash. Where a list is sorted by age, it is by when they were put there.
    Trash,
}

impl ListScope {
    /// The list that an organization is on.
    #[must_use]
    pub fn from_org(org: &Org) -> Self {
        match org.state {
            OrgState::Active | OrgState::Suspended => Self::Live,
            OrgState::InTrash(_) => Self::Trash,
        }
    }
}

/// Since when and for how long an organization is in the trash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InTrash {
    /// When it was put there.
    pub since: DateTime,
    /// Until when it can be restored for certain; from then on the first write of the next console purges it.
    pub until: DateTime,
    /// Whether its name and its e-mail addresses can be used by others: it has no claim any more.
    pub released: bool,
}

/// What is being done with an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnderWay {
    /// An edit that leaves its name.
    Changing,
    /// An edit that gives it another name.
    Renaming,
    /// Its deletion: it only goes from here.
    Deleting,
    /// It is moved to the trash.
    Trashing,
    /// It comes back from the trash.
    Restoring,
}

/// What is happening to it, as in “it is being renamed”.
impl fmt::Display for UnderWay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Changing => "being changed",
            Self::Renaming => "being renamed",
            Self::Deleting => "being deleted",
            Self::Trashing => "being moved to the trash",
            Self::Restoring => "being restored",
        })
    }
}

impl Org {
    /// Its admin's e-mail for people, who are told where it is of no use.
    #[must_use]
    pub fn shown_admin(&self) -> String {
        if self.admin_gone {
            format!("(missing) {}", self.admin_email)
        } else {
            self.admin_email.to_string()
        }
    }

    /// How many admins its record names, without the first where that one is known to be gone.
    #[must_use]
    pub fn admins(&self) -> u32 {
        let others = u32::try_from(self.other_emails.len()).unwrap_or(u32::MAX);
        others.saturating_add(u32::from(!self.admin_gone))
    }

    /// What of it is searched: see [`searchable`].
    #[must_use]
    pub fn searchable(&self) -> String {
        let emails = [&self.admin_email].into_iter().chain(&self.other_emails);
        searchable(self.name.raw(), self.collection.raw(), emails.map(StoredText::raw))
    }

    /// Since when and for how long it is in the trash; none when it is not.
    #[must_use]
    pub fn in_trash(&self) -> Option<InTrash> {
        match self.state {
            OrgState::InTrash(in_trash) => Some(in_trash),
            OrgState::Active | OrgState::Suspended => None,
        }
    }
}

/// An admin as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Admin {
    /// Identity.
    pub id: ObjectId,
    /// E-mail as stored.
    pub email: StoredText,
    /// bcrypt hash as stored.
    pub password: PasswordHash,
    /// When the admin was added.
    pub created_at: DateTime,
    /// What the admin may do.
    pub role: Role,
    /// Whose admin it is, where the admin says so; otherwise the organization names it.
    pub organization: Option<ObjectId>,
    /// The one-time code that was handed out for it and not used yet.
    pub reset: Option<ResetCode>,
    /// What else than the password a login needs.
    pub second_factor: Option<SecondFactor>,
}

/// Which input is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The organization's name.
    Name,
    /// The admin's e-mail.
    Email,
    /// The admin's password.
    Password,
    /// The one-time code that a password is set with.
    Code,
    /// Why it is done.
    Reason,
}

/// Why an input cannot be what it should be. The words never repeat a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Nothing, or only spaces.
    #[error("the name is empty")]
    NameEmpty,
    /// A character names cannot have.
    #[error("the name contains {}, which is not allowed", described(*.0))]
    NameCharacter(char),
    /// Only punctuation.
    #[error("the name has no letters or digits")]
    NameWithoutLetter,
    /// More than 63 characters.
    #[error("the name is too long: {0} of at most {NAME_MOST} characters")]
    NameTooLong(usize),
    /// Nothing, or only spaces.
    #[error("the e-mail is empty")]
    EmailEmpty,
    /// More than 254 bytes.
    #[error("the e-mail is too long: more than 254 bytes")]
    EmailTooLong,
    /// No address.
    #[error("invalid e-mail address")]
    EmailMalformed,
    /// No password, where one is needed.
    #[error("the password is empty")]
    PasswordEmpty,
    /// No code, where one is needed.
    #[error("the one-time code is empty")]
    CodeEmpty,
    /// More than 200 characters.
    #[error("the reason is too long: {0} of at most {REASON_MOST} characters")]
    ReasonTooLong(usize),
    /// Not what an API key can be called.
    #[error("the key's name must have 1 to {API_KEY_NAME_MOST} letters, digits and _ - .")]
    KeyName,
    /// All that is wrong with a password, at least one thing.
    #[error("password {}", PasswordFault::together(.0.iter().map(ToString::to_string)))]
    Password(Vec<PasswordFault>),
}

impl Invalid {
    /// The input it is about.
    #[must_use]
    pub fn field(&self) -> Field {
        match self {
            Self::NameEmpty
            | Self::NameCharacter(_)
            | Self::NameWithoutLetter
            | Self::NameTooLong(_)
            | Self::KeyName => Field::Name,
            Self::EmailEmpty | Self::EmailTooLong | Self::EmailMalformed => Field::Email,
            Self::PasswordEmpty | Self::Password(_) => Field::Password,
            Self::CodeEmpty => Field::Code,
            Self::ReasonTooLong(_) => Field::Reason,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::NameEmpty => "enter the organization's name",
            Self::KeyName => "choose another name, like ci or deploy-2",
            Self::NameCharacter(_) => "use letters, digits, spaces and _ - . , & ' ’ ( ) / + # !",
            Self::NameWithoutLetter => "add at least one letter or digit",
            Self::EmailEmpty | Self::EmailTooLong | Self::EmailMalformed => {
                "enter an address like ada@example.com"
            }
            Self::NameTooLong(_) | Self::ReasonTooLong(_) => "shorten it",
            Self::PasswordEmpty => "enter the password",
            Self::CodeEmpty => "enter the code",
            Self::Password(faults) => PasswordFault::help_with(faults),
        }
    }
}

fn described(character: char) -> String {
    if is_hidden(character) || character.is_whitespace() {
        format!("an invisible character (U+{:04X})", u32::from(character))
    } else {
        format!("“{character}”")
    }
}

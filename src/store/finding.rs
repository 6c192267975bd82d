//! What an examination finds: things that do not belong together, in words, and what became of them.

use std::{fmt, time::Duration};

use mongodb::bson::oid::ObjectId;

use crate::org::{StoredText, email_key};

/// What an examination is to do.
pub struct Examination<'a> {
    /// Whether what can be repaired is repaired.
    pub fix: bool,
    /// What is to go to the quarantine although it may be another program's: names of collections, and
    /// e-mails of admins.
    pub quarantine: &'a [String],
    /// Is told how long the wait before a repair still takes.
    pub told: &'a Watching,
}

impl Examination<'_> {
    /// One that nobody looks on at and that nothing is named to.
    #[must_use]
    pub fn plain(fix: bool) -> Self {
        Examination { fix, quarantine: &[], told: &unwatched }
    }
}

/// How long what is to be repaired is still watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// How many things are watched.
    pub things: usize,
    /// For how long yet.
    pub left: Duration,
}

/// Is told of the wait, again and again.
pub type Watching = dyn Fn(Watch) + Send + Sync;

/// Nobody looks on.
pub fn unwatched(_: Watch) {}

/// How careful repairs are with what another program may be at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long a thing is watched before it is repaired: what changes or is written to meanwhile is left
    /// alone.
    pub watch: Duration,
    /// What is younger than this is left alone.
    pub age: Duration,
}

impl Patience {
    /// None at all: for a database that nobody else uses.
    pub const NONE: Self = Self { watch: Duration::ZERO, age: Duration::ZERO };
}

impl Default for Patience {
    fn default() -> Self {
        let usual = Self { watch: Duration::from_mins(2), age: Duration::from_mins(10) };
        #[cfg(feature = "failpoints")]
        {
            crate::failpoint::patience().map_or(usual, |watch| Self { watch, age: watch })
        }
        #[cfg(not(feature = "failpoints"))]
        usual
    }
}

/// One thing an examination found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub trouble: Trouble,
    /// What was, or can be, done about it.
    pub repair: Repair,
}

/// What there is to do where a stored password cannot be used.
pub(super) const NEW_PASSWORD: &str =
    "issue a one-time code for this admin: `tenantry admin code ORGANIZATION E-MAIL`";

/// What there is to say when an organization and its admin do not agree on who that is.
pub(super) const WHICH_ADMIN: &str =
    "find out which is right, and correct the record with the program that wrote it";

/// What became of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// It was repaired; how, in a sentence.
    Done(String),
    /// It can be repaired (`tenantry doctor --fix`).
    Possible,
    /// It may be another program's, so it is only moved when it is named
    /// (`tenantry doctor --fix --quarantine NAME`). This is its name.
    ByName(StoredText),
    /// Only a person can: what to do, in a sentence.
    ByHand(&'static str),
    /// The repair failed, or had to wait: why, in a sentence.
    Failed(String),
}

/// Things that do not belong together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// A console was killed, or is at work right now.
    #[error("“{org}”: {what} by {by} was begun and is not finished")]
    HalfDone {
        /// The organization.
        org: StoredText,
        /// Which operation, like `a rename`.
        what: &'static str,
        /// Who began it.
        by: StoredText,
    },
    /// Documents that a writer put under the organization's old collection name.
    #[error("{} in {collection}, where “{org}” no longer is", counted(*documents))]
    LateWrites {
        /// Whose they are.
        org: StoredText,
        /// Where they are.
        collection: StoredText,
        /// How many.
        documents: u64,
    },
    /// A collection that looks like an organization's and is nobody's.
    #[error("the collection {collection} ({}) belongs to no organization", counted(*documents))]
    CollectionOfNobody {
        /// The collection.
        collection: StoredText,
        /// How many documents it has.
        documents: u64,
    },
    /// An organization whose collection is not there.
    #[error("“{org}” has no collection {collection}")]
    NoCollection {
        /// The organization.
        org: StoredText,
        /// What is missing.
        collection: StoredText,
    },
    /// An organization that has something else where its collection should be.
    #[error("“{org}” has {kind} {collection}, which cannot be renamed or removed safely")]
    NoPlainCollection {
        /// The organization.
        org: StoredText,
        /// Its name.
        collection: StoredText,
        /// What it is.
        kind: &'static str,
    },
    /// An admin that belongs to no organization, and so keeps an e-mail from everybody.
    #[error("the admin {email} belongs to no organization")]
    AdminOfNobody {
        /// The admin's e-mail.
        email: StoredText,
    },
    /// An organization nobody can log in to.
    #[error("“{org}” has no admin")]
    NoAdmin {
        /// The organization.
        org: StoredText,
    },
    /// An admin whose role is no role. It counts as the least one.
    #[error("the role of {email}, {role}, is unknown and counts as admin")]
    UnknownRole {
        /// The admin's e-mail.
        email: StoredText,
        /// What stands where the role should be.
        role: StoredText,
    },
    /// An admin with a password that no login can be right with.
    #[error("{email} cannot log in: the stored password is not a bcrypt hash that can be checked")]
    UnusablePassword {
        /// The admin's e-mail.
        email: StoredText,
    },
    /// An admin whom the service before this program lets in although the organization is suspended.
    #[error("“{org}” is suspended, but the older service still lets {email} log in")]
    NotLocked {
        /// The organization.
        org: StoredText,
        /// The admin's e-mail.
        email: StoredText,
    },
    /// An admin whom it keeps out although the organization is active.
    #[error("“{org}” is active, but the older service does not let {email} log in")]
    NotUnlocked {
        /// The organization.
        org: StoredText,
        /// The admin's e-mail.
        email: StoredText,
    },
    /// A record that nothing can be done with.
    #[error("the record {record} cannot be used: {why}")]
    Unusable {
        /// Its name, or else its identity.
        record: StoredText,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A field of the service before this one that is missing or has another type.
    #[error("{} has no {field} that can be read", of_record(of, *id))]
    UnreadableField {
        /// The organization; empty where it has no name, and of an admin.
        of: StoredText,
        /// The record's identity.
        id: ObjectId,
        /// The field.
        field: &'static str,
    },
    /// A record that says that the organization's documents are somewhere else.
    #[error("the record of “{org}” ({id}) says {}", in_place(place.as_ref()))]
    Elsewhere {
        /// The organization.
        org: StoredText,
        /// The record's identity.
        id: ObjectId,
        /// Where; none where that cannot be read.
        place: Option<StoredText>,
    },
    /// Nearly all records say that their documents are in another database, and they are here.
    #[error(
        "this database is a copy of {from}: the connection_details of {} still name that one",
        organizations_in_words(*records)
    )]
    Copied {
        /// The other database.
        from: StoredText,
        /// How many records say that.
        records: u64,
    },
    /// Another program keeps something in a field that is ours.
    #[error("“{of}” has a field “{field}” that another program wrote")]
    ForeignField {
        /// The organization, or the admin's e-mail.
        of: StoredText,
        /// The field.
        field: &'static str,
    },
    /// Somebody gave a collection of ours a validator that does not let our fields in.
    #[error("the validator of the collection {collection} refuses fields that Tenantry writes: {}", fields.join(", "))]
    Validator {
        /// The collection.
        collection: String,
        /// The fields.
        fields: Vec<&'static str>,
    },
    /// Two organizations name one admin.
    #[error("“{one}” and “{other}” have the same admin {email}")]
    SharedAdmin {
        /// One organization.
        one: StoredText,
        /// The other.
        other: StoredText,
        /// The admin's e-mail.
        email: StoredText,
    },
    /// Each of two organizations names the admin whose e-mail is in the other's record.
    #[error("“{one}” and “{other}” have each other's admin")]
    SwappedAdmins {
        /// One organization.
        one: StoredText,
        /// The other.
        other: StoredText,
    },
    /// The record says another e-mail than its admin has.
    #[error("“{org}” says that its admin is {in_record}, and that admin is {in_admin}")]
    EmailDisagrees {
        /// The organization.
        org: StoredText,
        /// What the record says.
        in_record: StoredText,
        /// What the admin says.
        in_admin: StoredText,
    },
    /// An admin who cannot be found, because another one has the e-mail by now.
    #[error("the admin {email} of “{org}” cannot log in: another admin has that e-mail")]
    HiddenAdmin {
        /// The organization.
        org: StoredText,
        /// The admin's e-mail.
        email: StoredText,
    },
    /// An admin who claims an organization that does not list them.
    #[error("the admin {email} says it belongs to “{org}”, which does not list it")]
    UnlistedAdmin {
        /// The organization.
        org: StoredText,
        /// The admin's e-mail.
        email: StoredText,
    },
    /// Two records cannot both keep what they have.
    #[error("{0}")]
    Clash(String),
    /// Another program changed a record, and what is searched, sorted and kept unique by it is old.
    #[error(
        "“{org}” was changed by another program, and what is found by its name or e-mail is old"
    )]
    Stale {
        /// The organization, or the admin's e-mail.
        org: StoredText,
    },
    /// What is said of how much is in a collection is not what is in it.
    #[error("{collection} holds something else than the {documents} documents that are counted")]
    Miscounted {
        /// The collection.
        collection: StoredText,
        /// How many are counted.
        documents: u64,
    },
    /// What has been in the trash for too long, and stays there because the clock may be wrong.
    #[error(
        "{} stay{} in the trash, though the time is over: from {from}, when something was last \
         done here, to {to} is further than a clock is believed",
        organizations_in_words(*organizations),
        if *organizations == 1 { "s" } else { "" }
    )]
    Clock {
        /// How many organizations.
        organizations: u64,
        /// What the audit log says.
        from: String,
        /// What the clock said next, or says now.
        to: String,
    },
    /// What has been in the trash for too long, and cannot be purged.
    #[error("“{org}” is still in the trash although it has expired")]
    Overdue {
        /// The organization.
        org: StoredText,
    },
    /// The database itself is damaged, in its own words.
    #[error("the database is damaged: {0}")]
    Damage(StoredText),
}

fn counted(documents: u64) -> String {
    format!("{documents} document{}", if documents == 1 { "" } else { "s" })
}

fn of_record(of: &StoredText, id: ObjectId) -> String {
    if of.raw().is_empty() {
        format!("the record {id}")
    } else {
        format!("the record of “{of}” ({id})")
    }
}

/// Where a record says that the documents of its organization are.
pub(super) fn in_place(place: Option<&StoredText>) -> String {
    match place {
        Some(place) => format!("that its documents are in {place}"),
        None => "in connection_details where its documents are, and that cannot be read".into(),
    }
}

fn organizations_in_words(number: u64) -> String {
    format!("{number} organization{}", if number == 1 { "" } else { "s" })
}

impl Repair {
    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }
}

/// What was done, or what to do, in a sentence.
impl fmt::Display for Repair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(how) => write!(formatter, "repaired: {how}"),
            Self::ByName(name) => write!(
                formatter,
                "`tenantry doctor --fix --quarantine '{name}'` moves it to quarantine; leave it if \
                 another program uses it"
            ),
            Self::Possible => formatter.write_str("`tenantry doctor --fix` repairs it"),
            Self::ByHand(help) => formatter.write_str(help),
            Self::Failed(why) => write!(formatter, "it is not repaired: {why}"),
        }
    }
}

impl Trouble {
    /// What became of it where it is gone once a console has connected and caught up.
    #[must_use]
    pub fn settled(&self) -> &'static str {
        match self {
            Self::Stale { .. } => "it was brought up to date",
            Self::HalfDone { .. }
            | Self::LateWrites { .. }
            | Self::CollectionOfNobody { .. }
            | Self::NoCollection { .. }
            | Self::NoPlainCollection { .. }
            | Self::AdminOfNobody { .. }
            | Self::NoAdmin { .. }
            | Self::UnknownRole { .. }
            | Self::UnusablePassword { .. }
            | Self::NotLocked { .. }
            | Self::NotUnlocked { .. }
            | Self::Unusable { .. }
            | Self::UnreadableField { .. }
            | Self::Elsewhere { .. }
            | Self::Copied { .. }
            | Self::ForeignField { .. }
            | Self::Validator { .. }
            | Self::SharedAdmin { .. }
            | Self::SwappedAdmins { .. }
            | Self::EmailDisagrees { .. }
            | Self::HiddenAdmin { .. }
            | Self::UnlistedAdmin { .. }
            | Self::Clash(_)
            | Self::Miscounted { .. }
            | Self::Clock { .. }
            | Self::Overdue { .. }
            | Self::Damage(_) => "it was settled",
        }
    }

    /// Whether this is the name by which it is put into the quarantine.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        match self {
            Self::CollectionOfNobody { collection, .. } | Self::LateWrites { collection, .. } => {
                collection.raw() == name
            }
            Self::AdminOfNobody { email } => email_key(email.raw()) == email_key(name),
            Self::HalfDone { .. }
            | Self::NoCollection { .. }
            | Self::NoPlainCollection { .. }
            | Self::NoAdmin { .. }
            | Self::UnknownRole { .. }
            | Self::UnusablePassword { .. }
            | Self::NotLocked { .. }
            | Self::NotUnlocked { .. }
            | Self::Unusable { .. }
            | Self::UnreadableField { .. }
            | Self::Elsewhere { .. }
            | Self::Copied { .. }
            | Self::ForeignField { .. }
            | Self::Validator { .. }
            | Self::SharedAdmin { .. }
            | Self::SwappedAdmins { .. }
            | Self::EmailDisagrees { .. }
            | Self::HiddenAdmin { .. }
            | Self::UnlistedAdmin { .. }
            | Self::Clash(_)
            | Self::Stale { .. }
            | Self::Miscounted { .. }
            | Self::Clock { .. }
            | Self::Overdue { .. }
            | Self::Damage(_) => false,
        }
    }

    /// A word for programs; never changes.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::HalfDone { .. } => "half_done",
            Self::LateWrites { .. } => "stragglers",
            Self::CollectionOfNobody { .. } => "collection_without_organization",
            Self::NoCollection { .. } => "organization_without_collection",
            Self::NoPlainCollection { .. } => "no_plain_collection",
            Self::AdminOfNobody { .. } => "admin_without_organization",
            Self::NoAdmin { .. } => "organization_without_admin",
            Self::UnknownRole { .. } => "unknown_role",
            Self::UnusablePassword { .. } => "unusable_password",
            Self::NotLocked { .. } => "suspended_admin_not_locked",
            Self::NotUnlocked { .. } => "active_admin_locked",
            Self::Unusable { .. } => "unusable_record",
            Self::UnreadableField { .. } => "unreadable_field",
            Self::Elsewhere { .. } => "documents_elsewhere",
            Self::Copied { .. } => "copied_database",
            Self::ForeignField { .. } => "foreign_field",
            Self::Validator { .. } => "validator",
            Self::SharedAdmin { .. } => "shared_admin",
            Self::SwappedAdmins { .. } => "swapped_admins",
            Self::EmailDisagrees { .. } => "email_disagrees",
            Self::UnlistedAdmin { .. } => "unlisted_admin",
            Self::HiddenAdmin { .. } => "hidden_admin",
            Self::Clash(_) => "clash",
            Self::Stale { .. } => "stale",
            Self::Miscounted { .. } => "miscounted",
            Self::Clock { .. } => "clock",
            Self::Overdue { .. } => "overdue",
            Self::Damage(_) => "damage",
        }
    }
}

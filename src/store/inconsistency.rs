//! Everything that can be inconsistent in a database, in words for people and in a word for programs.

use bson::oid::ObjectId;

use crate::org::{StoredText, counted, email_key};

/// Things that do not belong together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Inconsistency {
    /// A console was killed, or is at work right now.
    #[error("“{org}”: incomplete operation: {what} by {by}")]
    HalfDone {
        /// The organization.
        org: StoredText,
        /// Which operation, like `a rename`.
        what: &'static str,
        /// Who began it.
        by: StoredText,
    },
    /// What an import that was killed has left: documents that no organization has.
    #[error("{} of an interrupted import in {collection}", counted(*documents, "document"))]
    Staged {
        /// Where they are.
        collection: StoredText,
        /// About how many.
        documents: u64,
    },
    /// Documents that a writer put under the organization's old collection name.
    #[error("{} in {collection}, a former collection of “{org}”", counted(*documents, "document"))]
    LateWrites {
        /// Whose they are.
        org: StoredText,
        /// Where they are.
        collection: StoredText,
        /// How many.
        documents: u64,
    },
    /// A collection that looks like an organization's and is nobody's.
    #[error("orphaned collection {collection} ({})", counted(*documents, "document"))]
    CollectionOfNobody {
        /// The collection.
        collection: StoredText,
        /// How many documents it has.
        documents: u64,
    },
    /// An organization whose collection is not there.
    #[error("the collection {collection} of “{org}” is missing")]
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
    #[error("orphaned admin {email}")]
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
    #[error("{email} has the unknown role {role}, which counts as admin")]
    UnknownRole {
        /// The admin's e-mail.
        email: StoredText,
        /// What stands where the role should be.
        role: StoredText,
    },
    /// An admin with a password that no login can be right with.
    #[error("{email} cannot log in: the stored password is not a valid bcrypt hash")]
    UnusablePassword {
        /// The admin's e-mail.
        email: StoredText,
    },
    /// An admin, whom another program added, with the e-mail of an operator.
    #[error("admin {email} cannot log in here: an operator has the same e-mail")]
    OperatorsEmail {
        /// The e-mail.
        email: StoredText,
    },
    /// An admin whom the service before this program lets in although the organization is suspended.
    #[error("“{org}” is suspended, but the FastAPI service still lets {email} log in")]
    NotLocked {
        /// The organization.
        org: StoredText,
        /// The admin's e-mail.
        email: StoredText,
    },
    /// An admin whom it keeps out although the organization is active.
    #[error("“{org}” is active, but the FastAPI service does not let {email} log in")]
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
    #[error("{} has no readable {field}", of_record(of, *id))]
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
        "this database is a copy of {from}: the connection_details of {} still point to it",
        counted(*records, "organization")
    )]
    Copied {
        /// The other database.
        from: StoredText,
        /// How many records say that.
        records: u64,
    },
    /// Another program keeps something in a field that is ours.
    #[error("“{of}” has a field “{field}” written by another program")]
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
    #[error("“{one}” and “{other}” share the admin {email}")]
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
    #[error("the record of “{org}” names {in_record}, but its admin's e-mail is {in_admin}")]
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
    #[error("{email} is recorded as an admin of “{org}”, which does not list them")]
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
    #[error("“{org}” was changed by another program: its search and sort keys are out of date")]
    Stale {
        /// The organization, or the admin's e-mail.
        org: StoredText,
    },
    /// What is said of how much is in a collection is not what is in it.
    #[error("the stored document count of {collection} ({documents}) is wrong")]
    Miscounted {
        /// The collection.
        collection: StoredText,
        /// How many are counted.
        documents: u64,
    },
    /// What has been in the trash for too long, and stays there because the clock may be wrong.
    #[error(
        "{} stay{} in the trash past the expiry: the clock jumped from {from} (last recorded change) \
         to {to}",
        counted(*organizations, "organization"),
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
    #[error("“{org}” has expired but is still in the trash")]
    Overdue {
        /// The organization.
        org: StoredText,
    },
    /// The database itself is damaged, in its own words.
    #[error("the database is damaged: {0}")]
    Damage(StoredText),
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
        None => {
            "that its documents are elsewhere, but its connection_details cannot be read".into()
        }
    }
}

impl Inconsistency {
    /// What became of it where it is gone once a console has connected and caught up.
    #[must_use]
    pub fn settled(&self) -> &'static str {
        match self {
            Self::Stale { .. } => "brought up to date",
            Self::HalfDone { .. }
            | Self::Staged { .. }
            | Self::LateWrites { .. }
            | Self::CollectionOfNobody { .. }
            | Self::NoCollection { .. }
            | Self::NoPlainCollection { .. }
            | Self::AdminOfNobody { .. }
            | Self::NoAdmin { .. }
            | Self::UnknownRole { .. }
            | Self::UnusablePassword { .. }
            | Self::OperatorsEmail { .. }
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
            | Self::Damage(_) => "settled",
        }
    }

    /// The name by which it is put into the quarantine; none where it is nothing to be put there.
    #[must_use]
    pub fn quarantined_as(&self) -> Option<&StoredText> {
        match self {
            Self::CollectionOfNobody { collection, .. } | Self::LateWrites { collection, .. } => {
                Some(collection)
            }
            Self::AdminOfNobody { email } => Some(email),
            Self::HalfDone { .. }
            | Self::Staged { .. }
            | Self::NoCollection { .. }
            | Self::NoPlainCollection { .. }
            | Self::NoAdmin { .. }
            | Self::UnknownRole { .. }
            | Self::UnusablePassword { .. }
            | Self::OperatorsEmail { .. }
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
            | Self::Damage(_) => None,
        }
    }

    /// Whether this is the name by which it is put into the quarantine.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        if let Self::AdminOfNobody { email } = self {
            return email_key(email.raw()) == email_key(name);
        }
        self.quarantined_as().is_some_and(|own| own.raw() == name)
    }

    /// A word for programs; never changes.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::HalfDone { .. } => "half_done",
            Self::Staged { .. } => "interrupted_import",
            Self::LateWrites { .. } => "stragglers",
            Self::CollectionOfNobody { .. } => "collection_without_organization",
            Self::NoCollection { .. } => "organization_without_collection",
            Self::NoPlainCollection { .. } => "no_plain_collection",
            Self::AdminOfNobody { .. } => "admin_without_organization",
            Self::NoAdmin { .. } => "organization_without_admin",
            Self::UnknownRole { .. } => "unknown_role",
            Self::UnusablePassword { .. } => "unusable_password",
            Self::OperatorsEmail { .. } => "operators_email",
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

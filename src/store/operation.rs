//! Everything that can be done to what is stored, as one type: whoever does one of them leaves an
//! entry in the audit log, and there is no other way to do it.

use bson::{DateTime, Document, oid::ObjectId};

use super::ImportedOrg;
use crate::org::{
    Admin, Claim, CollectionName, Email, ListScope, OperationKind, Org, OrgName, PasswordHash,
    ResetCode, Role, SecondFactor, UnderWay,
};

/// What is to be done. Each operation on an organization is done to it as it was read: where it has changed
/// since, nothing is done.
#[derive(Clone, Debug)]
pub enum Operation {
    /// Make an organization, its admin, its collection and the collection's first document.
    Create(Box<NewOrg>),
    /// Make an organization from an archive: with its admins, and with the documents that are staged as its collection
    /// ([`super::Imports::stage`]).
    Import(Box<ImportedOrg>),
    /// Change name, collection and first admin together. The documents move with the collection,
    /// with their `_id`s, indexes, options and validators.
    Update(Box<Org>, Change),
    /// Remove collection, admins and record, also of an organization in the trash.
    Delete(Box<Org>),
    /// Move the organization to the trash. It keeps its documents with everything, and its admins; only
    /// [`Operation::Restore`] and [`Operation::Delete`] can follow. A suspended one comes back suspended.
    Trash(Box<Org>, TrashTerms),
    /// Bring the organization back from the trash with everything it had; under another name, and so
    /// in another collection, where the change has them (its other fields are not looked at).
    Restore(Box<Org>, Change),
    /// Suspend or reactivate the organization; nothing when it is so already.
    Suspend(Box<Org>, bool),
    /// Add, remove or change one of its admins.
    Admin(Box<Org>, Box<AdminChange>),
    /// Make an admin its only owner.
    Transfer(Box<Org>, Box<Transfer>),
}

impl Operation {
    /// What it is called, and all that is known of it by that.
    #[must_use]
    pub fn kind(&self) -> OperationKind {
        match self {
            Self::Create(_) => OperationKind::Create,
            Self::Import(_) => OperationKind::Import,
            Self::Update(..) => OperationKind::Update,
            Self::Delete(org) => match ListScope::from_org(org) {
                ListScope::Live => OperationKind::Delete,
                ListScope::Trash => OperationKind::Purge,
            },
            Self::Trash(..) => OperationKind::Trash,
            Self::Restore(..) => OperationKind::Restore,
            Self::Suspend(_, true) => OperationKind::Suspend,
            Self::Suspend(_, false) => OperationKind::Reactivate,
            Self::Admin(_, change) => match change.what {
                AdminEdit::Add(_) => OperationKind::AddAdmin,
                AdminEdit::Appoint(_) => OperationKind::AppointOwner,
                AdminEdit::Remove => OperationKind::RemoveAdmin,
                AdminEdit::Set { .. } | AdminEdit::SecondFactor(_) => OperationKind::ChangeAdmin,
            },
            Self::Transfer(..) => OperationKind::Transfer,
        }
    }

    /// The organization that it is done to, as it was read; none where it makes one.
    #[must_use]
    pub fn org(&self) -> Option<&Org> {
        match self {
            Self::Create(_) | Self::Import(_) => None,
            Self::Update(org, _)
            | Self::Delete(org)
            | Self::Trash(org, _)
            | Self::Restore(org, _)
            | Self::Suspend(org, _)
            | Self::Admin(org, _)
            | Self::Transfer(org, _) => Some(org),
        }
    }
}

/// The kinds of operations that take more than one write where there are no transactions, as the journal of
/// one under way names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JournalKind {
    Create,
    Update,
    /// An update that adds or removes an admin: an older program would not know that.
    Admin,
    Transfer,
    Delete,
    Trash,
    Restore,
    Suspend,
}

impl JournalKind {
    const ALL: [Self; 8] = [
        Self::Create,
        Self::Update,
        Self::Admin,
        Self::Transfer,
        Self::Delete,
        Self::Trash,
        Self::Restore,
        Self::Suspend,
    ];

    /// The word that is stored; never changes.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Admin => "admin",
            Self::Transfer => "transfer",
            Self::Delete => "delete",
            Self::Trash => "trash",
            Self::Restore => "restore",
            Self::Suspend => "suspend",
        }
    }

    /// The kind that is called so; none where a newer program wrote it.
    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// What is happening to the organization meanwhile.
    pub(super) fn under_way(self) -> UnderWay {
        match self {
            // One that is only being created is not seen by anybody.
            Self::Create | Self::Update | Self::Admin | Self::Transfer | Self::Suspend => {
                UnderWay::Changing
            }
            Self::Delete => UnderWay::Deleting,
            Self::Trash => UnderWay::Trashing,
            Self::Restore => UnderWay::Restoring,
        }
    }

    /// Names it in a sentence.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Create => "a creation",
            Self::Update => "an edit",
            Self::Admin => "a change of its admins",
            Self::Transfer => "a transfer to another owner",
            Self::Delete => "a deletion",
            Self::Trash => "a move to the trash",
            Self::Restore => "a restoration",
            Self::Suspend => "a suspension or reactivation",
        }
    }
}

/// An organization about to be.
#[derive(Clone, Debug)]
pub struct NewOrg {
    /// Its identity.
    pub id: ObjectId,
    /// Its name.
    pub name: OrgName,
    /// Its collection.
    pub collection: CollectionName,
    /// Its first admin's identity.
    pub admin_id: ObjectId,
    /// Its first admin's e-mail.
    pub email: Email,
    /// Its first admin's hash.
    pub password: PasswordHash,
    /// Now.
    pub created_at: DateTime,
}

impl NewOrg {
    /// Everything it will keep for itself, in the order in which a clash is reported.
    #[must_use]
    pub fn claims(&self) -> Vec<Claim> {
        let mut claims = Claim::of_name(self.name.as_str(), self.collection.as_str());
        claims.push(Claim::of_email(self.email.as_str()));
        claims
    }
}

/// How the trash keeps an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrashTerms {
    /// For how many days.
    pub days: u32,
    /// Whether it gives up its claims. Restoring claims them again, where no other organization has them by then.
    pub releases: bool,
}

impl TrashTerms {
    /// Kept for so many days, with its claims.
    #[must_use]
    pub fn reserved(days: u32) -> Self {
        Self { days, releases: false }
    }
}

/// What is to be different; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The new name.
    pub name: Option<OrgName>,
    /// The new collection; only ever with a new name.
    pub collection: Option<CollectionName>,
    /// The admin's new e-mail.
    pub email: Option<Email>,
    /// The admin's new hash.
    pub password: Option<PasswordHash>,
    /// Whether it gives back what the organization had: then it is no new name, and one that looks the
    /// same is not in its way.
    pub undoes: bool,
}

impl Change {
    /// The claims the organization holds once the change is made, in the order in which a clash is
    /// reported.
    #[must_use]
    pub fn claims_of(&self, org: &Org) -> Vec<Claim> {
        let name = self.name.as_ref().map_or(org.name.raw(), OrgName::as_str);
        let collection =
            self.collection.as_ref().map_or(org.collection.raw(), CollectionName::as_str);
        let email = self.email.as_ref().map_or(org.admin_email.raw(), Email::as_str);
        let mut claims = Claim::of_name(name, collection);
        claims.push(Claim::of_email(email));
        claims
    }
}

/// What is to be different about one admin of an organization. No organization is ever left without an
/// owner: `tenancy` sees to it, and since the organization is as it was read, nothing comes between.
#[derive(Clone, Debug)]
pub struct AdminChange {
    /// Which admin.
    pub admin: ObjectId,
    /// What is to be different.
    pub what: AdminEdit,
    /// The owner whom the organization's record names from then on, where it named this admin and
    /// is not to any more.
    pub successor: Option<Admin>,
}

/// What can be different about an admin.
#[derive(Clone, Debug)]
pub enum AdminEdit {
    /// One more.
    Add(NewAdmin),
    /// An owner for an organization that has none. Where it has one after all, nothing is done. Its record
    /// names the new one where the one it named is gone.
    Appoint(NewAdmin),
    /// One less. Its e-mail is free again.
    Remove,
    /// Another role, e-mail, password or code; `None` stays. A new password takes the code away. The
    /// e-mail of the admin whom the record names is changed by [`Operation::Update`] only.
    Set {
        /// The new role.
        role: Option<Role>,
        /// The new e-mail.
        email: Option<Email>,
        /// The new hash.
        password: Option<PasswordHash>,
        /// A new code, instead of the one before.
        reset: Option<ResetCode>,
    },
    /// Another second factor, or none.
    SecondFactor(Option<SecondFactor>),
}

/// Who becomes an organization's only owner, and what becomes of those before. Its record names that admin from
/// then on.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// Which admin becomes the owner.
    pub to: ObjectId,
    /// That admin, where there is none yet.
    pub new: Option<NewAdmin>,
    /// The other owners, as they were read. Where it has others by now, nothing is done.
    pub owners: Vec<ObjectId>,
    /// Whether those are removed; otherwise they become admins.
    pub removes: bool,
}

/// An admin about to be.
#[derive(Clone, Debug)]
pub struct NewAdmin {
    /// The e-mail.
    pub email: Email,
    /// What the admin may do.
    pub role: Role,
    /// A hash of what nobody knows: the admin chooses a password with the code.
    pub password: PasswordHash,
    /// The code.
    pub reset: ResetCode,
    /// Now.
    pub created_at: DateTime,
}

/// The first document of every organization's collection, as the service before this one wrote it.
#[must_use]
pub fn first_document(created_at: DateTime) -> Document {
    bson::doc! {
        "_id": ObjectId::new(),
        "initialized": true,
        "created_at": created_at,
        "note": "Org data goes here",
    }
}

//! Operations of any kind on any organization, told once: to a store, and to the model of what must be
//! there afterwards.

use std::time::Duration;

use bson::{DateTime, Document, doc, oid::ObjectId};
use tenantry::{
    org::{CollectionName, Email, Org, OrgName, PasswordHash, ResetCode, Role},
    store::{
        self, AdminChange, AdminEdit, Change, Entry, NewAdmin, NewOrg, Result, Store, StoreError,
        Transfer, mongo::MongoStore,
    },
};

use crate::{sample::Place, support::orgs};

pub const ACME: &str = "Acme Corp";
pub const REBORN: &str = "Acme Reborn";
pub const GLOBEX: &str = "Globex";
pub const ADA: &str = "ada@acme.com";
pub const EVE: &str = "eve@acme.com";
pub const BOB: &str = "bob@acme.com";
pub const CAROL: &str = "carol@acme.com";
pub const DAN: &str = "dan@globex.com";

/// Something that is to be done to an organization.
#[derive(Clone, Debug)]
pub struct Operation {
    pub org: ObjectId,
    pub what: What,
    /// The identity of its entry in the audit log.
    pub entry: ObjectId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Create {
        admin: ObjectId,
        name: &'static str,
        email: &'static str,
        password: String,
    },
    Update {
        name: Option<&'static str>,
        email: Option<&'static str>,
        password: Option<String>,
    },
    Delete,
    Trash,
    Restore {
        name: Option<&'static str>,
    },
    Suspend(bool),
    AddAdmin {
        admin: ObjectId,
        email: &'static str,
        reset: String,
        /// Only where there is no owner.
        appoints: bool,
    },
    RemoveAdmin {
        email: &'static str,
    },
    /// To an admin of it, or to a new one of this identity.
    Transfer {
        admin: ObjectId,
        email: &'static str,
        removes: bool,
    },
    /// Of an admin whom the record does not name first.
    ChangeAdmin {
        email: &'static str,
        to: Option<&'static str>,
        password: Option<String>,
        role: Option<Role>,
    },
}

impl What {
    pub fn create(name: &'static str, email: &'static str, password: &str) -> Self {
        Self::Create { admin: ObjectId::new(), name, email, password: password.to_owned() }
    }

    pub fn rename(name: &'static str) -> Self {
        Self::Update { name: Some(name), email: None, password: None }
    }

    pub fn password(password: &str) -> Self {
        Self::Update { name: None, email: None, password: Some(password.to_owned()) }
    }

    pub fn add(email: &'static str) -> Self {
        let (admin, reset) = (ObjectId::new(), "c0de".to_owned());
        Self::AddAdmin { admin, email, reset, appoints: false }
    }

    pub fn appoint(email: &'static str) -> Self {
        let (admin, reset) = (ObjectId::new(), "c0de".to_owned());
        Self::AddAdmin { admin, email, reset, appoints: true }
    }

    pub fn transfer(email: &'static str, removes: bool) -> Self {
        Self::Transfer { admin: ObjectId::new(), email, removes }
    }

    pub fn on(self, org: ObjectId) -> Operation {
        Operation { org, what: self, entry: ObjectId::new() }
    }
}

impl Operation {
    /// Does it to the organization as it is now.
    pub async fn run(&self, store: &dyn Store) -> Result<()> {
        let org = match self.what {
            What::Create { .. } => None,
            _ => Some(store.org(self.org).await?.ok_or(StoreError::Gone)?),
        };
        self.run_on(store, org.as_ref()).await.map(|_| ())
    }

    /// Does it to the organization as it was read; what that is then.
    pub async fn run_on(&self, store: &dyn Store, org: Option<&Org>) -> Result<Option<Org>> {
        if let What::Create { admin, name, email, password } = &self.what {
            let new = new_org(self.org, *admin, name, email, password);
            let mut entry = Entry::new("tester@here", self.word()).called(name);
            (entry.id, entry.organization) = (self.entry, Some(self.org));
            return store.perform(&store::Operation::Create(Box::new(new)), &entry).await;
        }
        let org = org.ok_or(StoreError::Gone)?;
        let operation = self.on(store, org).await?;
        let mut entry = Entry::about("tester@here", self.word(), org);
        entry.id = self.entry;
        store.perform(&operation, &entry).await
    }

    /// What the audit log says in the end about whether it was done; none where it says nothing.
    pub async fn last_word(&self, place: &Place) -> Option<String> {
        let entries = place.db.collection::<Document>("audit_log");
        let of_it = doc! { "$or": [{ "entry": self.entry }, { "of": self.entry }] };
        let last = entries.find_one(of_it).sort(doc! { "_id": -1 }).await.unwrap()?;
        Some(last.get_str("outcome").unwrap().to_owned())
    }

    /// The word for it in the audit log.
    fn word(&self) -> &'static str {
        match &self.what {
            What::Create { .. } => "create",
            What::Update { .. } => "update",
            What::Delete => "delete",
            What::Trash => "trash",
            What::Restore { .. } => "restore",
            What::Suspend(true) => "suspend",
            What::Suspend(false) => "reactivate",
            What::AddAdmin { appoints: false, .. } => "add admin",
            What::AddAdmin { appoints: true, .. } => "appoint owner",
            What::RemoveAdmin { .. } => "remove admin",
            What::Transfer { .. } => "transfer",
            What::ChangeAdmin { .. } => "change admin",
        }
    }

    async fn on(&self, store: &dyn Store, org: &Org) -> Result<store::Operation> {
        let boxed = Box::new(org.clone());
        Ok(match &self.what {
            What::Create { .. } => unreachable!("there is no organization yet"),
            What::Update { name, email, password } => {
                let change = Change {
                    email: email.map(|email| Email::parse(email).unwrap()),
                    password: password.clone().map(PasswordHash::stored),
                    ..renamed(*name)
                };
                store::Operation::Update(boxed, change)
            }
            What::Delete => store::Operation::Delete(boxed),
            What::Trash => store::Operation::Trash(boxed, store::TrashTerms::reserved(30)),
            What::Restore { name } => store::Operation::Restore(boxed, renamed(*name)),
            What::Suspend(suspended) => store::Operation::Suspend(boxed, *suspended),
            What::AddAdmin { admin, email, reset, appoints } => {
                let new = new_owner(email, reset);
                let what = if *appoints { AdminEdit::Appoint(new) } else { AdminEdit::Add(new) };
                store::Operation::Admin(
                    boxed,
                    Box::new(AdminChange { admin: *admin, what, successor: None }),
                )
            }
            What::Transfer { admin, email, removes } => {
                let admins = store.admins(org).await?;
                let there = admins.iter().find(|admin| admin.email.raw() == *email);
                let (to, new) = match there {
                    Some(there) => (there.id, None),
                    None => (*admin, Some(new_owner(email, "c0de"))),
                };
                let owners = admins.iter().filter(|a| a.role == Role::Owner && a.id != to);
                let owners = owners.map(|owner| owner.id).collect();
                let transfer = Transfer { to, new, owners, removes: *removes };
                store::Operation::Transfer(boxed, Box::new(transfer))
            }
            What::RemoveAdmin { email } | What::ChangeAdmin { email, .. } => {
                let admins = store.admins(org).await?;
                let admin = admins.iter().find(|admin| admin.email.raw() == *email);
                let admin = admin.ok_or(StoreError::Changed)?.id;
                let is_first = admin.to_hex() == org.admin_id.raw();
                let successor = admins.iter().find(|a| a.role == Role::Owner && a.id != admin);
                let (what, successor) =
                    if let What::ChangeAdmin { to, password, role, .. } = &self.what {
                        let email = to.map(|email| Email::parse(email).unwrap());
                        let password = password.clone().map(PasswordHash::stored);
                        (AdminEdit::Set { role: *role, email, password, reset: None }, None)
                    } else {
                        (AdminEdit::Remove, successor.filter(|_| is_first).cloned())
                    };
                store::Operation::Admin(boxed, Box::new(AdminChange { admin, what, successor }))
            }
        })
    }
}

fn new_owner(email: &str, reset: &str) -> NewAdmin {
    let hour = Duration::from_hours(1);
    let until = DateTime::from_system_time(std::time::SystemTime::now() + hour);
    NewAdmin {
        email: Email::parse(email).unwrap(),
        role: Role::Owner,
        password: PasswordHash::nobodys(),
        reset: ResetCode { hash: reset.to_owned(), until },
        created_at: DateTime::now(),
    }
}

fn renamed(name: Option<&str>) -> Change {
    let name = name.map(|name| OrgName::parse(name).unwrap());
    Change { collection: name.as_ref().map(CollectionName::from_name), name, ..Change::default() }
}

fn new_org(id: ObjectId, admin_id: ObjectId, name: &str, email: &str, password: &str) -> NewOrg {
    NewOrg { id, admin_id, ..orgs::new_org(name, email, password) }
}

/// A console that finishes what another one has left alone for so long.
pub async fn console(uri: &str, place: &Place, lease: Duration) -> MongoStore {
    MongoStore::open_with_lease(uri, place.db.name(), false, lease).await.unwrap()
}

/// What an answer says about whether it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    Done,
    NotDone,
    /// It may have been done.
    Nothing,
}

/// The one place that knows which errors promise what. A server that cannot be reached is no excuse:
/// what may have been done has an error of its own.
pub fn says(answer: &Result<()>) -> Says {
    match answer {
        Ok(()) | Err(StoreError::DoneByAnother) => Says::Done,
        Err(error) if may_have_been_done(error) => Says::Nothing,
        Err(_) => Says::NotDone,
    }
}

/// What is wrong with the last word of the audit log about what happened, or did not.
pub fn wrong_word(word: Option<&str>, happened: bool) -> Option<String> {
    let is_true = match word {
        Some("done") => happened,
        Some("unknown") => false,
        _ => !happened,
    };
    (!is_true).then(|| format!("happened: {happened}, and the audit log ends with {word:?}"))
}

fn may_have_been_done(error: &StoreError) -> bool {
    // The last one: whatever came of it, the organization is not there any more.
    matches!(error, StoreError::OutcomeUnknown(_) | StoreError::TakenOver | StoreError::Gone)
}

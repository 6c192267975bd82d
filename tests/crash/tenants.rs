//! The model: organizations in memory, what an operation makes of them, and what it is refused for.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use tenantry::org::{Claim, CollectionName, OrgName};

/// Names that are each other's in every way two names can be, and two that are nobody's.
const NAMES: [&str; 6] = ["Acme Corp", "ACME corp", "acme-corp", "Аcme Corp", "Globex", "Initech"];
const EMAILS: [&str; 4] = ["ada@acme.com", "ADA@acme.com", "bob@globex.com", "eve@initech.com"];

/// A wish, not yet knowing what is there. `which` is an organization, counted through those there are.
#[derive(Clone, Debug)]
pub enum Request {
    Create { name: usize, email: usize },
    Update { which: usize, name: Option<usize>, email: Option<usize> },
    Delete { which: usize },
    Trash { which: usize },
    Restore { which: usize, name: Option<usize> },
    Suspend { which: usize, suspended: bool },
    Fill { which: usize },
}

pub fn requests() -> impl Strategy<Value = Request> {
    let name = || 0..NAMES.len();
    let email = || 0..EMAILS.len();
    prop_oneof![
        4 => (name(), email()).prop_map(|(name, email)| Request::Create { name, email }),
        4 => (0..9_usize, prop::option::weighted(0.7, name()), prop::option::of(email()))
            .prop_map(|(which, name, email)| Request::Update { which, name, email }),
        1 => (0..9_usize).prop_map(|which| Request::Delete { which }),
        3 => (0..9_usize).prop_map(|which| Request::Trash { which }),
        3 => (0..9_usize, prop::option::of(name()))
            .prop_map(|(which, name)| Request::Restore { which, name }),
        1 => (0..9_usize, any::<bool>())
            .prop_map(|(which, suspended)| Request::Suspend { which, suspended }),
        2 => (0..9_usize).prop_map(|which| Request::Fill { which }),
    ]
}

/// An operation, as a console is told to do it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Act {
    Create { name: String, email: String },
    Update { org: String, name: Option<String>, email: Option<String> },
    Delete { org: String, trashed: bool },
    Trash { org: String },
    Restore { org: String, name: Option<String> },
    Suspend { org: String, suspended: bool },
    Fill { org: String, from: i64 },
}

/// An organization in the model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tenant {
    pub name: String,
    pub email: String,
    pub collection: String,
    pub trashed: bool,
    pub suspended: bool,
    pub documents: BTreeSet<i64>,
}

impl Tenant {
    fn claims(&self) -> Vec<Claim> {
        let mut claims = Claim::of_name(&self.name, &self.collection);
        claims.push(Claim::of_email(&self.email));
        claims
    }
}

/// What is stored, as it should be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Model {
    pub tenants: Vec<Tenant>,
    pub filled: i64,
}

/// What an operation answers: done, or which kind of thing was taken.
pub type Answer = std::result::Result<(), String>;

impl Model {
    /// The operation a wish comes to; none when it means nothing here.
    pub fn act(&self, request: &Request) -> Option<Act> {
        let org = |which: usize, trashed: bool| {
            let able: Vec<_> = self.tenants.iter().filter(|t| t.trashed == trashed).collect();
            (!able.is_empty()).then(|| able[which % able.len()].name.clone())
        };
        let name = |name: &Option<usize>| name.map(|at| NAMES[at].to_owned());
        Some(match request {
            Request::Create { name, email } => {
                Act::Create { name: NAMES[*name].into(), email: EMAILS[*email].into() }
            }
            Request::Update { which, name: new, email } => Act::Update {
                org: org(*which, false)?,
                name: name(new),
                email: email.map(|at| EMAILS[at].to_owned()),
            },
            Request::Delete { which } => {
                let trashed = which % 2 == 0;
                Act::Delete { org: org(*which, trashed)?, trashed }
            }
            Request::Trash { which } => Act::Trash { org: org(*which, false)? },
            Request::Restore { which, name: new } => {
                Act::Restore { org: org(*which, true)?, name: name(new) }
            }
            Request::Suspend { which, suspended } => {
                Act::Suspend { org: org(*which, false)?, suspended: *suspended }
            }
            Request::Fill { which } => Act::Fill { org: org(*which, false)?, from: self.filled },
        })
    }

    fn at(&self, name: &str) -> usize {
        self.tenants.iter().position(|tenant| tenant.name == name).unwrap()
    }

    /// Does it, or says what is taken, and then does nothing.
    pub fn apply(&mut self, act: &Act) -> Answer {
        let (at, changed) = match act {
            Act::Create { name, email } => {
                let collection = collection_of(name);
                let (name, email) = (name.clone(), email.clone());
                let documents = BTreeSet::new();
                let new =
                    Tenant { name, email, collection, trashed: false, suspended: false, documents };
                (self.tenants.len(), new)
            }
            Act::Update { org, name, email } => {
                let mut changed = self.tenants[self.at(org)].clone();
                rename(&mut changed, name.as_deref());
                changed.email = email.clone().unwrap_or(changed.email);
                (self.at(org), changed)
            }
            Act::Restore { org, name } => {
                let mut changed = self.tenants[self.at(org)].clone();
                rename(&mut changed, name.as_deref());
                changed.trashed = false;
                (self.at(org), changed)
            }
            Act::Delete { org, .. } => {
                self.tenants.remove(self.at(org));
                return Ok(());
            }
            Act::Trash { org } => {
                let at = self.at(org);
                self.tenants[at].trashed = true;
                return Ok(());
            }
            Act::Suspend { org, suspended } => {
                let at = self.at(org);
                self.tenants[at].suspended = *suspended;
                return Ok(());
            }
            Act::Fill { org, from } => {
                let at = self.at(org);
                self.tenants[at].documents.extend(*from..*from + FILL);
                self.filled = from + FILL;
                return Ok(());
            }
        };
        let others = self.tenants.iter().enumerate().filter(|(other, _)| *other != at);
        let taken: Vec<Claim> = others.flat_map(|(_, tenant)| tenant.claims()).collect();
        if let Some(claim) = changed.claims().into_iter().find(|claim| taken.contains(claim)) {
            return Err(format!("{:?}", claim.kind()));
        }
        match self.tenants.get_mut(at) {
            Some(tenant) => *tenant = changed,
            None => self.tenants.push(changed),
        }
        Ok(())
    }

    /// What can be compared: the order of creation is not stored.
    pub fn all(&self) -> BTreeSet<Tenant> {
        self.tenants.iter().cloned().collect()
    }
}

/// Documents that one operation puts into a collection.
pub const FILL: i64 = 7;

fn collection_of(name: &str) -> String {
    CollectionName::from_name(&OrgName::parse(name).unwrap()).to_string()
}

fn rename(tenant: &mut Tenant, name: Option<&str>) {
    if let Some(name) = name {
        name.clone_into(&mut tenant.name);
        tenant.collection = collection_of(name);
    }
}

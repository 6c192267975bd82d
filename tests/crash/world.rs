//! Everything that is there, seen at once, and the model that says what should be.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use mongodb::{
    IndexModel,
    bson::{Document, doc, oid::ObjectId},
    options::IndexOptions,
};
use tenantry::{
    org::{CollectionName, OrgName, PasswordHash, Role},
    store::{Finding, Store},
};

use crate::{
    operation::{Operation, What},
    sample::{OF_A_LEASE, OWN, Place},
    support::mongod,
};

/// Documents that are put into a collection beside its first.
const DOCUMENTS: i32 = 5;

/// All organizations, and what is there beside them and should not be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct World {
    pub tenants: BTreeMap<ObjectId, Tenant>,
    pub beside: BTreeSet<String>,
}

/// An organization with everything it has.
#[derive(Clone, Debug, PartialEq)]
pub struct Tenant {
    pub name: String,
    pub in_trash: bool,
    /// Also in the trash, from where it comes back as it was.
    pub suspended: bool,
    /// Where it is when it is not in the trash.
    pub collection: String,
    /// By e-mail.
    pub admins: BTreeMap<String, Login>,
    /// In order, and each of them as often as it is there.
    pub documents: Vec<String>,
    /// Whether the collection has the index and the validator that were given to it.
    pub dressed: bool,
}

/// An admin.
#[derive(Clone, Debug, PartialEq)]
pub struct Login {
    pub id: ObjectId,
    pub password: String,
    pub role: Role,
    /// Whether the record names this one.
    pub is_first: bool,
    /// Whether whoever logs in with this e-mail is this admin, of this organization; for one in the
    /// trash, whether nobody can, but to purge it.
    pub is_found: bool,
}

impl World {
    /// What the model says of an operation that was done.
    pub fn and(mut self, operation: &Operation) -> Self {
        self.apply(operation);
        self
    }

    pub fn apply(&mut self, operation: &Operation) {
        let org = operation.org;
        if let What::Create { admin, name, email, password } = &operation.what {
            let login = Login {
                id: *admin,
                password: password.clone(),
                role: Role::Owner,
                is_first: true,
                is_found: true,
            };
            let tenant = Tenant {
                name: (*name).to_owned(),
                in_trash: false,
                suspended: false,
                collection: collection_of(name),
                admins: BTreeMap::from([((*email).to_owned(), login)]),
                documents: vec![FIRST.to_owned()],
                dressed: false,
            };
            self.tenants.insert(org, tenant);
            return;
        }
        if operation.what == What::Delete {
            self.tenants.remove(&org);
            return;
        }
        self.tenants.get_mut(&org).unwrap().apply(&operation.what);
    }

    /// Whether it can be done now.
    pub fn allows(&self, operation: &Operation) -> bool {
        let is_free = |email: &str| self.tenants.values().all(|t| !t.admins.contains_key(email));
        let is_new = |name: &str| self.tenants.values().all(|tenant| tenant.name != name);
        let tenant = self.tenants.get(&operation.org);
        let living = tenant.filter(|tenant| !tenant.in_trash);
        // What it has already, it can be given: nothing changes then.
        let can_be = |name: &str| tenant.is_some_and(|t| t.name == name) || is_new(name);
        let can_have = |email: &str| tenant.is_some_and(|t| t.first() == email) || is_free(email);
        match &operation.what {
            What::Create { name, email, .. } => is_new(name) && is_free(email),
            What::Update { name, email, .. } => {
                living.is_some() && name.is_none_or(can_be) && email.is_none_or(can_have)
            }
            What::Delete => tenant.is_some(),
            What::Trash | What::Suspend(_) => living.is_some(),
            What::Restore { name } => {
                tenant.is_some_and(|tenant| tenant.in_trash) && name.is_none_or(can_be)
            }
            What::AddAdmin { email, appoints, .. } => {
                living.is_some_and(|tenant| !appoints || tenant.owners() == 0) && is_free(email)
            }
            What::Transfer { email, .. } => {
                living.is_some_and(|tenant| tenant.admins.contains_key(*email) || is_free(email))
            }
            What::RemoveAdmin { email } => {
                let admins = living.map(|tenant| &tenant.admins);
                admins.is_some_and(|admins| {
                    let owner = |(other, admin): (&String, &Login)| {
                        other != email && admin.role == Role::Owner
                    };
                    // The record has to name another one. That there is an owner is a rule of `tenancy`.
                    let admin = admins.get(*email);
                    admin.is_some_and(|admin| !admin.is_first || admins.iter().any(owner))
                })
            }
            What::ChangeAdmin { email, to, .. } => {
                let admin = living.and_then(|tenant| tenant.admins.get(*email));
                admin.is_some_and(|admin| !admin.is_first) && to.is_none_or(is_free)
            }
        }
    }

    /// What is there.
    pub async fn look(place: &Place, store: &dyn Store) -> Self {
        let mut world = Self::default();
        let raw = mongod::documents(&place.db, "admins").await;
        let mut nobodys: BTreeMap<ObjectId, &Document> =
            raw.iter().map(|admin| (admin.get_object_id("_id").unwrap(), admin)).collect();
        let mut collections: BTreeSet<String> =
            place.db.list_collection_names().await.unwrap().into_iter().collect();
        collections.retain(|name| !OWN.contains(&name.as_str()));
        for record in mongod::documents(&place.db, "organizations").await {
            let id = record.get_object_id("_id").unwrap();
            if let Ok(pending) = record.get_document("pending") {
                world.beside.insert(format!("under way: {}", pending.get_str("kind").unwrap()));
            }
            let Some(org) = store.org(id).await.unwrap() else { continue };
            let in_trash = org.in_trash().is_some();
            let collection = org.collection.raw().to_owned();
            let held = if in_trash { format!("trash_{id}") } else { collection.clone() };
            let (documents, dressed) = if collections.remove(&held) {
                (place.documents_in(&held).await, place.is_dressed(&held).await)
            } else {
                (vec![format!("no collection {held}")], false)
            };
            let mut admins = BTreeMap::new();
            for admin in store.admins(&org).await.unwrap() {
                nobodys.remove(&admin.id);
                let email = admin.email.raw().to_owned();
                let found = store.admin_with_email(&email).await.unwrap();
                let is_found = match found.filter(|found| found.id == admin.id) {
                    Some(found) if !in_trash => {
                        let of = store.org_of_admin(&found).await.unwrap();
                        of.is_some_and(|of| of.id == id)
                    }
                    None if in_trash => {
                        let found = store.admin_in_trash(&org, &email).await.unwrap();
                        found.is_some_and(|found| found.id == admin.id)
                    }
                    _ => false,
                };
                let login = Login {
                    id: admin.id,
                    password: admin.password.as_str().to_owned(),
                    role: admin.role,
                    is_first: admin.id.to_hex() == org.admin_id.raw(),
                    is_found,
                };
                admins.insert(email, login);
            }
            let name = org.name.raw().to_owned();
            let suspended = record.contains_key("suspended");
            let tenant =
                Tenant { name, in_trash, suspended, collection, admins, documents, dressed };
            world.tenants.insert(id, tenant);
        }
        for name in collections {
            let documents = place.documents_in(&name).await;
            if !(name.starts_with(OF_A_LEASE) && documents.is_empty()) {
                world.beside.insert(format!("collection {name}: {documents:?}"));
            }
        }
        for admin in nobodys.values() {
            if !is_joining(admin) {
                world.beside.insert(format!("admin {}", admin.get("email").unwrap()));
            }
        }
        for finding in store.examine("tester@here", false).await.unwrap() {
            if is_news(&finding) {
                world.beside.insert(format!("finding: {}", finding.inconsistency));
            }
        }
        world
    }

    /// Puts documents into an organization's collection, with an index and a validator.
    pub async fn fill(&mut self, place: &Place, org: ObjectId) {
        let tenant = self.tenants.get_mut(&org).unwrap();
        tenant.is_filled(org);
        let collection = place.db.collection::<Document>(&tenant.collection);
        // An index on what is empty is there at once; to build one costs a tenth of a second.
        let first = collection.find_one_and_delete(doc! {}).await.unwrap().unwrap();
        let options = IndexOptions::builder().unique(true).sparse(true).build();
        let index = IndexModel::builder().keys(doc! { "n": 1 }).options(options).build();
        collection.create_index(index).await.unwrap();
        let new = |n: i32| doc! { "_id": format!("{n} of {org}"), "n": n };
        collection.insert_many((0..DOCUMENTS).map(new).chain([first])).await.unwrap();
        let validator = doc! {
            "collMod": &tenant.collection,
            "validator": { "n": { "$ne": -1 } },
            "writeConcern": { "w": "majority", "j": true },
        };
        place.db.run_command(validator).await.unwrap();
    }

    /// Where the documents of an organization are.
    pub fn held_in(&self, org: ObjectId) -> String {
        match self.tenants.get(&org) {
            Some(tenant) if !tenant.in_trash => tenant.collection.clone(),
            _ => format!("trash_{org}"),
        }
    }

    /// How many documents there are.
    pub fn documents(&self) -> usize {
        self.tenants.values().map(|tenant| tenant.documents.len()).sum()
    }

    /// What is otherwise there, in lines; nothing where that is the same.
    pub fn unlike(&self, there: &Self) -> String {
        let mut lines = String::new();
        let ids: BTreeSet<&ObjectId> = self.tenants.keys().chain(there.tenants.keys()).collect();
        for id in ids {
            match (self.tenants.get(id), there.tenants.get(id)) {
                (Some(tenant), None) => writeln!(lines, "    gone: {}", tenant.name),
                (None, Some(tenant)) => writeln!(lines, "    too many: {tenant:?}"),
                (Some(tenant), Some(there)) if tenant != there => {
                    writeln!(lines, "    {}: {}", tenant.name, tenant.unlike(there))
                }
                _ => Ok(()),
            }
            .unwrap();
        }
        for one in there.beside.difference(&self.beside) {
            writeln!(lines, "    beside: {one}").unwrap();
        }
        lines
    }
}

/// Whether a finding says more than that leases are over.
pub fn is_news(finding: &Finding) -> bool {
    !finding.inconsistency.to_string().contains(OF_A_LEASE)
}

/// One that joins is not one yet: hidden under its own identity, and gone in a day.
pub fn is_joining(admin: &Document) -> bool {
    admin.get("email") == admin.get("_id") && admin.contains_key("joining")
}

/// What a collection's first document counts as: its identity is its own.
const FIRST: &str = "the first";

impl Tenant {
    /// Notes what was put into its collection.
    pub fn is_filled(&mut self, org: ObjectId) {
        self.documents.extend((0..DOCUMENTS).map(|n| format!("{n} of {org}")));
        self.documents.sort();
        self.dressed = true;
    }

    fn apply(&mut self, what: &What) {
        match what {
            What::Create { .. } | What::Delete => unreachable!("it comes, or goes"),
            What::Update { name, email, password } => {
                self.rename(*name);
                let first = self.admins.iter().find(|(_, admin)| admin.is_first);
                let (was, mut login) = first.map(|(e, login)| (e.clone(), login.clone())).unwrap();
                self.admins.remove(&was);
                login.password = password.clone().unwrap_or(login.password);
                self.admins.insert(email.map_or(was, str::to_owned), login);
            }
            What::Trash => self.in_trash = true,
            What::Restore { name } => {
                self.in_trash = false;
                self.rename(*name);
            }
            What::Suspend(suspended) => self.suspended = *suspended,
            What::AddAdmin { admin, email, .. } => {
                let login = Login {
                    id: *admin,
                    password: PasswordHash::nobodys().as_str().to_owned(),
                    role: Role::Owner,
                    is_first: false,
                    is_found: true,
                };
                self.admins.insert((*email).to_owned(), login);
            }
            What::Transfer { admin, email, removes } => {
                self.admins
                    .retain(|other, admin| other == email || !removes || admin.role != Role::Owner);
                for admin in self.admins.values_mut() {
                    (admin.role, admin.is_first) = (Role::Admin, false);
                }
                let owner = self.admins.entry((*email).to_owned()).or_insert(Login {
                    id: *admin,
                    password: PasswordHash::nobodys().as_str().to_owned(),
                    role: Role::Owner,
                    is_first: true,
                    is_found: true,
                });
                (owner.role, owner.is_first) = (Role::Owner, true);
            }
            What::RemoveAdmin { email } => {
                if self.admins.remove(*email).unwrap().is_first {
                    let mut others = self.admins.values_mut();
                    others.find(|admin| admin.role == Role::Owner).unwrap().is_first = true;
                }
            }
            What::ChangeAdmin { email, to, password, role } => {
                let mut login = self.admins.remove(*email).unwrap();
                login.password = password.clone().unwrap_or(login.password);
                login.role = role.unwrap_or(login.role);
                self.admins.insert(to.unwrap_or(email).to_owned(), login);
            }
        }
    }

    fn rename(&mut self, name: Option<&str>) {
        if let Some(name) = name {
            name.clone_into(&mut self.name);
            self.collection = collection_of(name);
        }
    }

    /// What is otherwise there, field by field.
    fn unlike(&self, there: &Self) -> String {
        let (ours, there) = (self.told(), there.told());
        let differ = |(ours, there): (&String, &String)| {
            (ours != there).then(|| format!("{ours} expected, {there} found"))
        };
        let differ: Vec<String> = ours.iter().zip(&there).filter_map(differ).collect();
        differ.join("; ")
    }

    fn told(&self) -> [String; 6] {
        let Self { name, in_trash, suspended, collection, admins, documents, dressed } = self;
        [
            format!("{name} in {collection}"),
            format!("in trash {in_trash}"),
            format!("suspended {suspended}"),
            format!("admins {admins:?}"),
            format!("documents {documents:?}"),
            format!("index and validator {dressed}"),
        ]
    }

    /// How many owners there are.
    pub fn owners(&self) -> usize {
        self.admins.values().filter(|admin| admin.role == Role::Owner).count()
    }

    /// The e-mail of the admin whom the record names.
    pub fn first(&self) -> &str {
        let first = self.admins.iter().find(|(_, admin)| admin.is_first);
        first.map(|(email, _)| email.as_str()).unwrap()
    }
}

fn collection_of(name: &str) -> String {
    CollectionName::from_name(&OrgName::parse(name).unwrap()).to_string()
}

impl Place {
    async fn documents_in(&self, collection: &str) -> Vec<String> {
        let name = |document: &Document| match document.get_str("_id") {
            Ok(id) => id.to_owned(),
            Err(_) if document.contains_key("initialized") => FIRST.to_owned(),
            Err(_) => document.to_string(),
        };
        let mut documents: Vec<String> =
            mongod::documents(&self.db, collection).await.iter().map(name).collect();
        documents.sort();
        documents
    }

    async fn is_dressed(&self, collection: &str) -> bool {
        let holdings = self.holdings(collection).await;
        holdings.indexes.len() == 2 && holdings.options.contains_key("validator")
    }
}

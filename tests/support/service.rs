//! The service before this one, write by write: what it does to the database when it creates, renames,
//! logs in to and deletes an organization, so that a test can stop between any two of its steps.

use mongodb::{
    Collection, Cursor, Database,
    bson::{DateTime, Document, RawDocumentBuf, doc, oid::ObjectId},
    error::Result,
};

/// The fields of the service's record of an organization.
pub const RECORD: [&str; 7] = [
    "_id",
    "organization_name",
    "collection_name",
    "admin_id",
    "admin_email",
    "created_at",
    "connection_details",
];

/// The fields of its admin.
pub const ADMIN: [&str; 4] = ["_id", "email", "password", "created_at"];

/// The first document of an organization.
pub fn first_document(at: DateTime) -> Document {
    doc! { "initialized": true, "created_at": at, "note": "Org data goes here" }
}

/// An admin with the bcrypt hash of a password.
pub fn admin(email: &str, hash: &str, at: DateTime) -> Document {
    doc! { "email": email, "password": hash, "created_at": at }
}

/// The record of an organization: its name, its collection in a database, and its admin.
pub fn record(
    name: &str,
    (database, collection): (&str, &str),
    (admin, email): (ObjectId, &str),
    at: DateTime,
) -> Document {
    doc! {
        "organization_name": name,
        "collection_name": collection,
        "admin_id": admin.to_hex(),
        "admin_email": email,
        "created_at": at,
        "connection_details": { "database": database, "collection": collection },
    }
}

/// The service on a database.
#[derive(Clone)]
pub struct Service {
    pub db: Database,
    /// How many documents it copies at once.
    pub batch: usize,
}

/// A creation, and how far it is. Each [`Creating::step`] does what is next.
pub struct Creating {
    service: Service,
    pub name: String,
    pub email: String,
    /// What the service made of the password, which takes it 250 ms before its first write.
    pub hash: String,
    /// Where its documents go.
    pub collection: String,
    pub next: CreateStep,
    pub admin: Option<ObjectId>,
    pub org: Option<ObjectId>,
}

/// What a creation does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateStep {
    /// Whether an organization has the name.
    LookForName,
    /// Whether an admin has the e-mail.
    LookForEmail,
    /// The first document, which makes the collection.
    Fill,
    InsertAdmin,
    InsertRecord,
    Done,
    /// The name or the e-mail was taken.
    Refused,
}

/// A rename, and how far it is. Each [`Renaming::step`] does what is next.
pub struct Renaming {
    service: Service,
    pub old: String,
    pub new: String,
    /// Where the documents go.
    pub to: String,
    pub next: RenameStep,
    record: Document,
    copying: Option<Cursor<RawDocumentBuf>>,
}

/// What a rename does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenameStep {
    Find,
    /// Whether another organization has the new name.
    LookForName,
    /// The next batch of documents; comes as often as there is one.
    Copy,
    UpdateRecord,
    DropOld,
    Done,
    /// The old name is gone, or the new one taken.
    Refused,
}

impl Service {
    #[must_use]
    pub fn new(db: &Database) -> Self {
        Self { db: db.clone(), batch: 100 }
    }

    /// What the service calls the collection of an organization.
    #[must_use]
    pub fn collection_of(name: &str) -> String {
        format!("org_{}", name.to_lowercase().replace(' ', "_"))
    }

    fn orgs(&self) -> Collection<Document> {
        self.db.collection("organizations")
    }

    fn admins(&self) -> Collection<Document> {
        self.db.collection("admins")
    }

    /// Begins a creation; nothing is done yet. `hash` is the bcrypt hash of its password.
    #[must_use]
    pub fn create(&self, name: &str, email: &str, hash: &str) -> Creating {
        Creating {
            service: self.clone(),
            name: name.to_owned(),
            email: email.to_owned(),
            hash: hash.to_owned(),
            collection: Self::collection_of(name),
            next: CreateStep::LookForName,
            admin: None,
            org: None,
        }
    }

    /// Begins a rename; nothing is done yet.
    #[must_use]
    pub fn rename(&self, old: &str, new: &str) -> Renaming {
        Renaming {
            service: self.clone(),
            old: old.to_owned(),
            new: new.to_owned(),
            to: Self::collection_of(new),
            next: RenameStep::Find,
            record: Document::new(),
            copying: None,
        }
    }

    /// Whose organization a login with this e-mail leads to, if `right` takes the stored hash for that
    /// of the password.
    pub async fn login(
        &self,
        email: &str,
        right: impl Fn(&str) -> bool,
    ) -> Result<Option<Document>> {
        let Some(admin) = self.admins().find_one(doc! { "email": email }).await? else {
            return Ok(None);
        };
        if !admin.get_str("password").is_ok_and(right) {
            return Ok(None);
        }
        let Ok(id) = admin.get_object_id("_id") else { return Ok(None) };
        self.orgs().find_one(doc! { "admin_id": id.to_hex() }).await
    }

    /// Whether it finds an admin with this e-mail.
    pub async fn finds(&self, email: &str) -> Result<bool> {
        Ok(self.admins().find_one(doc! { "email": email }).await?.is_some())
    }

    /// A deletion from its beginning to its end: collection, admin, record. False when there is none.
    pub async fn delete(&self, name: &str) -> Result<bool> {
        let found = self.orgs().find_one(doc! { "organization_name": name }).await?;
        let Some(org) = found else { return Ok(false) };
        if let Ok(collection) = org.get_str("collection_name") {
            self.db.collection::<Document>(collection).drop().await?;
        }
        if let Some(admin) =
            org.get_str("admin_id").ok().and_then(|id| ObjectId::parse_str(id).ok())
        {
            self.admins().delete_one(doc! { "_id": admin }).await?;
        }
        self.orgs().delete_one(doc! { "_id": org.get("_id").cloned() }).await?;
        Ok(true)
    }
}

impl Creating {
    /// Does what is next. False when nothing was left to do.
    pub async fn step(&mut self) -> Result<bool> {
        let (service, now) = (self.service.clone(), DateTime::now());
        self.next = match self.next {
            CreateStep::LookForName => {
                let same = doc! { "organization_name": &self.name };
                match service.orgs().find_one(same).await? {
                    Some(_) => CreateStep::Refused,
                    None => CreateStep::LookForEmail,
                }
            }
            CreateStep::LookForEmail => {
                match service.admins().find_one(doc! { "email": &self.email }).await? {
                    Some(_) => CreateStep::Refused,
                    None => CreateStep::Fill,
                }
            }
            CreateStep::Fill => {
                service.db.collection(&self.collection).insert_one(first_document(now)).await?;
                CreateStep::InsertAdmin
            }
            CreateStep::InsertAdmin => {
                let admin = admin(&self.email, &self.hash, now);
                let inserted = service.admins().insert_one(admin).await?;
                self.admin = inserted.inserted_id.as_object_id();
                CreateStep::InsertRecord
            }
            CreateStep::InsertRecord => {
                let admin = self.admin.expect("the service has just inserted it");
                let held_in = (service.db.name(), self.collection.as_str());
                let record = record(&self.name, held_in, (admin, &self.email), now);
                let inserted = service.orgs().insert_one(record).await?;
                self.org = inserted.inserted_id.as_object_id();
                CreateStep::Done
            }
            CreateStep::Done | CreateStep::Refused => return Ok(false),
        };
        Ok(true)
    }

    /// Does all that comes before a step.
    pub async fn until(&mut self, step: CreateStep) -> Result<()> {
        while self.next != step && self.step().await? {}
        Ok(())
    }

    /// Goes on to the end; whether the organization was made.
    pub async fn finish(&mut self) -> Result<bool> {
        while self.step().await? {}
        Ok(self.next == CreateStep::Done)
    }
}

impl Renaming {
    /// Does what is next. False when nothing was left to do.
    pub async fn step(&mut self) -> Result<bool> {
        let service = self.service.clone();
        self.next = match self.next {
            RenameStep::Find => {
                let old = doc! { "organization_name": &self.old };
                match service.orgs().find_one(old).await? {
                    Some(record) => {
                        self.record = record;
                        RenameStep::LookForName
                    }
                    None => RenameStep::Refused,
                }
            }
            RenameStep::LookForName => {
                let same = doc! { "organization_name": &self.new };
                match service.orgs().find_one(same).await? {
                    Some(_) => RenameStep::Refused,
                    None => RenameStep::Copy,
                }
            }
            RenameStep::Copy => {
                if self.copying.is_none() {
                    let from = service.db.collection::<RawDocumentBuf>(self.from());
                    let size = u32::try_from(service.batch).unwrap_or(u32::MAX);
                    self.copying = Some(from.find(doc! {}).batch_size(size).await?);
                }
                let cursor = self.copying.as_mut().expect("it has just been opened");
                let mut batch = Vec::with_capacity(service.batch);
                while batch.len() < service.batch && cursor.advance().await? {
                    batch.push(cursor.current().to_owned());
                }
                if !batch.is_empty() {
                    service.db.collection::<RawDocumentBuf>(&self.to).insert_many(&batch).await?;
                }
                if batch.len() < service.batch {
                    RenameStep::UpdateRecord
                } else {
                    RenameStep::Copy
                }
            }
            RenameStep::UpdateRecord => {
                let set = doc! {
                    "organization_name": &self.new,
                    "collection_name": &self.to,
                    "connection_details.collection": &self.to,
                };
                let id = doc! { "_id": self.record.get("_id").cloned() };
                service.orgs().update_one(id, doc! { "$set": set }).await?;
                RenameStep::DropOld
            }
            RenameStep::DropOld => {
                service.db.collection::<Document>(self.from()).drop().await?;
                RenameStep::Done
            }
            RenameStep::Done | RenameStep::Refused => return Ok(false),
        };
        Ok(true)
    }

    /// Where the documents were.
    #[must_use]
    pub fn from(&self) -> &str {
        self.record.get_str("collection_name").unwrap_or_default()
    }

    /// Does all that comes before a step.
    pub async fn until(&mut self, step: RenameStep) -> Result<()> {
        while self.next != step && self.step().await? {}
        Ok(())
    }

    /// Goes on to the end; whether it was renamed.
    pub async fn finish(&mut self) -> Result<bool> {
        while self.step().await? {}
        Ok(self.next == RenameStep::Done)
    }
}

//! Creating an organization: its admin, its collection with the first document, and its record.

use async_trait::async_trait;
use mongodb::bson::{DateTime, Document, doc, oid::ObjectId, serialize_to_document};
use serde::{Deserialize, Serialize};

use super::{
    accounts::WRITTEN,
    lease::{Lease, StepError, StepResult},
    moving::collection_of_nobody,
    reserve::{TRIES, strings},
    steps::{OnCollection, Running, Steps, Writes},
    update,
};
use crate::{
    org::{Claim, Org},
    store::{
        Entry, JournalKind, NewOrg, Result, StoreError, first_document,
        mongo::{
            Inner,
            collection::{Listed, Renamed, lease_collection},
            error::{code, code_of},
            journal::Pending,
            read::Record,
            record,
        },
    },
};

/// Everything a new organization consists of.
#[derive(Serialize, Deserialize)]
pub(super) struct Creation {
    pub(super) organization_name: String,
    pub(super) collection_name: String,
    pub(super) admin_id: ObjectId,
    pub(super) admin_email: String,
    pub(super) password: String,
    pub(super) created_at: DateTime,
    pub(super) first_document_id: ObjectId,
}

impl Inner {
    pub(super) async fn create(&self, new: NewOrg, entry: &Entry) -> Result<Option<Org>> {
        let claims = new.claims();
        let creation = Creation {
            organization_name: new.name.as_str().to_owned(),
            collection_name: new.collection.as_str().to_owned(),
            admin_id: new.admin_id,
            admin_email: new.email.as_str().to_owned(),
            password: new.password.as_str().to_owned(),
            created_at: new.created_at,
            first_document_id: ObjectId::new(),
        };
        let running = Running::new(new.id, creation, entry, Vec::new());
        self.make(running, &claims).await
    }

    /// Reserves an organization that is not there yet, and makes it.
    pub(super) async fn make(&self, running: Running, claims: &[Claim]) -> Result<Option<Org>> {
        let (id, mut running) = (running.pending.org, running);
        // No `organization_name` yet: what is only being created is invisible, to the old service too.
        let fields = doc! { "claims": strings(claims) };
        let update = running.reservation(fields)?;
        // As an upsert, since only an update can have the server's clock. The filter finds nothing,
        // unless the driver tries the same write again.
        let (mut lease, mut tries) = (Lease::now(), 1);
        while let Err(error) =
            self.orgs.update_one(running.pending.filter(), update.clone()).upsert(true).await
        {
            if code_of(&error) != Some(code::DUPLICATE_KEY) {
                (running, lease) = self.reserved_after_all(&running, &error).await?;
                break;
            }
            if let Some(taken) = self.who_has(claims, id).await? {
                return Err(taken);
            }
            // Whoever had it has given it up in between.
            if tries == TRIES {
                return Err(StoreError::Changed);
            }
            (lease, tries) = (Lease::now(), tries + 1);
        }
        let made = match self.in_the_way(claims, id).await? {
            Some(taken) => self.give_up(&running, taken).await,
            None => self.begin(&running, lease).await,
        };
        match made {
            // Somebody took it over, because this console was slow, and took it back.
            Err(StoreError::TakenBack(why)) => {
                let taken = self.who_has(claims, id).await?;
                Err(taken.unwrap_or(StoreError::TakenBack(why)))
            }
            made => made,
        }
    }

    /// Puts the first document into the collection that only this lease has, which makes it: one write
    /// less to wait for.
    async fn insert_first(&self, pending: &Pending, creation: &Creation) -> StepResult<()> {
        let mut first = first_document(creation.created_at);
        first.insert("_id", creation.first_document_id);
        let collection = self.db.collection::<Document>(&lease_collection(pending.id));
        match collection.insert_one(first).await {
            // A placeholder: somebody has taken it over.
            Err(error) if code_of(&error) == Some(code::DOCUMENT_REFUSED) => Err(StepError::Lost),
            made => {
                made.map(|_| ()).map_err(|error| StepError::refused(self.errors.translate(&error)))
            }
        }
    }

    /// Moves the collection to its own name from the one that the lease has; makes it there first, where
    /// it is missing.
    async fn make_collection(&self, pending: &Pending, creation: &Creation) -> StepResult<()> {
        let (own, name) = (lease_collection(pending.id), creation.collection_name.as_str());
        loop {
            let there = self.listed(&[&own, name]).await?;
            if there.get(&own).is_some_and(|made| made.placeholder().is_some()) {
                return Err(StepError::Lost);
            }
            let made = there.get(&own).and_then(Listed::uuid);
            if there.contains_key(name) {
                if !self.holds_ours(name, creation).await? {
                    return Err(StepError::Refused(collection_of_nobody()));
                }
                // It is made; one more is what a slow console made meanwhile.
                if let Some(made) = made {
                    self.drop_collection(&own, made).await?;
                }
                return Ok(());
            }
            if let Some(made) = made {
                match self.rename_collection(&own, name, made).await.map_err(StepError::refused)? {
                    Renamed::Done => return Ok(()),
                    // The next look says which.
                    Renamed::Missing | Renamed::Taken => {}
                }
            } else {
                self.insert_first(pending, creation).await?;
            }
        }
    }

    /// Removes the collection of a creation that is taken back; where another program has put documents
    /// into it, only the first one.
    async fn unmake_collection(&self, pending: &Pending, creation: &Creation) -> Result<()> {
        let (own, name) = (lease_collection(pending.id), creation.collection_name.as_str());
        let claim = Claim::Collection(name.to_owned());
        let there = self.listed(&[&own, name]).await?;
        // There may be both, where a slow console made one more.
        if let Some(made) = there.get(&own).and_then(Listed::uuid) {
            self.drop_collection(&own, made).await?;
        }
        let Some(made) = there.get(name).and_then(Listed::uuid) else { return Ok(()) };
        if !self.holds_ours(name, creation).await? {
            return Ok(());
        }
        let nobodys = self.unmigrated_holder(&claim, &pending.org.into()).await?.is_none();
        if nobodys
            && self.holds_only_ours(name, creation).await?
            && matches!(self.rename_collection(name, &own, made).await?, Renamed::Done)
        {
            // From here on nobody puts anything into it.
            if self.holds_only_ours(&own, creation).await? {
                return self.drop_collection(&own, made).await;
            }
            self.put_back(pending, name, made).await?;
        }
        let first = doc! { "_id": creation.first_document_id };
        let gone = self.db.collection::<Document>(name).delete_one(first).await;
        gone.map(|_| ()).map_err(|error| self.errors.translate(&error))
    }

    /// Whether a collection has nothing but the new organization's first document.
    async fn holds_only_ours(&self, collection: &str, creation: &Creation) -> Result<bool> {
        let collection = self.db.collection::<Record>(collection).into();
        let foreign = doc! { "_id": { "$ne": creation.first_document_id } };
        Ok(self.find_one(&collection, foreign).await?.is_none())
    }

    /// Whether a collection has the new organization's first document.
    async fn holds_ours(&self, collection: &str, creation: &Creation) -> Result<bool> {
        let collection = self.db.collection::<Record>(collection).into();
        let first = doc! { "_id": creation.first_document_id };
        Ok(self.find_one(&collection, first).await?.is_some())
    }
}

#[async_trait]
impl Steps for Creation {
    fn kind(&self) -> JournalKind {
        JournalKind::Create
    }

    fn content(&self) -> mongodb::bson::error::Result<Document> {
        serialize_to_document(self)
    }

    fn writes(&self) -> Writes {
        Writes { record: &update::WRITTEN_TO_RECORD, admins: &WRITTEN }
    }

    fn loses_place(&self) -> bool {
        false
    }

    fn on_collection(&self) -> OnCollection<'_> {
        OnCollection::Makes
    }

    async fn admins(&self, _: &Inner, _: ObjectId) -> Result<Vec<ObjectId>> {
        Ok(vec![self.admin_id])
    }

    /// Whether the old service made the same organization, or somebody put documents into its collection.
    async fn is_overtaken(&self, store: &Inner, org: ObjectId) -> Result<bool> {
        let names = Claim::of_name(&self.organization_name, &self.collection_name);
        for claim in names.into_iter().chain([Claim::of_email(&self.admin_email)]) {
            if store.unmigrated_holder(&claim, &org.into()).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(!store.holds_only_ours(&self.collection_name, self).await?)
    }

    async fn forward(
        &self,
        store: &Inner,
        pending: &Pending,
        lease: &mut Lease,
    ) -> StepResult<Option<Org>> {
        store.still_ours(pending, lease).await?;
        // Nothing can be there yet, and both at once is less to wait for. The admin before the collection
        // has its name: from then on nothing is taken back.
        let first = async {
            if pending.earlier.is_empty() {
                store.insert_first(pending, self).await?;
            }
            Ok::<(), StepError>(())
        };
        let admin = admin_of(self);
        let admin = store.add_hidden_admin(pending, self.admin_id, &admin);
        let (first, admin) = futures_util::future::join(first, admin).await;
        first?;
        admin?;
        store.still_ours(pending, lease).await?;
        store.make_collection(pending, self).await?;
        store.still_ours(pending, lease).await?;
        let update = doc! {
            "$set": new_record(self, store.db.name()),
            "$unset": { "pending": "" },
        };
        let org = store.settle(pending, update).await?;
        store.show_new_admin(pending, self.admin_id).await;
        Ok(org)
    }

    async fn undo(&self, store: &Inner, pending: &Pending) -> Result<bool> {
        if !store.remove_new_admin(pending, self.admin_id).await? {
            return Ok(false);
        }
        store.unmake_collection(pending, self).await?;
        self.release(store, pending).await
    }

    async fn release(&self, store: &Inner, pending: &Pending) -> Result<bool> {
        store.remove_record(pending).await
    }
}

/// The record of a new organization, as the old service wrote it.
fn new_record(creation: &Creation, database: &str) -> Document {
    let collection = &creation.collection_name;
    with_ours(doc! {
        "organization_name": &creation.organization_name,
        "collection_name": collection,
        "admin_id": creation.admin_id.to_hex(),
        "admin_email": &creation.admin_email,
        "created_at": creation.created_at,
        "connection_details": { "database": database, "collection": collection },
    })
}

/// The fields of a new record, and our fields beside them.
pub(super) fn with_ours(mut record: Document) -> Document {
    record.insert("revision", 0_i64);
    record.extend(record::derived(&record));
    let seen = record::SEEN.map(|field| (field.to_owned(), record[field].clone()));
    record.insert("seen", seen.into_iter().collect::<Document>());
    record.insert("created_key", record.get("created_at").cloned());
    record
}

/// A new organization's admin, as the old service wrote it.
fn admin_of(creation: &Creation) -> Document {
    doc! {
        "email": &creation.admin_email,
        "password": &creation.password,
        "created_at": creation.created_at,
    }
}

//! Making an organization from an archive: its admins, its record, and the documents that were staged as its collection
//! ([`crate::store::mongo::import`]), which is at the name of the operation's own lease from the beginning.

use async_trait::async_trait;
use mongodb::bson::{Binary, DateTime, Document, doc, oid::ObjectId, serialize_to_document};
use serde::{Deserialize, Serialize};

use super::{
    accounts::WRITTEN,
    admin::code,
    create::with_ours,
    lease::{Lease, StepError, StepResult},
    moving::collection_of_nobody,
    steps::{OnCollection, Running, Steps, Writes},
    update,
};
use crate::{
    org::{Claim, Org, PasswordHash, Role, email_key},
    store::{
        Entry, ImportedAdmin, ImportedOrg, JournalKind, Result, StoreError,
        import::unstaged,
        mongo::{
            Inner,
            collection::{Listed, Renamed, lease_collection},
            journal::Pending,
            record::id_of,
        },
    },
};

/// Everything that such an organization consists of. None of these fields is one that a creation must have: an older
/// program cannot take it for one.
#[derive(Serialize, Deserialize)]
pub(super) struct Importation {
    organization_name: String,
    collection_name: String,
    created_at: DateTime,
    suspended: bool,
    /// The collection that is staged, whatever its name.
    imported: Binary,
    /// How many documents are in it.
    documents: i64,
    /// The first one is the one that the record names.
    admins: Vec<Account>,
}

/// An admin of it.
#[derive(Serialize, Deserialize)]
struct Account {
    id: ObjectId,
    email: String,
    /// Its fields but for its identity.
    fields: Document,
}

impl Inner {
    pub(super) async fn import(&self, new: ImportedOrg, entry: &Entry) -> Result<Option<Org>> {
        let claims = new.claims();
        let importation = Importation {
            organization_name: new.name.as_str().to_owned(),
            collection_name: new.collection.as_str().to_owned(),
            created_at: new.created_at,
            suspended: new.suspended,
            imported: self.claim_staged(new.staged).await?,
            documents: i64::try_from(new.documents).unwrap_or(i64::MAX),
            admins: new.admins().enumerate().map(|(at, admin)| account(&new, admin, at)).collect(),
        };
        let mut running = Running::new(new.id, importation, entry, Vec::new());
        running.pending.id = new.staged;
        let made = self.make(running, &claims).await;
        if !matches!(made, Err(StoreError::Unreachable { .. } | StoreError::OutcomeUnknown(_))) {
            // Where that fails, the next recovery sees that nothing is staged.
            let _ = self.discard(new.staged).await;
        }
        made
    }

    /// Gives the staged collection its name, unless it has it already.
    async fn place_collection(
        &self,
        pending: &Pending,
        importation: &Importation,
        lease: &mut Lease,
    ) -> StepResult<()> {
        let (own, to) = (lease_collection(pending.id), importation.collection_name.as_str());
        let uuid = &importation.imported;
        loop {
            self.still_ours(pending, lease).await?;
            let there = self.listed(&[&own, to]).await?;
            let is_at = |name: &str| there.get(name).and_then(Listed::uuid) == Some(uuid);
            if is_at(to) {
                return Ok(());
            }
            if !is_at(&own) {
                // Somebody has taken it over, or removed what was staged.
                let ours = self.renewed(pending).await?;
                return Err(if ours { StepError::Refused(unstaged()) } else { StepError::Lost });
            }
            if there.contains_key(to) {
                return Err(StepError::Refused(collection_of_nobody()));
            }
            match self.rename_collection(&own, to, uuid).await.map_err(StepError::refused)? {
                Renamed::Done => return Ok(()),
                // The next look says which.
                Renamed::Missing | Renamed::Taken => {}
            }
        }
    }

    /// Removes the collection of an import that is taken back, unless another program has put documents into it.
    async fn displace_collection(
        &self,
        pending: &Pending,
        importation: &Importation,
    ) -> Result<()> {
        let (own, name) = (lease_collection(pending.id), importation.collection_name.as_str());
        let uuid = &importation.imported;
        if let Renamed::Done = self.rename_collection(name, &own, uuid).await? {
            // From here on nobody puts anything into it.
            let there = self.count_all(&own).await?;
            if i64::try_from(there) != Ok(importation.documents) {
                return self.put_back(pending, name, uuid).await;
            }
        }
        self.drop_collection(&own, uuid).await
    }

    /// Those of the operation's admins that it has added.
    async fn joining(&self, org: ObjectId, admins: &[Account]) -> Result<Vec<Document>> {
        let ids: Vec<_> = admins.iter().map(|admin| admin.id).collect();
        let mut joining = Vec::new();
        let added = doc! { "_id": { "$in": ids }, "joining": org };
        self.each(&self.admins, added, |admin| joining.push(admin)).await?;
        Ok(joining)
    }
}

#[async_trait]
impl Steps for Importation {
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

    /// Their identities may come from elsewhere: what has one and was not added by this is left alone.
    async fn admins(&self, store: &Inner, org: ObjectId) -> Result<Vec<ObjectId>> {
        Ok(store.joining(org, &self.admins).await?.iter().filter_map(id_of).collect())
    }

    /// Whether the old service made the same organization.
    async fn is_overtaken(&self, store: &Inner, org: ObjectId) -> Result<bool> {
        let emails = self.admins.iter().map(|admin| Claim::of_email(&admin.email));
        for claim in Claim::of_name(&self.organization_name, &self.collection_name)
            .into_iter()
            .chain(emails)
            .filter(|claim| !matches!(claim, Claim::Collection(_)))
        {
            if store.unmigrated_holder(&claim, &org.into()).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn forward(
        &self,
        store: &Inner,
        pending: &Pending,
        lease: &mut Lease,
    ) -> StepResult<Option<Org>> {
        for admin in &self.admins {
            store.still_ours(pending, lease).await?;
            store.add_hidden_admin(pending, admin.id, &admin.fields).await?;
        }
        if store.joining(pending.org, &self.admins).await?.len() < self.admins.len() {
            // Someone else's admin has got one of the identities meanwhile.
            return Err(StepError::Refused(StoreError::Changed));
        }
        store.place_collection(pending, self, lease).await?;
        store.still_ours(pending, lease).await?;
        let mut set = self.new_record(store.db.name());
        let mut update = doc! { "$unset": { "pending": "" } };
        if self.suspended {
            set.insert("suspended.by", &pending.by);
            update.insert("$currentDate", doc! { "suspended.at": true });
        }
        update.insert("$set", set);
        let org = store.settle(pending, update).await?;
        for admin in &self.admins {
            store.show_new_admin(pending, admin.id).await;
        }
        Ok(org)
    }

    async fn undo(&self, store: &Inner, pending: &Pending) -> Result<bool> {
        let added = store.joining(pending.org, &self.admins).await?;
        // In this order: what was read counts only while the operation still was ours after it.
        if !store.renewed(pending).await? {
            return Ok(false);
        }
        for admin in &added {
            store.remove_admin(admin).await?;
        }
        store.displace_collection(pending, self).await?;
        self.release(store, pending).await
    }

    async fn release(&self, store: &Inner, pending: &Pending) -> Result<bool> {
        store.remove_record(pending).await
    }
}

impl Importation {
    /// The record, as the old service would have written it, and our fields beside it.
    fn new_record(&self, database: &str) -> Document {
        let collection = &self.collection_name;
        let mut record = doc! {
            "organization_name": &self.organization_name,
            "collection_name": collection,
            "created_at": self.created_at,
            "connection_details": { "database": database, "collection": collection },
        };
        if let Some((first, others)) = self.admins.split_first() {
            record.insert("admin_id", first.id.to_hex());
            record.insert("admin_email", &first.email);
            if !others.is_empty() {
                let emails: Vec<_> = others.iter().map(|admin| email_key(&admin.email)).collect();
                let ids: Vec<_> = others.iter().map(|admin| admin.id).collect();
                record.insert("other_emails", emails);
                record.insert("other_admins", ids);
            }
        }
        with_ours(record)
    }
}

/// An admin of the organization: the first one as the old service wrote it.
fn account(org: &ImportedOrg, admin: &ImportedAdmin, at: usize) -> Account {
    let mut fields = doc! {
        "email": admin.email.as_str(),
        "password": admin.password.as_str(),
        "created_at": admin.created_at,
    };
    if org.suspended {
        fields.insert("password", PasswordHash::nobodys().as_str());
        let waiting = doc! { "at": DateTime::now(), "hash": admin.password.as_str() };
        fields.insert("suspended_password", waiting);
    }
    if at > 0 || admin.role != Role::Owner {
        fields.insert("organization_id", org.id);
        fields.insert("role", admin.role.word());
    }
    if let Some(reset) = &admin.reset {
        fields.insert("reset", code(reset.clone()));
    }
    Account { id: admin.id, email: admin.email.as_str().to_owned(), fields }
}

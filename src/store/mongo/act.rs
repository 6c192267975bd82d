//! The steps of an operation after its reservation. Each looks at what exists and can be done again,
//! so that whoever takes an operation over starts from its first step.

use std::time::Instant;

use mongodb::{
    bson::{Document, Utf8Lossy, doc},
    options::{DropCollectionOptions, ReturnDocument},
};

use super::{
    Inner,
    connect::{write_command, write_concern},
    error::{code, code_of},
    journal::{Creation, Deletion, Edit, Pending, Step, set_claims},
    lifecycle::new_record,
    record::{self, text},
};
use crate::{
    org::{Claim, ClaimKind, Org, email_key},
    store::{Result, StoreError, first_document},
};

/// Since when an operation is ours for certain.
pub(super) struct Hold(Instant);

impl Hold {
    /// Taken before the write that starts the lease, so it never seems longer than it is.
    pub(super) fn now() -> Self {
        Self(Instant::now())
    }
}

impl Inner {
    /// Takes an operation to its end. The organization afterwards; none when it is gone.
    pub(super) async fn forward(&self, pending: &Pending, mut hold: Hold) -> Result<Option<Org>> {
        match &pending.step {
            Step::Create(creation) => self.make(pending, creation, &mut hold).await,
            Step::Update(edit) => self.change(pending, edit, &mut hold).await,
            Step::Delete(deletion) => self.remove(pending, deletion, &mut hold).await,
        }
    }

    /// Takes back what a reservation, and what followed it, did. Only while nothing is lost by it:
    /// before a collection moved, never for a deletion whose collection is gone; and never what
    /// somebody else has taken over.
    pub(super) async fn undo(&self, pending: &Pending) -> Result<()> {
        let say = |error| self.words.of(&error);
        match &pending.step {
            Step::Create(creation) => {
                // What was taken over may be an organization that somebody works with by now.
                if !self.renewed(pending).await? {
                    return Ok(());
                }
                self.admins.delete_one(doc! { "_id": creation.admin_id }).await.map_err(say)?;
                let claim = Claim::Collection(creation.collection_name.clone());
                let nobodys = self.unadopted_holder(&claim, &pending.org.into()).await?.is_none();
                if nobodys && self.holds_only_ours(creation).await? {
                    self.drop_collection(&creation.collection_name).await?;
                } else {
                    let collection = self.db.collection::<Document>(&creation.collection_name);
                    let first = doc! { "_id": creation.first_document_id };
                    collection.delete_one(first).await.map_err(say)?;
                }
                self.orgs.delete_one(pending.filter()).await.map_err(say)?;
            }
            Step::Update(edit) => {
                // Once the collection has moved it only goes on: the next recovery tries again.
                let moved = edit.uuid.is_some()
                    && edit.from != edit.to
                    && self.uuid_of(&edit.to).await? == edit.uuid;
                if moved {
                    return Ok(());
                }
                let mut update = doc! { "$unset": { "pending": "" } };
                set_claims(&mut update, &edit.claims_before);
                self.orgs.update_one(pending.filter(), update).await.map_err(say)?;
            }
            Step::Delete(_) => {
                let update = doc! { "$unset": { "pending": "" } };
                self.orgs.update_one(pending.filter(), update).await.map_err(say)?;
            }
        }
        Ok(())
    }

    async fn make(
        &self,
        pending: &Pending,
        creation: &Creation,
        hold: &mut Hold,
    ) -> Result<Option<Org>> {
        let say = |error| self.words.of(&error);
        self.still_ours(pending, hold).await?;
        let mut first = first_document(creation.created_at);
        first.insert("_id", creation.first_document_id);
        let admin = doc! {
            "_id": creation.admin_id,
            "email": &creation.admin_email,
            "password": &creation.password,
            "created_at": creation.created_at,
            "email_key": email_key(&creation.admin_email),
        };
        let documents = self.db.collection::<Document>(&creation.collection_name);
        // The first document makes the collection: one write less to wait for.
        let (first, admin) =
            futures_util::future::join(async { documents.insert_one(first).await }, async {
                self.admins.insert_one(Utf8Lossy(admin)).await
            })
            .await;
        for (inserted, id, collection, taken) in [
            (
                first,
                creation.first_document_id,
                documents.clone_with_type(),
                collection_of_nobody(),
            ),
            (admin, creation.admin_id, self.admins.clone(), email_of_nobody()),
        ] {
            match inserted {
                // Either it is there already, or another unique index has something of it: the old
                // service may have made one on its admins' e-mails.
                Err(error) if code_of(&error) == Some(code::DUPLICATE_KEY) => {
                    if self.find_one(&collection, doc! { "_id": id }).await?.is_none() {
                        return Err(taken);
                    }
                }
                inserted => {
                    inserted.map_err(say)?;
                }
            }
        }
        if !self.holds_only_ours(creation).await? {
            return Err(collection_of_nobody());
        }
        self.still_ours(pending, hold).await?;
        let update = doc! {
            "$set": new_record(creation, self.db.name()),
            "$unset": { "pending": "" },
        };
        self.settle(pending, update, |org| org.name.raw() == creation.organization_name).await
    }

    async fn change(&self, pending: &Pending, edit: &Edit, hold: &mut Hold) -> Result<Option<Org>> {
        if edit.from != edit.to {
            self.still_ours(pending, hold).await?;
            let moved = self.move_collection(edit).await;
            if let Err(error) = moved {
                if !matches!(error, StoreError::Unreachable { .. }) {
                    self.undo(pending).await?;
                }
                return Err(error);
            }
        }
        if let Some(admin) = edit.admin
            && !edit.admin_set.is_empty()
        {
            self.still_ours(pending, hold).await?;
            let update = doc! { "$set": &edit.admin_set };
            let updated = self.admins.update_one(doc! { "_id": admin }, update).await;
            let failed = match updated {
                Ok(done) if done.matched_count == 1 => None,
                // There was one when the change was allowed.
                Ok(_) => Some(StoreError::Changed),
                Err(error) if code_of(&error) == Some(code::DUPLICATE_KEY) => {
                    Some(email_of_nobody())
                }
                Err(error) => Some(self.words.of(&error)),
            };
            if let Some(error) = failed {
                if !matches!(error, StoreError::Unreachable { .. }) {
                    self.undo(pending).await?;
                }
                return Err(error);
            }
        }
        let mut update = doc! { "$unset": { "pending": "" }, "$inc": { "revision": 1_i64 } };
        if !edit.set.is_empty() {
            update.insert("$set", edit.set.clone());
        }
        set_claims(&mut update, &edit.claims_after);
        let set = |field| text(&edit.set, field);
        self.settle(pending, update, |org| {
            ["", org.name.raw()].contains(&set("organization_name"))
                && ["", org.admin_email.raw()].contains(&set("admin_email"))
        })
        .await
    }

    /// Gives the collection its new name, unless it has it already. A collection without documents
    /// of its own, because it is missing, moves by doing nothing.
    async fn move_collection(&self, edit: &Edit) -> Result<()> {
        match self.uuid_of(&edit.to).await? {
            // Whatever is at the old name now was written there by somebody after the move.
            Some(there) if Some(&there) == edit.uuid.as_ref() => return Ok(()),
            Some(_) => return Err(collection_of_nobody()),
            None if edit.uuid.is_none() || !record::is_ours(&edit.from) => return Ok(()),
            None => {}
        }
        let name = self.db.name();
        let command = doc! {
            "renameCollection": format!("{name}.{}", edit.from),
            "to": format!("{name}.{}", edit.to),
        };
        let admin = self.db.client().database("admin");
        let Err(error) = write_command(&admin, command).await else { return Ok(()) };
        match code_of(&error) {
            Some(code::NAMESPACE_NOT_FOUND | code::NAMESPACE_EXISTS) => {
                match self.uuid_of(&edit.to).await? {
                    Some(there) if Some(&there) == edit.uuid.as_ref() => Ok(()),
                    Some(_) => Err(collection_of_nobody()),
                    // It was dropped in the meantime: nothing is left to move.
                    None => Ok(()),
                }
            }
            _ => Err(self.words.of(&error)),
        }
    }

    async fn remove(
        &self,
        pending: &Pending,
        deletion: &Deletion,
        hold: &mut Hold,
    ) -> Result<Option<Org>> {
        let say = |error| self.words.of(&error);
        self.still_ours(pending, hold).await?;
        // The old service may have put another organization into the same collection just now.
        let collection = Claim::Collection(deletion.collection.clone());
        if let Some(other) = self.unadopted_holder(&collection, &pending.org.into()).await? {
            self.undo(pending).await?;
            return Err(StoreError::Taken {
                what: collection.kind(),
                by: other.name,
                in_trash: other.in_trash,
            });
        }
        if deletion.uuid.is_some() && self.uuid_of(&deletion.collection).await? == deletion.uuid {
            self.drop_collection(&deletion.collection).await?;
        }
        if let Some(admin) = deletion.admin {
            // The old service never shared an admin, but its documents would allow it.
            let shared = doc! { "admin_id": admin.to_hex(), "_id": { "$ne": pending.org } };
            if self.find_one(&self.orgs, shared).await?.is_none() {
                self.admins.delete_one(doc! { "_id": admin }).await.map_err(say)?;
            }
        }
        self.orgs.delete_one(pending.filter()).await.map_err(say)?;
        Ok(None)
    }

    /// The last write. When it finds the operation gone, somebody else has taken it over and settled
    /// it: forward, if the organization is `as_wanted`.
    async fn settle(
        &self,
        pending: &Pending,
        update: Document,
        as_wanted: impl Fn(&Org) -> bool,
    ) -> Result<Option<Org>> {
        let settled = self
            .orgs
            .find_one_and_update(pending.filter(), update)
            .return_document(ReturnDocument::After)
            .await
            .map_err(|error| self.words.of(&error))?;
        match settled {
            Some(record) => Ok(record::org(&record)),
            None => Ok(self.org(pending.org).await?.filter(as_wanted)),
        }
    }

    /// Renews the lease when half of it is gone; an error when somebody else has taken it.
    async fn still_ours(&self, pending: &Pending, hold: &mut Hold) -> Result<()> {
        if hold.0.elapsed() < self.lease / 2 {
            return Ok(());
        }
        let now = Hold::now();
        if !self.renewed(pending).await? {
            return Err(StoreError::Changed);
        }
        *hold = now;
        Ok(())
    }

    /// Renews the lease; false when somebody else has taken the operation over or settled it.
    async fn renewed(&self, pending: &Pending) -> Result<bool> {
        let renewal = doc! { "$currentDate": { "pending.at": true } };
        let renewed = self.orgs.update_one(pending.filter(), renewal).await;
        Ok(renewed.map_err(|error| self.words.of(&error))?.matched_count > 0)
    }

    /// Whether the new organization's collection is missing or has nothing but its first document.
    pub(super) async fn holds_only_ours(&self, creation: &Creation) -> Result<bool> {
        let collection = self.db.collection::<super::read::Record>(&creation.collection_name);
        let foreign = doc! { "_id": { "$ne": creation.first_document_id } };
        Ok(self.find_one(&collection, foreign).await?.is_none())
    }

    async fn drop_collection(&self, name: &str) -> Result<()> {
        if !record::is_ours(name) {
            return Ok(());
        }
        let options = DropCollectionOptions::builder().write_concern(write_concern()).build();
        match self.db.collection::<Document>(name).drop().with_options(options).await {
            Err(error) if code_of(&error) == Some(code::NAMESPACE_NOT_FOUND) => Ok(()),
            dropped => dropped.map_err(|error| self.words.of(&error)),
        }
    }
}

fn collection_of_nobody() -> StoreError {
    StoreError::Taken { what: ClaimKind::Collection, by: None, in_trash: false }
}

fn email_of_nobody() -> StoreError {
    StoreError::Taken { what: ClaimKind::Email, by: None, in_trash: false }
}

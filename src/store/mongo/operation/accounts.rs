//! Writing to the admins of an organization. Each carries the lease that last wrote to it (`operation`): a
//! write is made only while that is as it was read before the writer's lease was last seen to hold. A new
//! admin can be found by e-mail only after the operation that adds it is settled.

use mongodb::{
    bson::{Bson, Document, Utf8Lossy, doc, oid::ObjectId},
    options::{ReturnDocument, UpdateModifications},
};

use super::lease::{StepError, StepResult};
use crate::{
    org::{ClaimKind, email_key},
    store::{
        Result, StoreError,
        mongo::{
            Inner, READ,
            error::{code, code_of},
            journal::Pending,
            record, shape,
        },
    },
};

/// The fields of ours that a write to an admin may touch, by which it is found, hidden and fenced.
pub(super) const WRITTEN: [&str; 6] =
    ["email_key", "seen", "trash", "operation", "joining", "suspended_password"];

/// How often something is tried again that others came in the way of.
const TRIES: u32 = 20;

impl Inner {
    /// Hides the organization's admins with it in the trash.
    pub(super) async fn hide_admins(&self, pending: &Pending) -> StepResult<()> {
        for admin in &pending.admins {
            // There is nothing to hide of one that another program removed meanwhile.
            self.write_admin(pending, admin, |admin| Ok(hiding(admin, pending))).await?;
        }
        Ok(())
    }

    /// Shows them again; false where a unique index does not let one have its e-mail.
    pub(super) async fn show_admins(&self, pending: &Pending) -> StepResult<bool> {
        for admin in &pending.admins {
            match self.write_admin(pending, admin, |admin| Ok(showing(admin, pending.id))).await {
                Err(StepError::Refused(StoreError::Taken { .. })) => return Ok(false),
                shown => drop(shown?),
            }
        }
        Ok(true)
    }

    /// Hides them again where showing them is taken back; false where somebody else has taken that over.
    pub(super) async fn hide_again(&self, pending: &Pending) -> Result<bool> {
        self.write_again(pending, |admin| hiding(admin, pending)).await
    }

    /// Writes to the admins of an operation that is taken back; false where somebody else has taken that
    /// over.
    pub(super) async fn write_again(
        &self,
        pending: &Pending,
        update: impl Fn(&Document) -> Option<AdminWrite>,
    ) -> Result<bool> {
        for admin in &pending.admins {
            // They may have been written to since they were read.
            let written = match self.read_again(pending, admin).await {
                Ok(None) => Ok(false),
                Ok(Some(now)) => self.write_admin(pending, &now, |admin| Ok(update(admin))).await,
                Err(halt) => Err(halt),
            };
            match written {
                Ok(_) => {}
                Err(StepError::Lost) => return Ok(false),
                Err(StepError::Refused(why) | StepError::Failed(why)) => return Err(why),
            }
        }
        Ok(true)
    }

    /// Removes the organization's admins.
    pub(super) async fn remove_admins(&self, pending: &Pending) -> StepResult<()> {
        for admin in &pending.admins {
            self.remove_as_read(pending, admin).await?;
        }
        Ok(())
    }

    /// Removes an admin as it was read.
    pub(super) async fn remove_admin(&self, admin: &Document) -> Result<()> {
        let gone = self.admins.delete_one(as_marked(admin)).await;
        gone.map(|_| ()).map_err(|error| self.errors.translate(&error))
    }

    pub(super) async fn remove_as_read(
        &self,
        pending: &Pending,
        admin: &Document,
    ) -> StepResult<()> {
        let mut admin = admin.clone();
        loop {
            let gone = self.admins.delete_one(as_marked(&admin)).await;
            if gone.map_err(|error| self.errors.translate(&error))?.deleted_count > 0 {
                return Ok(());
            }
            match self.read_again(pending, &admin).await? {
                Some(now) => admin = now,
                None => return Ok(()),
            }
        }
    }

    /// Writes to an admin while nobody has since it was read, and marks it as this lease's. `update` makes
    /// the update of what is there; none where it is so already. False where there is no admin any more.
    pub(super) async fn write_admin(
        &self,
        pending: &Pending,
        admin: &Document,
        update: impl Fn(&Document) -> std::result::Result<Option<AdminWrite>, StepError>,
    ) -> StepResult<bool> {
        let mut admin = admin.clone();
        loop {
            let Some(AdminWrite { only_if, update }) = update(&admin)? else { return Ok(true) };
            let mut filter = as_marked(&admin);
            filter.extend(only_if);
            match self.admins.update_one(filter, update).await {
                Ok(done) if done.matched_count > 0 => return Ok(true),
                Ok(_) => match self.read_again(pending, &admin).await? {
                    Some(now) => admin = now,
                    None => return Ok(false),
                },
                Err(error) if code_of(&error) == Some(code::DUPLICATE_KEY) => {
                    return Err(StepError::Refused(email_of_nobody()));
                }
                Err(error) => return Err(StepError::refused(self.errors.translate(&error))),
            }
        }
    }

    /// An admin that is no longer as it was read. In this order: what is read counts only while the
    /// operation still was ours after it.
    async fn read_again(
        &self,
        pending: &Pending,
        admin: &Document,
    ) -> StepResult<Option<Document>> {
        let now = self.find_one(&self.admins, doc! { "_id": admin.get("_id") }).await?;
        if !self.renewed(pending).await? {
            return Err(StepError::Lost);
        }
        Ok(now)
    }

    /// Adds an admin whom nobody finds by e-mail before the operation is settled.
    pub(super) async fn add_hidden_admin(
        &self,
        pending: &Pending,
        id: ObjectId,
        admin: &Document,
    ) -> StepResult<()> {
        let mut hidden = doc! { "_id": id };
        hidden.extend(admin.clone());
        hidden.insert("trash", doc! { "email": admin.get("email") });
        hidden.extend(doc! {
            "email": id, "email_key": id, "joining": pending.org, "operation": pending.id,
        });
        let Err(error) = self.admins.insert_one(Utf8Lossy(hidden)).await else { return Ok(()) };
        if code_of(&error) != Some(code::DUPLICATE_KEY) {
            return Err(StepError::refused(self.errors.translate(&error)));
        }
        let there = self.find_one(&self.admins, doc! { "_id": id }).await?;
        match there.map(|there| there.get_object_id("operation")) {
            // Another unique index has something of it.
            None => Err(StepError::Refused(email_of_nobody())),
            Some(Ok(lease)) if lease == pending.id => Ok(()),
            // An older program added it, to whom it was visible at once.
            Some(Err(_)) => Ok(()),
            Some(Ok(_)) => Err(StepError::Lost),
        }
    }

    /// Lets a new admin be found, now that the record lists it. Where that fails the operation is done all
    /// the same: it is settled, and whoever connects next shows the admin.
    pub(super) async fn show_new_admin(&self, pending: &Pending, id: ObjectId) {
        let hidden = doc! { "_id": id, "operation": pending.id, "joining": pending.org };
        if let Ok(Some(hidden)) = self.find_one(&self.admins, hidden).await {
            let _ = self.show_joining(&hidden).await;
        }
    }

    /// Where a unique index of another program's does not let the admin have its e-mail, it stays hidden,
    /// which is a finding.
    async fn show_joining(&self, hidden: &Document) -> Result<()> {
        let lease = hidden.get_object_id("operation").unwrap_or_default();
        let Some(AdminWrite { only_if, update }) = showing(hidden, lease) else { return Ok(()) };
        let mut filter = as_marked(hidden);
        filter.extend(only_if);
        match self.admins.update_one(filter, update).await {
            Err(error) if code_of(&error) == Some(code::DUPLICATE_KEY) => Ok(()),
            shown => shown.map(|_| ()).map_err(|error| self.errors.translate(&error)),
        }
    }

    /// Shows the new admins of operations that were settled, where that was cut off, and removes what
    /// commands have left that came too late.
    pub(super) async fn complete_joining(&self) -> Result<()> {
        let say = |error| self.errors.translate(&error);
        let joining = doc! { "joining": { "$type": "objectId" } };
        let mut found = self.admins.find(joining).max_time(READ).await.map_err(say)?;
        while found.advance().await.map_err(say)? {
            let Ok(hidden) = found.deserialize_current().map(|hidden| hidden.0) else { continue };
            let org = doc! { "_id": hidden.get("joining") };
            let record = self.find_one(&self.orgs, org).await?;
            let lease = hidden.get_object_id("operation").ok();
            let under_way = record.as_ref().and_then(Pending::from_record);
            if under_way.is_some_and(|pending| lease == Some(pending.id)) {
                continue;
            }
            let Some(admin) = record::admin_in_trash(&hidden) else { continue };
            let listed = |record: &Document| {
                record::first_admin(record) == Some(admin.id) || record::lists(record, &admin)
            };
            if record.as_ref().is_some_and(listed) {
                if record.is_some_and(|record| shape::trash(&record).is_none()) {
                    self.show_joining(&hidden).await?;
                }
            } else if self.is_a_day_old(admin.id).await? {
                self.remove_admin(&hidden).await?;
            }
        }
        Ok(())
    }

    async fn is_a_day_old(&self, id: ObjectId) -> Result<bool> {
        let age = self.server_time().await?.timestamp_millis() - id.timestamp().timestamp_millis();
        Ok(age > record::DAY)
    }

    /// Removes an admin whom an operation that is taken back has added; false where that is somebody
    /// else's by now.
    pub(super) async fn remove_new_admin(
        &self,
        pending: &Pending,
        admin: ObjectId,
    ) -> Result<bool> {
        let there = self.find_one(&self.admins, doc! { "_id": admin }).await?;
        // In this order: what was read counts only while the operation still was ours after it. What was
        // taken over may be an organization that somebody works with by now.
        if !self.renewed(pending).await? {
            return Ok(false);
        }
        if let Some(there) = there {
            self.remove_admin(&there).await?;
        }
        Ok(true)
    }

    /// Puts the lease's mark on an admin, and answers it as it is then; none where there is none.
    pub(super) async fn mark_admin(
        &self,
        admin: ObjectId,
        lease: ObjectId,
    ) -> Result<Option<Document>> {
        for _ in 0..TRIES {
            let Some(record) = self.find_one(&self.admins, doc! { "_id": admin }).await? else {
                return Ok(None);
            };
            let mark = doc! { "$set": { "operation": lease } };
            let marked = self
                .admins
                .find_one_and_update(as_marked(&record), mark)
                .return_document(ReturnDocument::After)
                .await;
            if let Some(marked) = marked.map_err(|error| self.errors.translate(&error))? {
                return Ok(Some(marked.0));
            }
        }
        Err(StoreError::Changed)
    }
}

/// A write to an admin: which one, beside that nobody else has written to it, and the update.
pub(super) struct AdminWrite {
    pub(super) only_if: Document,
    pub(super) update: UpdateModifications,
}

/// Finds an admin as long as nobody has written to it since it was read.
pub(super) fn as_marked(admin: &Document) -> Document {
    let mark = admin.get("operation").cloned().unwrap_or(Bson::Null);
    doc! { "_id": admin.get("_id"), "operation": { "$eq": mark } }
}

/// Hides an admin; none where it is hidden already.
fn hiding(admin: &Document, pending: &Pending) -> Option<AdminWrite> {
    if record::is_hidden_admin(admin) {
        // One that could not be shown so far is shown by a restoration, and by nothing else.
        let update = doc! { "$unset": { "joining": "" }, "$set": { "operation": pending.id } };
        let joining = admin.contains_key("joining");
        return joining.then(|| AdminWrite { only_if: Document::new(), update: update.into() });
    }
    let update = hidden(pending.org, pending.id);
    Some(AdminWrite { only_if: Document::new(), update: update.into() })
}

/// What hides an admin.
pub(super) fn hidden(org: ObjectId, lease: ObjectId) -> Vec<Document> {
    let hidden = doc! { "email": "$email", "organization": org };
    vec![
        doc! { "$set": { "trash": { "$literal": {} } } },
        doc! { "$set": { "trash": hidden } },
        doc! { "$set": { "email": "$_id", "email_key": "$_id", "operation": lease } },
    ]
}

/// Shows an admin; none where it is not hidden.
fn showing(admin: &Document, lease: ObjectId) -> Option<AdminWrite> {
    if !record::is_hidden_admin(admin) {
        return None;
    }
    let key = record::admin_in_trash(admin).map(|admin| email_key(admin.email.raw()));
    let set = doc! {
        "email": "$trash.email",
        "email_key": { "$literal": key.unwrap_or_default() },
        "seen": { "email": "$trash.email" },
        "operation": lease,
    };
    let update = vec![doc! { "$set": set }, doc! { "$unset": ["trash", "joining"] }];
    Some(AdminWrite { only_if: doc! { "trash": { "$exists": true } }, update: update.into() })
}

/// An e-mail that an index keeps from everybody.
pub(super) fn email_of_nobody() -> StoreError {
    StoreError::Taken { what: ClaimKind::Email, by: None, in_trash: false }
}

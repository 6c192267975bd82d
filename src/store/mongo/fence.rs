//! Fencing off whoever lost a lease: a command of theirs that arrives later changes nothing.
//!
//! A record's own writes name the lease (`pending.id`). What is outside the record cannot look there:
//!
//! - **Collections** are only ever moved by way of a name that one lease has (`lease_<id>`), and dropped
//!   under such a name. Whoever takes over first puts an empty placeholder there, which no rename
//!   replaces and which takes no document; or, where the collection is there already, moves it on to the
//!   name of their own lease. A `collectionUUID` keeps each command from any other collection.
//! - **Admins** carry the lease that last wrote to them (`operation`). A write is made only while that is
//!   as it was read before the writer's lease was last seen to hold, and whoever takes over marks them
//!   first. Read later, it might be the mark of whoever came next.

use mongodb::{
    bson::{Binary, Bson, DateTime, Document, doc, oid::ObjectId},
    options::ReturnDocument,
};

use super::{
    Inner,
    act::Hold,
    admins::id_of,
    collection::{Listed, Renamed},
    connect::write_command,
    error::{code, code_of},
    journal::{Deletion, Edit, Pending, Return, Shelving, Step, expired},
    record,
};
use crate::store::{Result, StoreError};

/// What the name of a collection begins with that only one lease has.
pub(super) const LEASE_PREFIX: &str = "lease_";

/// For how many milliseconds a placeholder stays: longer than any command can be on its way.
const PLACEHOLDER_KEPT: i64 = 24 * 60 * 60 * 1000;

/// The field of a placeholder's validator that says since when it is one, and that no document has.
const SINCE: &str = "tenantry_placeholder";

/// How often something is tried again that others came in the way of.
const TRIES: u32 = 20;

/// The name of a collection that only this lease has.
pub(super) fn lease_collection(lease: ObjectId) -> String {
    format!("{LEASE_PREFIX}{}", lease.to_hex())
}

/// Since when a collection is a placeholder; none when it is none. Given its `options`.
pub(super) fn placeholder_since(options: &Document) -> Option<DateTime> {
    let field = options.get_document("validator").ok()?.get_document(SINCE).ok()?;
    field.get_datetime("$gte").ok().copied()
}

impl Inner {
    /// Gives the operation another lease, and fences off the one before; with `expired_only`, where that
    /// has run out. None where the operation is somebody else's by now, or settled.
    pub(super) async fn take_over(
        &self,
        pending: &Pending,
        expired_only: bool,
    ) -> Result<Option<(Pending, Hold)>> {
        let hold = Hold::now();
        let mut filter = pending.filter();
        if expired_only {
            filter.extend(expired(self.lease));
        }
        let take = doc! {
            "$set": { "pending.id": ObjectId::new() },
            "$push": { "pending.earlier": pending.id },
            "$currentDate": { "pending.at": true },
        };
        let taken = self
            .orgs
            .find_one_and_update(filter, take)
            .return_document(ReturnDocument::After)
            .await
            .map_err(|error| self.words.of(&error))?;
        let Some(mut pending) = taken.as_ref().and_then(|taken| Pending::of(taken)) else {
            return Ok(None);
        };
        self.fence(&mut pending).await?;
        // What was marked counts only if it was still ours to mark.
        let ours = self.renewed(&pending).await?;
        Ok(ours.then_some((pending, hold)))
    }

    /// Sees to it that no command of an earlier lease does anything any more.
    async fn fence(&self, pending: &mut Pending) -> Result<()> {
        for earlier in &pending.earlier {
            self.block(&lease_collection(*earlier), pending).await?;
        }
        let mut admins = Vec::new();
        for admin in self.admins_of(pending).await? {
            admins.extend(self.mark_admin(admin, pending.id).await?);
        }
        pending.admins = admins;
        Ok(())
    }

    /// Puts a placeholder at the name of an earlier lease, after moving the operation's own collection
    /// from there to the name of its lease now.
    async fn block(&self, name: &str, pending: &Pending) -> Result<()> {
        let own = lease_collection(pending.id);
        for _ in 0..TRIES {
            if self.put_placeholder(name).await? {
                return Ok(());
            }
            let there = self.listed(&[name]).await?.remove(name);
            match there {
                None => {}
                Some(Listed::Other(_) | Listed::Collection { placeholder: Some(_), .. }) => {
                    return Ok(());
                }
                Some(Listed::Collection { uuid, .. }) if !is_its_own(pending, &uuid) => {
                    return Ok(());
                }
                Some(Listed::Collection { uuid, .. }) => {
                    // Where that fails, the earlier lease's last command was quicker.
                    match self.rename_collection(name, &own, &uuid).await? {
                        Renamed::Done | Renamed::Missing => {}
                        // A slow console made one more while the first was being moved.
                        Renamed::Taken if matches!(pending.step, Step::Create(_)) => {
                            self.drop_collection(name, &uuid).await?;
                        }
                        Renamed::Taken => return Err(in_the_way(&own)),
                    }
                }
            }
        }
        Err(in_the_way(name))
    }

    /// Makes an empty collection that takes no document; false where there is one of that name.
    async fn put_placeholder(&self, name: &str) -> Result<bool> {
        let since = self.server_time().await?;
        // Nothing both is missing and has a value.
        let validator = doc! { SINCE: { "$exists": false, "$gte": since } };
        match write_command(&self.db, doc! { "create": name, "validator": validator }).await {
            Ok(_) => Ok(true),
            Err(error) if code_of(&error) == Some(code::NAMESPACE_EXISTS) => Ok(false),
            Err(error) => Err(self.words.of(&error)),
        }
    }

    /// Drops the placeholders that no command can be on its way to any more.
    pub(super) async fn sweep_placeholders(&self) -> Result<()> {
        let ours = doc! { "name": { "$regex": format!("^{LEASE_PREFIX}[0-9a-f]{{24}}$") } };
        let there = self.listed_by(ours).await?;
        if there.values().all(|listed| listed.placeholder().is_none()) {
            return Ok(());
        }
        let now = self.server_time().await?.timestamp_millis();
        for (name, listed) in there {
            let since = listed.placeholder().map(DateTime::timestamp_millis);
            if let Some(uuid) = listed.uuid()
                && since.is_some_and(|since| now.saturating_sub(since) > PLACEHOLDER_KEPT)
            {
                self.drop_collection(&name, uuid).await?;
            }
        }
        Ok(())
    }

    /// The server's clock.
    pub(super) async fn server_time(&self) -> Result<DateTime> {
        Ok(self.server().await?.now)
    }

    /// The admins that an operation may write to.
    async fn admins_of(&self, pending: &Pending) -> Result<Vec<ObjectId>> {
        Ok(match &pending.step {
            Step::Create(creation) => vec![creation.admin_id],
            Step::Update(Edit { admin, .. }) => admin.iter().copied().collect(),
            Step::Delete(Deletion { admin, .. }) => {
                let own = self.own_admins(pending.org, *admin).await?;
                own.iter().filter_map(id_of).collect()
            }
            Step::Trash(Shelving { admin, .. }) => {
                let record = self.find_one(&self.orgs, doc! { "_id": pending.org }).await?;
                let own = self.to_hide(&record.unwrap_or_default(), *admin).await?;
                own.iter().filter_map(id_of).collect()
            }
            Step::Restore(Return { admin, .. }) => {
                let record = self.find_one(&self.orgs, doc! { "_id": pending.org }).await?;
                let own = self.listed_of(&record.unwrap_or_default(), *admin).await?;
                own.iter().filter_map(id_of).collect()
            }
            Step::Suspend(suspension) => {
                let record = self.find_one(&self.orgs, doc! { "_id": pending.org }).await?;
                let record = record.unwrap_or_default();
                let first = suspension.admin.or_else(|| record::first_admin(&record));
                let own = self.listed_of(&record, first).await?;
                own.iter().filter_map(id_of).collect()
            }
        })
    }

    /// Puts the lease's mark on an admin, and answers it as it is then; none where there is none.
    async fn mark_admin(&self, admin: ObjectId, lease: ObjectId) -> Result<Option<Document>> {
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
            if let Some(marked) = marked.map_err(|error| self.words.of(&error))? {
                return Ok(Some(marked.0));
            }
        }
        Err(StoreError::Changed)
    }
}

/// Finds an admin as long as nobody has written to it since it was read.
pub(super) fn as_marked(admin: &Document) -> Document {
    let mark = admin.get("operation").cloned().unwrap_or(Bson::Null);
    doc! { "_id": admin.get("_id"), "operation": { "$eq": mark } }
}

/// Whether a collection at the name of a lease is what the operation moves. What a creation makes has no
/// identity before it is made, and nobody else makes anything under that name.
fn is_its_own(pending: &Pending, uuid: &Binary) -> bool {
    match &pending.step {
        Step::Create(_) => true,
        Step::Update(Edit { uuid: own, .. })
        | Step::Delete(Deletion { uuid: own, .. })
        | Step::Trash(Shelving { uuid: own, .. })
        | Step::Restore(Return { uuid: own, .. }) => own.as_ref() == Some(uuid),
        Step::Suspend(_) => false,
    }
}

fn in_the_way(name: &str) -> StoreError {
    StoreError::Other(format!("the collection {name} is in the way of an operation under way"))
}

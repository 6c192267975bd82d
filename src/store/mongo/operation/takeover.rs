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
    bson::{Binary, DateTime, doc, oid::ObjectId},
    options::ReturnDocument,
};

use super::{
    lease::Lease,
    steps::{OnCollection, Running, Steps},
};
use crate::store::{
    Result, StoreError,
    mongo::{
        Inner,
        collection::{LEASE_PREFIX, Listed, Renamed, SINCE, lease_collection},
        connect::write_command,
        error::{code, code_of},
        journal::expired,
    },
};

/// For how many milliseconds a placeholder stays: longer than any command can be on its way.
const PLACEHOLDER_KEPT: i64 = 24 * 60 * 60 * 1000;

/// How often something is tried again that others came in the way of.
const TRIES: u32 = 20;

impl Inner {
    /// Gives the operation another lease, and fences off the one before; with `expired_only`, where that
    /// has run out. None where the operation is somebody else's by now, or settled.
    pub(super) async fn take_over(
        &self,
        running: &Running,
        expired_only: bool,
    ) -> Result<Option<(Running, Lease)>> {
        let lease = Lease::now();
        let mut filter = running.pending.filter();
        if expired_only {
            filter.extend(expired(self.lease));
        }
        let take = doc! {
            "$set": { "pending.id": ObjectId::new() },
            "$push": { "pending.earlier": running.pending.id },
            "$currentDate": { "pending.at": true },
        };
        let taken = self
            .orgs
            .find_one_and_update(filter, take)
            .return_document(ReturnDocument::After)
            .await
            .map_err(|error| self.errors.translate(&error))?;
        let Some(mut running) = taken.as_ref().and_then(|taken| super::running(taken)) else {
            return Ok(None);
        };
        self.fence(&mut running).await?;
        // What was marked counts only if it was still ours to mark.
        let ours = self.renewed(&running.pending).await?;
        Ok(ours.then_some((running, lease)))
    }

    /// Sees to it that no command of an earlier lease does anything any more.
    async fn fence(&self, running: &mut Running) -> Result<()> {
        for earlier in &running.pending.earlier {
            self.block(&lease_collection(*earlier), running).await?;
        }
        let mut admins = Vec::new();
        for admin in running.steps.admins(self, running.pending.org).await? {
            admins.extend(self.mark_admin(admin, running.pending.id).await?);
        }
        running.pending.admins = admins;
        Ok(())
    }

    /// Puts a placeholder at the name of an earlier lease, after moving the operation's own collection
    /// from there to the name of its lease now.
    async fn block(&self, name: &str, running: &Running) -> Result<()> {
        let own = lease_collection(running.pending.id);
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
                Some(Listed::Collection { uuid, .. }) if !is_its_own(&*running.steps, &uuid) => {
                    return Ok(());
                }
                Some(Listed::Collection { uuid, .. }) => {
                    // Where that fails, the earlier lease's last command was quicker.
                    match self.rename_collection(name, &own, &uuid).await? {
                        Renamed::Done | Renamed::Missing => {}
                        // A slow console made one more while the first was being moved.
                        Renamed::Taken
                            if matches!(running.steps.on_collection(), OnCollection::Makes) =>
                        {
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
    pub(in crate::store::mongo) async fn put_placeholder(&self, name: &str) -> Result<bool> {
        let since = self.server_time().await?;
        // Nothing both is missing and has a value.
        let validator = doc! { SINCE: { "$exists": false, "$gte": since } };
        match write_command(&self.db, doc! { "create": name, "validator": validator }).await {
            Ok(_) => Ok(true),
            Err(error) if code_of(&error) == Some(code::NAMESPACE_EXISTS) => Ok(false),
            Err(error) => Err(self.errors.translate(&error)),
        }
    }

    /// Drops the placeholders that no command can be on its way to any more.
    pub(in crate::store::mongo) async fn sweep_placeholders(&self) -> Result<()> {
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
}

/// Whether a collection at the name of a lease is what the operation moves. What a creation makes has no
/// identity before it is made, and nobody else makes anything under that name.
fn is_its_own(steps: &dyn Steps, uuid: &Binary) -> bool {
    match steps.on_collection() {
        OnCollection::Makes => true,
        OnCollection::Moves { uuid: own, .. } | OnCollection::Drops(own) => own == Some(uuid),
        OnCollection::Nothing => false,
    }
}

fn in_the_way(name: &str) -> StoreError {
    StoreError::Other(format!("the collection {name} is in the way of an operation under way"))
}

//! Reserving: the record as it was read, the claims that nobody else has, and the compare-and-set that
//! writes both into it with the journal.

use mongodb::bson::{Binary, Document, doc, oid::ObjectId};

use super::{lease::Lease, steps::Running};
use crate::{
    org::{
        Claim, ClaimKind, Email, Org, OrgName, StoredText, email_key, look_as_typed, name_key,
        name_look,
    },
    store::{
        Change, Result, StoreError, admit,
        mongo::{
            Inner,
            collection::Listed,
            elsewhere::refuse_elsewhere,
            error::{code, code_of},
            journal::{self, unchanged},
            record, shape,
        },
    },
};

/// How often a reservation is tried that the unique index refused for what nobody has any more.
pub(super) const TRIES: u32 = 10;

impl Inner {
    /// The record, if it is still as in `org` and nothing else is under way with it.
    pub(super) async fn as_read(&self, org: &Org) -> Result<Document> {
        let record = self.bring_one_along(org.id).await?.ok_or(StoreError::Gone)?;
        let now = record::org(&record);
        // Whatever had expired is settled by now, so this is somebody at work.
        if let Some(what) = now.as_ref().and_then(|now| now.under_way) {
            return Err(StoreError::Busy { what, by: journal::by(&record) });
        }
        admit::as_read(org, now.as_ref())?;
        Ok(record)
    }

    /// Writes the journal and the claims, if the record still is the one that was read. Where the answer
    /// was lost and it is done after all, the operation under another lease.
    pub(super) async fn reserve(
        &self,
        running: &Running,
        read: &Document,
        claims: &[String],
        fresh: &[Claim],
    ) -> Result<Option<(Running, Lease)>> {
        let Running { pending, steps } = running;
        let filter = unchanged(read, pending.org);
        let mut update = running.reservation(Document::new())?;
        let writes = steps.writes();
        shape::writable(read, writes.record)?;
        if steps.loses_place() {
            refuse_elsewhere(read, self.db.name())?;
        }
        pending.admins.iter().try_for_each(|admin| shape::writable_admin(admin, writes.admins))?;
        journal::set_claims(&mut update, claims);
        for _ in 0..TRIES {
            match self.orgs.update_one(filter.clone(), update.clone()).await {
                Ok(done) if done.matched_count == 1 => return Ok(None),
                Ok(_) => {
                    let now = self.find_one(&self.orgs, doc! { "_id": pending.org }).await?;
                    let now = now.ok_or(StoreError::Gone)?;
                    return Err(match record::org(&now).and_then(|org| org.under_way) {
                        Some(what) => StoreError::Busy { what, by: journal::by(&now) },
                        None => StoreError::Changed,
                    });
                }
                Err(error) if code_of(&error) == Some(code::DUPLICATE_KEY) => {
                    if let Some(taken) = self.who_has(fresh, pending.org).await? {
                        return Err(taken);
                    }
                    // Whoever had it has given it up in between.
                }
                Err(error) => return self.reserved_after_all(running, &error).await.map(Some),
            }
        }
        Err(StoreError::Changed)
    }

    /// Which claim the unique index refused, and whose it is; none when it has become free since.
    pub(super) async fn who_has(
        &self,
        claims: &[Claim],
        except: ObjectId,
    ) -> Result<Option<StoreError>> {
        for claim in claims {
            let holder = self.holder(claim).await?;
            if let Err(taken) = admit::unclaimed(claim, holder, Some(except)) {
                return Ok(Some(taken));
            }
        }
        Ok(None)
    }

    /// What no index keeps apart.
    pub(super) async fn in_the_way(
        &self,
        claims: &[Claim],
        except: ObjectId,
    ) -> Result<Option<StoreError>> {
        let holders = claims.iter().map(|claim| self.holder_otherwise(claim, Some(except)));
        let holders = futures_util::future::try_join_all(holders).await?;
        Ok(claims
            .iter()
            .zip(holders)
            .find_map(|(claim, holder)| holder.map(|holder| admit::taken(claim, holder))))
    }

    /// Leaves out the looks that others have.
    pub(super) async fn without_looks_of_others(
        &self,
        claims: &mut Vec<Claim>,
        own: ObjectId,
    ) -> Result<()> {
        let mut mine = Vec::with_capacity(claims.len());
        for claim in claims.drain(..) {
            let of_others = claim.kind() == ClaimKind::Look
                && self.who_has(std::slice::from_ref(&claim), own).await?.is_some();
            if !of_others {
                mine.push(claim);
            }
        }
        *claims = mine;
        Ok(())
    }

    pub(in crate::store::mongo) async fn ensure_movable(&self, org: &Org) -> Result<()> {
        self.uuid_if_any(record::held_in(org).as_deref()).await.map(|_| ())
    }

    /// Which collection this is, where an organization can have it.
    pub(super) async fn uuid_if_ours(&self, collection: &str) -> Result<Option<Binary>> {
        self.uuid_if_any(Some(collection).filter(|collection| record::is_ours(collection))).await
    }

    /// Which collection this is; refuses what cannot be moved.
    pub(super) async fn uuid_if_any(&self, collection: Option<&str>) -> Result<Option<Binary>> {
        let Some(collection) = collection else { return Ok(None) };
        match self.listed_at(collection).await? {
            Some(Listed::Other(kind)) => Err(StoreError::InTheWay {
                problem: format!(
                    "nothing was done: {} is {kind}, which cannot be moved safely",
                    StoredText::from(collection)
                ),
                help: "put its documents into a collection of that name in its place, then try again",
            }),
            listed => Ok(listed.and_then(|listed| listed.uuid().cloned())),
        }
    }
}

/// Claims as they are stored.
pub(super) fn strings(claims: &[Claim]) -> Vec<String> {
    claims.iter().map(Claim::to_string).collect()
}

/// What the organization keeps for itself after the change. A look it has already but may not claim,
/// because an older organization looks the same, does not stand in its way.
pub(super) fn claims_after(
    org: &Org,
    change: &Change,
    before: &[String],
    others: &[String],
) -> Vec<Claim> {
    let unclaimed =
        |look: &Claim| admit::has_look(org, look) && !before.contains(&look.to_string());
    change
        .claims_of(org)
        .into_iter()
        .chain(others.iter().cloned().map(Claim::Email))
        .filter(|claim| match claim {
            Claim::Look(_) if unclaimed(claim) => false,
            Claim::Collection(name) => record::can_be(name),
            Claim::Name(value) | Claim::Look(value) | Claim::Email(value) => !value.is_empty(),
        })
        .collect()
}

/// The fields of a record that a change gives it.
pub(super) fn fields_after(change: &Change, database: &str) -> Document {
    let mut set = Document::new();
    if let Some(name) = change.name.as_ref().map(OrgName::as_str) {
        set.insert("organization_name", name);
        set.insert("name_key", name_key(name));
        set.insert("look", name_look(name));
        set.insert("look_as_typed", look_as_typed(name));
        set.insert("seen.organization_name", name);
    }
    if let Some(collection) = &change.collection {
        set.insert("collection_name", collection.as_str());
        set.insert("seen.collection_name", collection.as_str());
        set.insert(
            "connection_details",
            doc! { "database": database, "collection": collection.as_str() },
        );
    }
    if let Some(email) = change.email.as_ref().map(Email::as_str) {
        set.insert("admin_email", email);
        set.insert("seen.admin_email", email);
        set.insert("email_key", email_key(email));
    }
    set
}

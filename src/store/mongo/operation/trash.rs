//! Moving an organization to the trash: its collection under a name there, its admins hidden, its fields in
//! `trash` of its record.

use async_trait::async_trait;
use mongodb::bson::{Binary, Bson, Document, doc, oid::ObjectId, serialize_to_document};
use serde::{Deserialize, Serialize};

use super::{
    accounts::{WRITTEN, hidden},
    lease::{Lease, StepError, StepResult},
    steps::{OnCollection, Running, Steps, Writes},
};
use crate::{
    org::Org,
    store::{
        Entry, JournalKind, Result, StoreError, TrashTerms,
        mongo::{
            Inner, READ,
            journal::Pending,
            record::{self, id_of},
        },
    },
};

/// The fields of ours in a record that it writes: all but `suspended`, which the trash leaves as it is.
const WRITTEN_TO_RECORD: [&str; 15] = [
    "pending",
    "trash",
    "revision",
    "login_epoch",
    "former",
    "claims",
    "other_emails",
    "other_admins",
    "name_key",
    "look",
    "look_as_typed",
    "email_key",
    "created_key",
    "listing",
    "seen",
];

/// What goes into the trash.
#[derive(Serialize, Deserialize)]
pub(super) struct MoveToTrash {
    /// The collection before.
    pub(super) from: String,
    /// The collection in the trash.
    pub(super) to: String,
    /// Which collection that is, whatever its name; none when there is none to move.
    pub(super) uuid: Option<Binary>,
    /// The admin.
    pub(super) admin: Option<ObjectId>,
    /// For how long it is kept.
    pub(super) days: i64,
    /// Whether it gives up its claims; one that an older program finishes keeps them.
    #[serde(default)]
    pub(super) releases: bool,
}

impl Inner {
    pub(super) async fn trash(
        &self,
        org: &Org,
        terms: TrashTerms,
        entry: &Entry,
    ) -> Result<Option<Org>> {
        let record = self.as_kept(org, entry.operator.raw()).await?;
        let from = record::held_in(org);
        let first = self.first_admin(org).await?;
        let admins = self.to_hide(&record, first).await?;
        let uuid = self.uuid_if_any(from.as_deref()).await?;
        self.ensure_trash_accepted(
            entry,
            org.id,
            &admins,
            from.as_deref().filter(|_| uuid.is_some()),
        )
        .await?;
        let move_to_trash = MoveToTrash {
            uuid,
            from: from.unwrap_or_default(),
            to: record::trash_collection(org.id),
            admin: first,
            days: i64::from(terms.days),
            releases: terms.releases,
        };
        let running = Running::new(org.id, move_to_trash, entry, admins);
        let claims = record::stored_claims(&record);
        self.carry_out(&running, &record, &claims, &[]).await
    }

    /// Refuses the trash to what a validator would not let into it: what is moved there half-way only goes
    /// on.
    async fn ensure_trash_accepted(
        &self,
        entry: &Entry,
        org: ObjectId,
        admins: &[Document],
        from: Option<&str>,
    ) -> Result<()> {
        let by = doc! { "$literal": entry.operator.raw() };
        let validators = self.validators(&[self.orgs.name(), self.admins.name()]).await?;
        let ids: Vec<_> = admins.iter().filter_map(|admin| admin.get("_id")).collect();
        for (collection, which, update) in [
            (&self.orgs, doc! { "_id": org }, shelved(by.into(), 1, from, false)),
            (&self.admins, doc! { "_id": { "$in": ids } }, hidden(org, ObjectId::new())),
        ] {
            let Some(validator) = validators.get(collection.name()) else { continue };
            let mut asked = vec![doc! { "$match": which }];
            asked.extend(update);
            asked.push(doc! { "$match": { "$nor": [validator] } });
            let refused = collection.aggregate(asked).max_time(READ).await;
            let mut refused = refused.map_err(|error| self.errors.translate(&error))?;
            if refused.advance().await.map_err(|error| self.errors.translate(&error))? {
                return Err(StoreError::InTheWay {
                    problem: format!(
                        "the validator of the collection {} refuses what the trash makes of its documents",
                        collection.name()
                    ),
                    help: "relax it with `collMod`: in the trash, a name and an e-mail are ObjectIds, and \
                           what was there is in the field trash",
                });
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Steps for MoveToTrash {
    fn kind(&self) -> JournalKind {
        JournalKind::Trash
    }

    fn content(&self) -> mongodb::bson::error::Result<Document> {
        serialize_to_document(self)
    }

    fn writes(&self) -> Writes {
        Writes { record: &WRITTEN_TO_RECORD, admins: &WRITTEN }
    }

    fn loses_place(&self) -> bool {
        true
    }

    fn on_collection(&self) -> OnCollection<'_> {
        OnCollection::Moves { from: &self.from, to: &self.to, uuid: self.uuid.as_ref() }
    }

    async fn admins(&self, store: &Inner, org: ObjectId) -> Result<Vec<ObjectId>> {
        let record = store.find_one(&store.orgs, doc! { "_id": org }).await?;
        let own = store.to_hide(&record.unwrap_or_default(), self.admin).await?;
        Ok(own.iter().filter_map(id_of).collect())
    }

    async fn is_overtaken(&self, _: &Inner, _: ObjectId) -> Result<bool> {
        Ok(false)
    }

    async fn forward(
        &self,
        store: &Inner,
        pending: &Pending,
        lease: &mut Lease,
    ) -> StepResult<Option<Org>> {
        let MoveToTrash { from, to, uuid, days, releases, .. } = self;
        store.move_collection(pending, (from, to), uuid.as_ref(), lease).await?;
        store.still_ours(pending, lease).await?;
        store.hide_admins(pending).await?;
        store.still_ours(pending, lease).await?;
        let from = uuid.as_ref().map(|_| from.as_str());
        let settled =
            store.settle(pending, shelved("$pending.by".into(), *days, from, *releases)).await;
        settled.map_err(|halt| match halt {
            // Its admins are hidden by now: it only goes on.
            StepError::Refused(why) => StepError::Failed(why),
            StepError::Lost | StepError::Failed(_) => halt,
        })
    }

    async fn undo(&self, store: &Inner, pending: &Pending) -> Result<bool> {
        store.put_back_moved(pending, &self.from, self.uuid.as_ref()).await?;
        self.release(store, pending).await
    }

    async fn release(&self, store: &Inner, pending: &Pending) -> Result<bool> {
        store.unreserve(pending, None).await
    }
}

/// The fields that go into the trash, and come back.
pub(super) const SHELVED: [&str; 8] = [
    "organization_name",
    "collection_name",
    "connection_details",
    "admin_id",
    "admin_email",
    "name_key",
    "email_key",
    "listing",
];

/// What puts an organization into the trash, with the name that its collection had, if it has one.
fn shelved(by: Bson, days: i64, from: Option<&str>, releases: bool) -> Vec<Document> {
    let mut trash = doc! {
        "at": "$$NOW", "by": by, "days": { "$literal": days },
    };
    for field in SHELVED {
        trash.insert(field, format!("${field}"));
    }
    let mut unset: Vec<&str> =
        SHELVED.into_iter().filter(|field| *field != "organization_name").collect();
    unset.extend(["look", "look_as_typed", "created_key", "seen", "pending"]);
    unset.extend(releases.then_some("claims"));
    let mut set = doc! {
        "organization_name": "$_id",
        "revision": one_more("revision"), "login_epoch": one_more("login_epoch"),
    };
    if let Some(from) = from {
        let former = doc! { "$ifNull": ["$former", []] };
        let former = doc! { "$concatArrays": [former, [{ "$literal": from }]] };
        set.insert("former", doc! { "$slice": [former, FORMER] });
    }
    vec![doc! { "$set": { "trash": trash } }, doc! { "$set": set }, doc! { "$unset": unset }]
}

/// How many names that its collection had are remembered: the last ones.
pub(super) const FORMER: i32 = -16;

/// An expression: one more than a field counts by now.
pub(super) fn one_more(field: &str) -> Document {
    doc! { "$add": [{ "$ifNull": [format!("${field}"), 0_i64] }, 1_i64] }
}

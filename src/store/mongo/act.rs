//! The steps of an operation after its reservation. Each looks at what exists and can be done again,
//! so that whoever takes an operation over starts from its first step.

use std::time::Instant;

use mongodb::{
    bson::{Binary, Document, Utf8Lossy, doc},
    options::{ReturnDocument, UpdateModifications},
};

use super::{
    Inner,
    error::{code, code_of},
    journal::{
        Creation, Deletion, Edit, Pending, Return, Shelving, Step, Suspension, set_claims,
        set_or_unset,
    },
    lifecycle::new_record,
    record,
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

/// Why an operation does not go on.
pub(super) enum Halt {
    /// Somebody else has taken it over.
    Lost,
    /// It cannot be done, and nothing is lost by taking it back.
    Refused(StoreError),
    /// It is left as it is, for the next recovery.
    Failed(StoreError),
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// What comes of a step.
pub(super) type Stepped<T> = std::result::Result<T, Halt>;

impl Inner {
    /// Begins what is reserved: with its entry in the record, which whoever settles it finds or adds.
    /// Where that cannot be, nothing is done.
    pub(super) async fn begin(&self, pending: &Pending, hold: Hold) -> Result<Option<Org>> {
        match self.append_its_own(pending).await {
            Ok(()) => self.forward(pending, hold).await,
            Err(gone @ StoreError::Unreachable { .. }) => Err(gone),
            Err(why) => self.give_up(pending, unrecorded(why)).await,
        }
    }

    /// Takes an operation that is in the record to its end, or back to where it began. The organization
    /// afterwards; none when it is gone.
    pub(super) async fn forward(&self, pending: &Pending, mut hold: Hold) -> Result<Option<Org>> {
        let done = match &pending.step {
            Step::Create(creation) => self.make(pending, creation, &mut hold).await,
            Step::Update(edit) => self.change(pending, edit, &mut hold).await,
            Step::Delete(deletion) => self.remove(pending, deletion, &mut hold).await,
            Step::Trash(shelving) => self.shelve(pending, shelving, &mut hold).await,
            Step::Restore(back) => self.unshelve(pending, back, &mut hold).await,
            Step::Suspend(suspension) => self.hold_back(pending, suspension, &mut hold).await,
        };
        match done {
            Ok(org) => Ok(org),
            Err(Halt::Lost) => self.of_another(pending).await,
            Err(Halt::Refused(why)) => self.take_back(pending, why).await,
            Err(Halt::Failed(why)) => Err(why),
        }
    }

    async fn make(
        &self,
        pending: &Pending,
        creation: &Creation,
        hold: &mut Hold,
    ) -> Stepped<Option<Org>> {
        // Nothing of it is anybody's before it is settled.
        let say = |error| match self.words.of(&error) {
            gone @ StoreError::Unreachable { .. } => Halt::Failed(gone),
            why => Halt::Refused(why),
        };
        self.still_ours(pending, hold).await?;
        let mut first = first_document(creation.created_at);
        first.insert("_id", creation.first_document_id);
        let admin = doc! {
            "_id": creation.admin_id,
            "email": &creation.admin_email,
            "password": &creation.password,
            "created_at": creation.created_at,
            "email_key": email_key(&creation.admin_email),
            "seen": { "email": &creation.admin_email },
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
                        return Err(Halt::Refused(taken));
                    }
                }
                inserted => {
                    inserted.map_err(say)?;
                }
            }
        }
        if !self.holds_only_ours(creation).await? {
            return Err(Halt::Refused(collection_of_nobody()));
        }
        self.still_ours(pending, hold).await?;
        let update = doc! {
            "$set": new_record(creation, self.db.name()),
            "$unset": { "pending": "" },
        };
        self.settle(pending, update).await
    }

    async fn change(
        &self,
        pending: &Pending,
        edit: &Edit,
        hold: &mut Hold,
    ) -> Stepped<Option<Org>> {
        if edit.from != edit.to {
            self.moved(pending, &edit.from, &edit.to, edit.uuid.as_ref(), hold).await?;
        }
        if let Some(admin) = edit.admin {
            self.still_ours(pending, hold).await?;
            self.edit_admin(admin, edit).await?;
        }
        let mut update = doc! { "$unset": { "pending": "" }, "$inc": { "revision": 1_i64 } };
        if !edit.set.is_empty() {
            update.insert("$set", edit.set.clone());
        }
        set_claims(&mut update, &edit.claims_after);
        if let Some(emails) = &edit.other_emails {
            set_or_unset(&mut update, "other_emails", emails);
        }
        if edit.from != edit.to && edit.uuid.is_some() {
            update.insert("$push", doc! { "former": { "$each": [&edit.from], "$slice": FORMER } });
        }
        self.settle(pending, update).await
    }

    async fn shelve(
        &self,
        pending: &Pending,
        shelving: &Shelving,
        hold: &mut Hold,
    ) -> Stepped<Option<Org>> {
        let Shelving { from, to, uuid, admin, days } = shelving;
        self.moved(pending, from, to, uuid.as_ref(), hold).await?;
        let admins = self.own_admins(pending.org, *admin).await?;
        self.still_ours(pending, hold).await?;
        self.hide_admins(&admins).await?;
        let mut trash = doc! {
            "at": "$$NOW", "by": { "$literal": &self.operator }, "days": { "$literal": *days },
        };
        for field in SHELVED {
            trash.insert(field, format!("${field}"));
        }
        let mut unset: Vec<&str> =
            SHELVED.into_iter().filter(|field| *field != "organization_name").collect();
        unset.extend(["look", "created_key", "seen", "pending"]);
        let mut set = doc! {
            "organization_name": "$_id",
            "revision": one_more("revision"), "login_epoch": one_more("login_epoch"),
        };
        if uuid.is_some() {
            let former = doc! { "$ifNull": ["$former", []] };
            let former = doc! { "$concatArrays": [former, [{ "$literal": from }]] };
            set.insert("former", doc! { "$slice": [former, FORMER] });
        }
        let update = vec![
            doc! { "$set": { "trash": trash } },
            doc! { "$set": set },
            doc! { "$unset": unset },
        ];
        self.settle(pending, update).await
    }

    async fn unshelve(
        &self,
        pending: &Pending,
        back: &Return,
        hold: &mut Hold,
    ) -> Stepped<Option<Org>> {
        self.moved(pending, &back.from, &back.to, back.uuid.as_ref(), hold).await?;
        let admins = self.own_admins(pending.org, back.admin).await?;
        self.still_ours(pending, hold).await?;
        if !self.show_admins(&admins).await? {
            // The service may have given an e-mail away, under an index of its own: back into the
            // trash, from where it cannot go on.
            self.hide_admins(&admins).await?;
            self.move_collection(&back.to, &back.from, back.uuid.as_ref()).await?;
            return Err(Halt::Refused(email_of_nobody()));
        }
        let mut set = Document::new();
        for field in SHELVED {
            set.insert(field, format!("$trash.{field}"));
        }
        let mut ours = Document::new();
        for (field, value) in &back.set {
            ours.insert(field, doc! { "$literal": value });
        }
        ours.insert("revision", one_more("revision"));
        if !back.claims_after.is_empty() {
            ours.insert("claims", doc! { "$literal": &back.claims_after });
        }
        let mut unset = vec!["trash", "pending"];
        if back.claims_after.is_empty() {
            unset.push("claims");
        }
        let update = vec![
            doc! { "$set": set },
            doc! { "$set": ours },
            doc! { "$set": { "seen": record::seen_now(&record::SEEN) } },
            doc! { "$unset": unset },
        ];
        self.settle(pending, update).await
    }

    /// As [`Inner::move_collection`], as the first step of an operation.
    async fn moved(
        &self,
        pending: &Pending,
        from: &str,
        to: &str,
        uuid: Option<&Binary>,
        hold: &mut Hold,
    ) -> Stepped<()> {
        self.still_ours(pending, hold).await?;
        self.move_collection(from, to, uuid).await.map_err(|error| match error {
            gone @ StoreError::Unreachable { .. } => Halt::Failed(gone),
            why => Halt::Refused(why),
        })
    }

    async fn remove(
        &self,
        pending: &Pending,
        deletion: &Deletion,
        hold: &mut Hold,
    ) -> Stepped<Option<Org>> {
        let say = |error| self.words.of(&error);
        self.still_ours(pending, hold).await?;
        // The old service may have put another organization into the same collection just now.
        let collection = Claim::Collection(deletion.collection.clone());
        if let Some(other) = self.unadopted_holder(&collection, &pending.org.into()).await? {
            return Err(Halt::Refused(StoreError::Taken {
                what: collection.kind(),
                by: other.name,
                in_trash: other.in_trash,
            }));
        }
        if deletion.uuid.is_some() && self.uuid_of(&deletion.collection).await? == deletion.uuid {
            self.drop_collection(&deletion.collection).await?;
        }
        for admin in self.own_admins(pending.org, deletion.admin).await? {
            self.admins.delete_one(doc! { "_id": admin }).await.map_err(say)?;
        }
        self.orgs.delete_one(pending.filter()).await.map_err(say)?;
        Ok(None)
    }

    /// Suspends or reactivates it.
    async fn hold_back(
        &self,
        pending: &Pending,
        suspension: &Suspension,
        hold: &mut Hold,
    ) -> Stepped<Option<Org>> {
        self.still_ours(pending, hold).await?;
        let mut set = doc! { "revision": one_more("revision") };
        let mut gone = vec!["pending"];
        if suspension.suspended {
            set.insert("login_epoch", one_more("login_epoch"));
            set.insert("suspended", doc! { "at": "$$NOW", "by": "$pending.by" });
        } else {
            gone.push("suspended");
        }
        self.settle(pending, vec![doc! { "$set": set }, doc! { "$unset": gone }]).await
    }

    /// The last write.
    async fn settle(
        &self,
        pending: &Pending,
        update: impl Into<UpdateModifications>,
    ) -> Stepped<Option<Org>> {
        let settled = self
            .orgs
            .find_one_and_update(pending.filter(), update)
            .return_document(ReturnDocument::After)
            .await
            .map_err(|error| self.words.of(&error))?;
        settled.map(|record| record::org(&record)).ok_or(Halt::Lost)
    }

    /// Renews the lease when half of it is gone; an error when somebody else has taken it.
    async fn still_ours(&self, pending: &Pending, hold: &mut Hold) -> Stepped<()> {
        if hold.0.elapsed() < self.lease / 2 {
            return Ok(());
        }
        let now = Hold::now();
        if !self.renewed(pending).await? {
            return Err(Halt::Lost);
        }
        *hold = now;
        Ok(())
    }

    /// Renews the lease; false when somebody else has taken the operation over or settled it.
    pub(super) async fn renewed(&self, pending: &Pending) -> Result<bool> {
        let renewal = doc! { "$currentDate": { "pending.at": true } };
        let renewed = self.orgs.update_one(pending.filter(), renewal).await;
        Ok(renewed.map_err(|error| self.words.of(&error))?.matched_count > 0)
    }
}

/// The fields that go into the trash, and come back.
const SHELVED: [&str; 7] = [
    "organization_name",
    "collection_name",
    "connection_details",
    "admin_id",
    "admin_email",
    "name_key",
    "email_key",
];

/// How many names that its collection had are remembered: the last ones.
const FORMER: i32 = -16;

pub(super) fn one_more(field: &str) -> Document {
    doc! { "$add": [{ "$ifNull": [format!("${field}"), 0_i64] }, 1_i64] }
}

pub(super) fn collection_of_nobody() -> StoreError {
    StoreError::Taken { what: ClaimKind::Collection, by: None, in_trash: false }
}

pub(super) fn email_of_nobody() -> StoreError {
    StoreError::Taken { what: ClaimKind::Email, by: None, in_trash: false }
}

/// Why nothing was done.
fn unrecorded(why: StoreError) -> StoreError {
    let said = |problem| format!("it was not done, since it could not be recorded: {problem}");
    match why {
        StoreError::Refused { problem, help } => {
            StoreError::Refused { problem: said(problem), help }
        }
        StoreError::Other(problem) => StoreError::Other(said(problem)),
        why => StoreError::Other(said(why.to_string())),
    }
}

//! The steps of each operation. Each looks at what exists and can be done again, so that whoever takes an
//! operation over starts from its first step. Whatever is written outside the record is fenced
//! ([`super::fence`]).

use mongodb::bson::{Document, doc};

use super::{
    Inner,
    act::{Halt, Hold, Stepped},
    collection::{Listed, Renamed},
    error::{code, code_of},
    fence::lease_collection,
    journal::{
        Creation, Deletion, Edit, Fate, Pending, Return, Shelving, Suspension, set_claims,
        set_or_unset,
    },
    lifecycle::new_record,
    record,
};
use crate::{
    org::{ClaimKind, Org},
    store::{StoreError, first_document},
};

impl Inner {
    pub(super) async fn make(
        &self,
        pending: &Pending,
        creation: &Creation,
        hold: &mut Hold,
    ) -> Stepped<Option<Org>> {
        self.still_ours(pending, hold).await?;
        // Nothing can be there yet, and both at once is less to wait for. The admin before the collection
        // has its name: from then on nothing is taken back.
        let first = async {
            if pending.earlier.is_empty() {
                self.insert_first(pending, creation).await?;
            }
            Ok::<(), Halt>(())
        };
        let admin = admin_of(creation);
        let admin = self.add_hidden_admin(pending, creation.admin_id, &admin);
        let (first, admin) = futures_util::future::join(first, admin).await;
        first?;
        admin?;
        self.still_ours(pending, hold).await?;
        self.make_collection(pending, creation).await?;
        self.still_ours(pending, hold).await?;
        let update = doc! {
            "$set": new_record(creation, self.db.name()),
            "$unset": { "pending": "" },
        };
        let org = self.settle(pending, update).await?;
        self.show_new_admin(pending, creation.admin_id).await;
        Ok(org)
    }

    /// Puts the first document into the collection that only this lease has, which makes it: one write
    /// less to wait for.
    async fn insert_first(&self, pending: &Pending, creation: &Creation) -> Stepped<()> {
        let mut first = first_document(creation.created_at);
        first.insert("_id", creation.first_document_id);
        let collection = self.db.collection::<Document>(&lease_collection(pending.id));
        match collection.insert_one(first).await {
            // A placeholder: somebody has taken it over.
            Err(error) if code_of(&error) == Some(code::DOCUMENT_REFUSED) => Err(Halt::Lost),
            made => made.map(|_| ()).map_err(|error| Halt::refused(self.words.of(&error))),
        }
    }

    /// Moves the collection to its own name from the one that the lease has; makes it there first, where
    /// it is missing.
    async fn make_collection(&self, pending: &Pending, creation: &Creation) -> Stepped<()> {
        let (own, name) = (lease_collection(pending.id), creation.collection_name.as_str());
        loop {
            let there = self.listed(&[&own, name]).await?;
            if there.get(&own).is_some_and(|made| made.placeholder().is_some()) {
                return Err(Halt::Lost);
            }
            let made = there.get(&own).and_then(Listed::uuid);
            if there.contains_key(name) {
                if !self.holds_ours(name, creation).await? {
                    return Err(Halt::Refused(collection_of_nobody()));
                }
                // It is made; one more is what a slow console made meanwhile.
                if let Some(made) = made {
                    self.drop_collection(&own, made).await?;
                }
                return Ok(());
            }
            if let Some(made) = made {
                match self.rename_collection(&own, name, made).await.map_err(Halt::refused)? {
                    Renamed::Done => return Ok(()),
                    // The next look says which.
                    Renamed::Missing | Renamed::Taken => {}
                }
            } else {
                self.insert_first(pending, creation).await?;
            }
        }
    }

    pub(super) async fn change(
        &self,
        pending: &Pending,
        edit: &Edit,
        hold: &mut Hold,
    ) -> Stepped<Option<Org>> {
        // The admin first: that can be taken back where the collection cannot move.
        if let Some(admin) = edit.admin {
            self.still_ours(pending, hold).await?;
            // Decided here, where nobody else changes who its admins are.
            if edit.appoints && self.has_owner(pending.org).await? {
                return Err(Halt::Refused(StoreError::Changed));
            }
            self.edit_admin(pending, admin, edit).await?;
        }
        self.move_collection(pending, (&edit.from, &edit.to), edit.uuid.as_ref(), hold).await?;
        self.still_ours(pending, hold).await?;
        let mut update = doc! { "$unset": { "pending": "" }, "$inc": { "revision": 1_i64 } };
        if !edit.set.is_empty() {
            update.insert("$set", edit.set.clone());
        }
        set_claims(&mut update, &edit.claims_after);
        if let Some(emails) = &edit.other_emails {
            set_or_unset(&mut update, "other_emails", emails);
        }
        if let Some(admins) = &edit.other_admins {
            set_or_unset(&mut update, "other_admins", admins);
        }
        if edit.from != edit.to && edit.uuid.is_some() {
            update.insert("$push", doc! { "former": { "$each": [&edit.from], "$slice": FORMER } });
        }
        let org = self.settle(pending, update).await?;
        if let (Some(admin), Fate::Comes) = (edit.admin, edit.fate) {
            self.show_new_admin(pending, admin).await;
        }
        Ok(org)
    }

    pub(super) async fn shelve(
        &self,
        pending: &Pending,
        shelving: &Shelving,
        hold: &mut Hold,
    ) -> Stepped<Option<Org>> {
        let Shelving { from, to, uuid, days, .. } = shelving;
        self.move_collection(pending, (from, to), uuid.as_ref(), hold).await?;
        self.still_ours(pending, hold).await?;
        self.hide_admins(pending).await?;
        self.still_ours(pending, hold).await?;
        let from = uuid.as_ref().map(|_| from.as_str());
        let settled = self.settle(pending, shelved(&self.operator, *days, from)).await;
        settled.map_err(|halt| match halt {
            // Its admins are hidden by now: it only goes on.
            Halt::Refused(why) => Halt::Failed(why),
            Halt::Lost | Halt::Failed(_) => halt,
        })
    }

    pub(super) async fn unshelve(
        &self,
        pending: &Pending,
        back: &Return,
        hold: &mut Hold,
    ) -> Stepped<Option<Org>> {
        // The admins first: that can be taken back where the collection cannot move.
        self.still_ours(pending, hold).await?;
        if !self.show_admins(pending).await? {
            // The service may have given an e-mail away, under an index of its own.
            return Err(Halt::Refused(email_of_nobody()));
        }
        self.move_collection(pending, (&back.from, &back.to), back.uuid.as_ref(), hold).await?;
        self.still_ours(pending, hold).await?;
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

    pub(super) async fn remove(
        &self,
        pending: &Pending,
        deletion: &Deletion,
        hold: &mut Hold,
    ) -> Stepped<Option<Org>> {
        self.still_ours(pending, hold).await?;
        if let Some(uuid) = &deletion.uuid {
            self.remove_collection(pending, &deletion.collection, uuid, hold).await?;
        }
        self.still_ours(pending, hold).await?;
        self.remove_admins(pending).await?;
        let gone = self.orgs.delete_one(pending.filter()).await;
        match gone.map_err(|error| self.words.of(&error))?.deleted_count {
            0 => Err(Halt::Lost),
            _ => Ok(None),
        }
    }

    /// Suspends or reactivates it.
    pub(super) async fn hold_back(
        &self,
        pending: &Pending,
        suspension: &Suspension,
        hold: &mut Hold,
    ) -> Stepped<Option<Org>> {
        self.still_ours(pending, hold).await?;
        self.lock_admins(pending, suspension.suspended).await?;
        self.still_ours(pending, hold).await?;
        if suspension.renewed {
            return self.settle(pending, doc! { "$unset": { "pending": "" } }).await;
        }
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

/// What puts an organization into the trash, with the name that its collection had, if it has one.
pub(super) fn shelved(operator: &str, days: i64, from: Option<&str>) -> Vec<Document> {
    let mut trash = doc! {
        "at": "$$NOW", "by": { "$literal": operator }, "days": { "$literal": days },
    };
    for field in SHELVED {
        trash.insert(field, format!("${field}"));
    }
    let mut unset: Vec<&str> =
        SHELVED.into_iter().filter(|field| *field != "organization_name").collect();
    unset.extend(["look", "look_as_typed", "created_key", "seen", "pending"]);
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

/// A new organization's admin, as the old service wrote it.
fn admin_of(creation: &Creation) -> Document {
    doc! {
        "email": &creation.admin_email,
        "password": &creation.password,
        "created_at": creation.created_at,
    }
}

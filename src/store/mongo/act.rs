//! The steps of an operation after its reservation. Each looks at what exists and can be done again,
//! so that whoever takes an operation over starts from its first step. Whatever is written outside the
//! record is fenced ([`super::fence`]).

use std::time::{Duration, Instant, SystemTime};

use mongodb::{
    bson::{Document, doc},
    options::{ReturnDocument, UpdateModifications},
};

use super::{
    Inner,
    collection::Renamed,
    error::{code, code_of},
    fence::lease_collection,
    journal::{
        Creation, Deletion, Edit, Fate, Pending, Return, Shelving, Step, Suspension, set_claims,
        set_or_unset,
    },
    lifecycle::new_record,
    record,
    undo::Back,
};
use crate::{
    org::{ClaimKind, Org},
    store::{Result, StoreError, first_document},
};

/// How long a person waits for an answer when the server is gone.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);

/// How long it is tried at least to find out what came of a write whose answer was lost.
const FINDING_OUT: Duration = Duration::from_millis(1_500);

/// Since when an operation is ours for certain.
pub(super) struct Hold {
    since: Instant,
    /// A computer that sleeps stops the other clock.
    on_the_wall: SystemTime,
}

impl Hold {
    /// Taken before the write that starts the lease, so it never seems longer than it is.
    pub(super) fn now() -> Self {
        Self { since: Instant::now(), on_the_wall: SystemTime::now() }
    }

    /// How long that is ago, by whichever clock says more; for ever where one was put back.
    fn age(&self) -> Duration {
        let on_the_wall = SystemTime::now().duration_since(self.on_the_wall);
        self.since.elapsed().max(on_the_wall.unwrap_or(Duration::MAX))
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

impl Halt {
    /// What the server did not do is taken back; what it did not answer is found out first.
    pub(super) fn refused(error: StoreError) -> Self {
        match error {
            gone @ StoreError::Unreachable { .. } => Self::Failed(gone),
            why => Self::Refused(why),
        }
    }
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
        let began = Instant::now();
        let done = match self.append_its_own(pending).await {
            Ok(()) => self.forward(pending, hold).await,
            Err(gone @ StoreError::Unreachable { .. }) => Err(gone),
            Err(why) => return self.give_up(pending, unrecorded(why)).await,
        };
        match done {
            Err(gone @ StoreError::Unreachable { .. }) => self.find_out(pending, began, gone).await,
            done => done,
        }
    }

    /// What came of an operation in the middle of which the server did not answer. Goes on with it under
    /// another lease: what was sent under this one may still arrive.
    async fn find_out(
        &self,
        pending: &Pending,
        began: Instant,
        gone: StoreError,
    ) -> Result<Option<Org>> {
        let left = ANSWERED_WITHIN.saturating_sub(began.elapsed()).max(FINDING_OUT);
        let taken = tokio::time::timeout(left, self.take_over(pending, false)).await;
        let done = match taken {
            Ok(Ok(Some((pending, hold)))) => match self.append_its_own(&pending).await {
                Ok(()) => self.resume(&pending, hold).await,
                Err(why) => Err(unsettled(why)),
            },
            Ok(Ok(None)) => self.of_another(pending).await,
            Ok(Err(_)) | Err(_) => Err(gone),
        };
        match done {
            Err(gone @ StoreError::Unreachable { .. }) => Err(StoreError::unknown(gone)),
            done => done,
        }
    }

    /// The operation under another lease, where its reservation was not answered and is there after all;
    /// otherwise the error. One that arrives later is not carried out: whoever finds it sees that it was
    /// never begun.
    pub(super) async fn reserved_after_all(
        &self,
        pending: &Pending,
        error: &mongodb::error::Error,
    ) -> Result<(Pending, Hold)> {
        let gone = self.words.of(error);
        // Where no server was found, nothing was sent.
        let sent = !matches!(*error.kind, mongodb::error::ErrorKind::ServerSelection { .. });
        if !sent || !matches!(gone, StoreError::Unreachable { .. }) {
            return Err(gone);
        }
        let taken = tokio::time::timeout(FINDING_OUT, self.take_over(pending, false)).await;
        match taken {
            Ok(Ok(Some(reserved))) => Ok(reserved),
            _ => Err(gone),
        }
    }

    /// Takes an operation that was taken over to its end, or back where that was begun.
    pub(super) async fn resume(&self, pending: &Pending, hold: Hold) -> Result<Option<Org>> {
        let Some(taken_back) = &pending.taken_back else {
            return self.forward(pending, hold).await;
        };
        let why = StoreError::TakenBack(taken_back.reason.clone());
        self.back_out(pending, why).await
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
            Err(Halt::Refused(why)) => self.back_out(pending, why).await,
            Err(Halt::Failed(why)) => Err(unsettled(why)),
        }
    }

    /// Takes an operation back, and answers why; where it only goes on by now, the next recovery tries
    /// again.
    async fn back_out(&self, pending: &Pending, why: StoreError) -> Result<Option<Org>> {
        match self.take_back(pending, &why).await {
            Ok(Back::Done) => Err(why),
            Ok(Back::Lost) => self.of_another(pending).await,
            Ok(Back::GoesOn) => Err(StoreError::unknown(why)),
            // It stays as it is, and whoever finds it goes on with it one way or the other.
            Err(why) => Err(unsettled(why)),
        }
    }

    async fn make(
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
            let made = there.get(&own);
            if made.is_some_and(|made| made.placeholder.is_some()) {
                return Err(Halt::Lost);
            }
            if there.contains_key(name) {
                if !self.holds_ours(name, creation).await? {
                    return Err(Halt::Refused(collection_of_nobody()));
                }
                // It is made; one more is what a slow console made meanwhile.
                if let Some(made) = made {
                    self.drop_collection(&own, &made.uuid).await?;
                }
                return Ok(());
            }
            if let Some(made) = made {
                match self.rename_collection(&own, name, &made.uuid).await.map_err(Halt::refused)? {
                    Renamed::Done => return Ok(()),
                    // The next look says which.
                    Renamed::Missing | Renamed::Taken => {}
                }
            } else {
                self.insert_first(pending, creation).await?;
            }
        }
    }

    async fn change(
        &self,
        pending: &Pending,
        edit: &Edit,
        hold: &mut Hold,
    ) -> Stepped<Option<Org>> {
        // The admin first: that can be taken back where the collection cannot move.
        if let Some(admin) = edit.admin {
            self.still_ours(pending, hold).await?;
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

    async fn shelve(
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

    async fn remove(
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
    pub(super) async fn still_ours(&self, pending: &Pending, hold: &mut Hold) -> Stepped<()> {
        if hold.age() < self.lease / 2 {
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

/// A new organization's admin, as the old service wrote it.
fn admin_of(creation: &Creation) -> Document {
    doc! {
        "email": &creation.admin_email,
        "password": &creation.password,
        "created_at": creation.created_at,
    }
}

/// What may be done or taken back by whoever finds it. Where the server did not answer, it is found out
/// first.
pub(super) fn unsettled(why: StoreError) -> StoreError {
    match why {
        gone @ StoreError::Unreachable { .. } => gone,
        why => StoreError::unknown(why),
    }
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

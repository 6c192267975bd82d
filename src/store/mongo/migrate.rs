//! Bringing records of the old service along, by adding only: our fields on records that lack them.
//!
//! In unordered batches, each record on its own: the unique index on the claims says who may not keep
//! what they have. Of two that clash the older keeps it; the other one is held back, which means that it
//! stays as the service wrote it: it is listed and read like all others ([`super::unlisted`]), and
//! brought along with the next write once nothing is in its way. So whoever is stopped half-way, or
//! killed, has lost nothing, and goes on where that was.
//!
//! Where another program changed a record of ours since, our fields on it are taken off, which makes it
//! one of those. And what is in the trash gives way: the service does not know that its name is taken.

use std::{
    collections::{HashMap, HashSet},
    sync::atomic::{AtomicU64, Ordering},
};

use mongodb::{
    Cursor,
    bson::{Bson, Document, doc, oid::ObjectId},
};

use super::{
    Inner, READ,
    connect::write_command,
    error::code,
    exact::{self, Exact},
    field::text,
    read::{Record, unmigrated_filter},
    record, shape,
};
use crate::{
    org::{Claim, ClaimKind, StoredText, email_key},
    store::{ListScope, Progress, Result, StoreError, Upgrade, no_progress},
};

/// How many records are written at once.
const BATCH: usize = 1_000;

/// The fields that an organization is given; the first tells whether it has them.
const ADDED: [&str; 8] =
    ["name_key", "look", "look_as_typed", "email_key", "created_key", "listing", "claims", "seen"];

/// Which records are brought along.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Orgs,
    Admins,
}

impl Kind {
    /// Our field that tells a record that has ours.
    fn marker(self) -> &'static str {
        match self {
            Self::Orgs => "name_key",
            Self::Admins => "email_key",
        }
    }

    /// Our fields that a record is given.
    pub(super) fn added(self) -> &'static [&'static str] {
        match self {
            Self::Orgs => &ADDED,
            Self::Admins => &["email_key", "seen"],
        }
    }

    /// What they are derived from.
    fn seen(self) -> &'static [&'static str] {
        match self {
            Self::Orgs => &record::SEEN,
            Self::Admins => &record::SEEN_OF_ADMIN,
        }
    }

    /// Finds the records without our fields.
    pub(super) fn lacking(self) -> Document {
        let mut filter = match self {
            Self::Orgs => unmigrated_filter(),
            Self::Admins => Document::new(),
        };
        // What another program keeps where ours would be stays.
        filter.insert(self.marker(), doc! { "$exists": false });
        filter.extend(match self {
            Self::Orgs => shape::derivable(&ADDED[1..]),
            Self::Admins => shape::derivable(&["seen"]),
        });
        filter.insert("_id", doc! { "$type": "objectId" });
        filter
    }

    /// What no two may have.
    fn claims(self, record: &Document) -> Vec<Claim> {
        match self {
            Self::Orgs => record::claims(record),
            Self::Admins => match email_key(text(record, "email")) {
                email if email.is_empty() => Vec::new(),
                email => vec![Claim::Email(email)],
            },
        }
    }

    /// Our fields for a record that may keep these claims.
    fn fields(self, record: &Document, claims: &[Claim]) -> Document {
        match self {
            Self::Orgs => {
                let mut fields = record::derived(record);
                if !claims.is_empty() {
                    let claims: Vec<String> = claims.iter().map(Claim::to_string).collect();
                    fields.insert("claims", claims);
                }
                fields
            }
            Self::Admins => doc! { "email_key": email_key(text(record, "email")) },
        }
    }

    /// Sets our fields on a record that is still as it was read and still lacks them.
    fn update(self, id: ObjectId, record: &Document, claims: &[Claim]) -> Document {
        let plain = self.plain_update(id, record, claims);
        plain.unwrap_or_else(|| self.careful_update(id, record, claims))
    }

    /// As [`Kind::update`], for a record without any field that could be ours, as the service writes
    /// them: half the work for the server.
    fn plain_update(self, id: ObjectId, record: &Document, claims: &[Claim]) -> Option<Document> {
        let mut filter = doc! { "_id": id };
        for field in self.added().iter().chain(&["trash", "pending"]) {
            if record.contains_key(field) {
                return None;
            }
            filter.insert(*field, doc! { "$exists": false });
        }
        let mut seen = Document::new();
        for field in self.seen() {
            let value = record.get(field).filter(|value| is_comparable(value))?;
            filter.insert(*field, value.clone());
            seen.insert(*field, value.clone());
        }
        let mut fields = self.fields(record, claims);
        fields.insert("seen", seen);
        Some(doc! { "q": filter, "u": { "$set": fields } })
    }

    fn careful_update(self, id: ObjectId, record: &Document, claims: &[Claim]) -> Document {
        let mut filter = self.lacking();
        filter.insert("_id", id);
        for field in self.seen() {
            if let Some(value) = record.get(field).filter(|value| is_comparable(value)) {
                filter.insert(*field, doc! { "$eq": value.clone() });
            }
        }
        let mut fields = Document::new();
        for (field, value) in self.fields(record, claims) {
            fields.insert(field, doc! { "$literal": value });
        }
        fields.insert("seen", record::seen_now(self.seen()));
        // Nothing from a former time may stay in it.
        let update = vec![doc! { "$unset": "seen" }, doc! { "$set": fields }];
        exact::update(filter, update)
    }
}

/// How far it is.
struct Tally<'a> {
    told: &'a Progress,
    /// How many there are, of all kinds. None while there are few: that is over before anybody reads it.
    records: AtomicU64,
    done: AtomicU64,
}

impl<'a> Tally<'a> {
    fn new(told: &'a Progress) -> Self {
        Self { told, records: AtomicU64::new(0), done: AtomicU64::new(0) }
    }

    fn are(&self, records: u64) {
        self.records.fetch_max(records, Ordering::Relaxed);
    }

    fn wrote(&self, more: usize) {
        let done = self.done.fetch_add(more as u64, Ordering::Relaxed) + more as u64;
        let records = self.records.load(Ordering::Relaxed);
        if let Some(percent) = (done * 100).checked_div(records) {
            let percent = u8::try_from(percent).map_or(100, |percent| percent.min(100));
            (self.told)(Upgrade { records, percent });
        }
    }
}

impl Inner {
    /// Gives every record without our fields theirs, but those that clash with another one. Cheap when
    /// there is none.
    pub(super) async fn bring_along(&self, told: &Progress) -> Result<()> {
        let tally = Tally::new(told);
        let all = [Kind::Orgs, Kind::Admins].map(|kind| self.bring(kind, &tally, usize::MAX));
        futures_util::future::try_join_all(all).await?;
        tally.are(self.how_many_lack_listings().await?);
        for of in [ListScope::Trash, ListScope::Live] {
            self.complete_listings(of, usize::MAX, |more| tally.wrote(more)).await?;
        }
        Ok(())
    }

    /// As [`Inner::bring_along`], but no more than nobody has to wait for.
    pub(super) async fn bring_some_along(&self) -> Result<()> {
        let tally = Tally::new(&no_progress);
        let all = [Kind::Orgs, Kind::Admins].map(|kind| self.bring(kind, &tally, 1));
        futures_util::future::try_join_all(all).await?;
        // Trashed records keep their listings; those of an earlier version wait for an upgrade.
        self.complete_listings(ListScope::Live, 1, |_| ()).await
    }

    /// As [`Inner::bring_along`], of one organization, whatever others are at. Returns its record.
    pub(super) async fn bring_one_along(&self, org: ObjectId) -> Result<Option<Document>> {
        let itself = doc! { "_id": org };
        let mut lacking = Kind::Orgs.lacking();
        lacking.insert("_id", org);
        if let Some(record) = self.find_one(&self.orgs, lacking).await? {
            self.bring_alone(org, &record).await?;
        }
        self.find_one(&self.orgs, itself).await
    }

    async fn bring(&self, kind: Kind, tally: &Tally<'_>, batches: usize) -> Result<()> {
        let mut found = self.lacking(kind).await?;
        let mut batch = self.batch(&mut found).await?;
        if batches > 1 && batch.len() == BATCH {
            tally.are(self.how_many_lack().await?.iter().sum());
        }
        for left in (0..batches).rev() {
            if batch.is_empty() {
                return Ok(());
            }
            // The next ones are read while these are written.
            let next =
                async { if left == 0 { Ok(Vec::new()) } else { self.batch(&mut found).await } };
            let ((), next) = futures_util::future::try_join(self.write(kind, &batch), next).await?;
            tally.wrote(batch.len());
            batch = next;
        }
        Ok(())
    }

    /// How many records of each kind lack our fields.
    pub(super) async fn how_many_lack(&self) -> Result<[u64; 2]> {
        let count = async |kind: Kind| {
            let counted = self.collection(kind).count_documents(kind.lacking());
            counted.max_time(READ).await.map_err(|error| self.errors.translate(&error))
        };
        let (orgs, admins) =
            futures_util::future::try_join(count(Kind::Orgs), count(Kind::Admins)).await?;
        Ok([orgs, admins])
    }

    /// Sets our fields on each of these that has what nobody else has.
    async fn write(&self, kind: Kind, batch: &[(ObjectId, Document)]) -> Result<()> {
        let held_back = match kind {
            // The unique index on the claims finds them.
            Kind::Orgs => HashSet::new(),
            Kind::Admins => self.with_others_emails(batch).await?,
        };
        let batch: Vec<_> = batch.iter().filter(|(id, _)| !held_back.contains(id)).collect();
        if batch.is_empty() {
            return Ok(());
        }
        let updates =
            batch.iter().map(|(id, record)| kind.update(*id, record, &kind.claims(record)));
        let updates: Vec<Document> = updates.collect();
        for (at, refused) in self.refused_of(kind, updates).await? {
            let Some((id, record)) = batch.get(at) else { continue };
            match refused {
                code::DUPLICATE_KEY if kind == Kind::Orgs => self.bring_alone(*id, record).await?,
                // It stays as it is; see `why_held_back`.
                _ => {}
            }
        }
        Ok(())
    }

    /// Which of a command's updates were refused for what they would have written, and with which code.
    async fn refused_of(&self, kind: Kind, updates: Vec<Document>) -> Result<Vec<(usize, i32)>> {
        let name = self.collection(kind).name();
        let command = doc! { "update": name, "updates": updates, "ordered": false };
        let answer =
            write_command(&self.db, command).await.map_err(|e| self.errors.translate(&e))?;
        let Ok(errors) = answer.get_array("writeErrors") else { return Ok(Vec::new()) };
        if let Some(refused) = self.errors.of_updates(errors) {
            return Err(refused);
        }
        let mut refused = Vec::new();
        for error in errors.iter().filter_map(Bson::as_document) {
            let at = error.get_i32("index").ok().and_then(|at| usize::try_from(at).ok());
            match (at, error.get_i32("code")) {
                (Some(at), Ok(code @ (code::DUPLICATE_KEY | code::DOCUMENT_REFUSED))) => {
                    refused.push((at, code));
                }
                _ => {
                    return Err(StoreError::Other(format!(
                        "cannot upgrade the records of an older program: {}",
                        StoredText::from(text(error, "errmsg"))
                    )));
                }
            }
        }
        Ok(refused)
    }

    /// Brings one organization along that may not keep all it has: without its look where an older one
    /// looks the same, and with what one in the trash has to give away. Otherwise it is held back.
    async fn bring_alone(&self, id: ObjectId, record: &Document) -> Result<()> {
        let mut kept = Vec::new();
        for claim in record::claims(record) {
            match self.claimed_by(&claim, id).await? {
                None => kept.push(claim),
                Some(other) if shape::trash(&other).is_some() => {
                    if let Ok(other) = other.get_object_id("_id") {
                        self.give_away(other, &claim.to_string()).await?;
                    }
                    kept.push(claim);
                }
                Some(_) if claim.kind() == ClaimKind::Look => {}
                Some(_) => return Ok(()),
            }
        }
        // Where somebody has just taken the same, it is for the next time.
        let updates = vec![Kind::Orgs.update(id, record, &kept)];
        self.refused_of(Kind::Orgs, updates).await.map(|_| ())
    }

    pub(super) async fn claimed_by(
        &self,
        claim: &Claim,
        except: ObjectId,
    ) -> Result<Option<Document>> {
        let other = doc! { "claims": claim.to_string(), "_id": { "$ne": except } };
        self.find_one(&self.orgs, other).await
    }

    /// Which of these admins have an e-mail that an older one has, or one with our fields.
    async fn with_others_emails(
        &self,
        batch: &[(ObjectId, Document)],
    ) -> Result<HashSet<ObjectId>> {
        let keys: Vec<(ObjectId, String)> =
            batch.iter().map(|(id, admin)| (*id, email_key(text(admin, "email")))).collect();
        let asked: Vec<&String> =
            keys.iter().map(|(_, key)| key).filter(|key| !key.is_empty()).collect();
        let mut holders: HashMap<String, ObjectId> = HashMap::new();
        self.each(&self.admins, doc! { "email_key": { "$in": asked } }, |admin| {
            if let (Ok(id), key) = (admin.get_object_id("_id"), email_key(text(&admin, "email"))) {
                holders.insert(key, id);
            }
        })
        .await?;
        let mut held_back = HashSet::new();
        for (id, key) in keys.into_iter().filter(|(_, key)| !key.is_empty()) {
            if *holders.entry(key).or_insert(id) != id {
                held_back.insert(id);
            }
        }
        Ok(held_back)
    }

    /// Takes our fields off records that another program changed since. Returns how many those were.
    pub(super) async fn forget_stale(&self) -> Result<u64> {
        let say = |error| self.errors.translate(&error);
        let orgs = self.orgs.update_many(stale_orgs(), doc! { "$unset": ours() });
        let ours = doc! { "email_key": "", "seen": "" };
        let admins = self.admins.update_many(stale_admins(), doc! { "$unset": ours });
        let (orgs, admins) =
            futures_util::future::try_join(async { orgs.await }, async { admins.await })
                .await
                .map_err(say)?;
        Ok(orgs.modified_count + admins.modified_count)
    }

    /// An organization in the trash no longer claims what another program gave to somebody else.
    async fn give_away(&self, org: ObjectId, claim: &str) -> Result<()> {
        let rest = doc! { "$setDifference": ["$claims", [{ "$literal": claim }]] };
        // None at all must be a missing field.
        let none = doc! { "$eq": [{ "$size": &rest }, 0] };
        let claims = doc! { "$cond": [none, "$$REMOVE", rest] };
        let filter = doc! { "_id": org, "trash": { "$exists": true }, "claims": claim };
        let given = self.orgs.update_one(filter, vec![doc! { "$set": { "claims": claims } }]).await;
        given.map(|_| ()).map_err(|error| self.errors.translate(&error))
    }

    pub(super) fn collection(&self, kind: Kind) -> &Exact<Record> {
        match kind {
            Kind::Orgs => &self.orgs,
            Kind::Admins => &self.admins,
        }
    }

    /// The records without our fields, the oldest first.
    async fn lacking(&self, kind: Kind) -> Result<Cursor<Record>> {
        let found =
            self.collection(kind).find(kind.lacking()).sort(doc! { "_id": 1 }).max_time(READ).await;
        found.map_err(|error| self.errors.translate(&error))
    }

    /// The next records; empty at the end.
    async fn batch(&self, found: &mut Cursor<Record>) -> Result<Vec<(ObjectId, Document)>> {
        let mut batch = Vec::new();
        while batch.len() < BATCH && found.advance().await.map_err(|e| self.errors.translate(&e))? {
            let record = found.deserialize_current().ok().map(|record| record.0);
            batch.extend(record.and_then(|r| Some((r.get_object_id("_id").ok()?, r))));
        }
        Ok(batch)
    }
}

/// What was not UTF-8 reads as U+FFFD and cannot be compared, and a thousand large ones would be too
/// much for one command.
fn is_comparable(value: &Bson) -> bool {
    value.as_str().is_some_and(|text| text.len() < 1024 && !text.contains('\u{fffd}'))
}

/// Our fields on an organization that are derived from the service's.
pub(super) fn ours() -> Document {
    ADDED.iter().map(|field| ((*field).to_owned(), Bson::from(""))).collect()
}

/// Finds records of ours that another program changed since.
pub(super) fn stale_orgs() -> Document {
    let mut filter = doc! {
        "name_key": shape::is("string"),
        "$expr": record::is_stale(&record::SEEN),
    };
    filter.extend(shape::derivable(&ADDED[1..]));
    filter.extend(shape::is_idle());
    filter
}

/// Finds admins of ours that another program changed since.
pub(super) fn stale_admins() -> Document {
    let mut filter = doc! {
        "email_key": shape::is("string"),
        "$expr": record::is_stale(&record::SEEN_OF_ADMIN),
    };
    filter.extend(shape::derivable(&["seen"]));
    filter
}

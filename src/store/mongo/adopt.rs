//! Bringing a database of the old service up to date by adding only: our fields on records that lack
//! them. When two of those records (or one and one of ours) cannot both keep what
//! they have, nothing at all is written and the database is only read.
//!
//! Records are gone through twice, in batches: to see whether any clash, and to write. In between only
//! a fingerprint of every claim is kept, so that a million records fit into memory.
//!
//! Where another program changed a record of ours since, our fields on it are taken off, which makes it
//! one of those. And what is in the trash gives way: the service does not know that its name is taken.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    sync::atomic::{AtomicU64, Ordering},
};

use mongodb::{
    Collection, Cursor,
    bson::{Bson, Document, doc, oid::ObjectId},
};

use super::{
    Inner, READ,
    connect::write_command,
    read::{Record, unadopted},
    record::{self, text},
    shape,
};
use crate::{
    org::{Claim, ClaimKind, StoredText, email_key},
    store::{Progress, Result, StoreError, Upgrade, untold},
};

/// How many records are written or asked about at once.
const BATCH: usize = 1_000;

/// Our fields of an organization beside the one that tells whether it has them.
const DERIVED: [&str; 6] = ["look", "look_as_typed", "email_key", "created_key", "claims", "seen"];

/// The most clashes that are named.
const NAMED: usize = 5;

/// Which records are brought up to date.
#[derive(Clone, Copy)]
enum Kind {
    Orgs,
    Admins,
}

/// Who holds what, by fingerprint.
type Held = HashMap<u64, ObjectId>;

/// What the records without our fields may keep.
#[derive(Default)]
struct Looked {
    held: Held,
    clashes: Vec<String>,
    /// What organizations in the trash have to give away.
    given_away: Vec<(ObjectId, String)>,
}

impl Kind {
    /// Our field that tells a record that has ours.
    fn marker(self) -> &'static str {
        match self {
            Self::Orgs => "name_key",
            Self::Admins => "email_key",
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
    fn lacking(self) -> Document {
        let mut filter = match self {
            Self::Orgs => unadopted(),
            Self::Admins => Document::new(),
        };
        // What another program keeps where ours would be stays.
        filter.insert(self.marker(), doc! { "$exists": false });
        filter.extend(match self {
            Self::Orgs => shape::derivable(&DERIVED),
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

    /// What a record with our fields has claimed; also one that is only being created.
    fn kept(self, record: &Document) -> Vec<String> {
        match self {
            Self::Orgs => record::stored_claims(record),
            Self::Admins => self.claims(record).iter().map(Claim::to_string).collect(),
        }
    }

    /// Finds the records with our fields that have one of these claims.
    fn holding(self, claims: &[Claim]) -> Document {
        match self {
            Self::Orgs => {
                let claims: Vec<String> = claims.iter().map(Claim::to_string).collect();
                doc! { "claims": { "$in": claims } }
            }
            Self::Admins => {
                let emails = claims.iter().map(|claim| match claim {
                    Claim::Name(value)
                    | Claim::Look(value)
                    | Claim::Collection(value)
                    | Claim::Email(value) => value.as_str(),
                });
                doc! { "email_key": { "$in": emails.collect::<Vec<_>>() } }
            }
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
}

/// To write a record takes so many times as long as to look at it.
const WRITING: u64 = 4;

/// How far it is: each record is looked at once and written once.
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
        self.records.store(records, Ordering::Relaxed);
    }

    fn looked_at(&self, records: usize) {
        self.did(records as u64);
    }

    fn wrote(&self, records: usize) {
        self.did(records as u64 * WRITING);
    }

    fn did(&self, work: u64) {
        let done = self.done.fetch_add(work, Ordering::Relaxed) + work;
        let records = self.records.load(Ordering::Relaxed);
        if let Some(percent) = (done * 100).checked_div(records * (1 + WRITING)) {
            let percent = u8::try_from(percent).map_or(100, |percent| percent.min(100));
            (self.told)(Upgrade { records, percent });
        }
    }
}

impl Inner {
    /// Gives every record without our fields theirs, or says which clash. Cheap when there is none.
    pub(super) async fn adopt(&self, told: &Progress) -> Result<()> {
        let tally = Tally::new(told);
        let (orgs, admins) = self.look_at_all(&tally).await?;
        let clashes: Vec<&String> = orgs.clashes.iter().chain(&admins.clashes).collect();
        if !clashes.is_empty() {
            let named: Vec<&str> = clashes.iter().take(NAMED).map(|c| c.as_str()).collect();
            let more = match clashes.len() - named.len() {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            self.only_readable(format!(
                "records in it clash: {}{more}; rename or remove one of each with the program that \
                 made them, then open it again",
                named.join("; ")
            ));
            return Ok(());
        }
        for (org, claim) in &orgs.given_away {
            self.give_away(*org, claim).await?;
        }
        self.write(Kind::Orgs, &orgs.held, &tally).await?;
        self.write(Kind::Admins, &admins.held, &tally).await
    }

    /// Which records cannot both keep what they have, in words.
    pub(super) async fn clashes(&self) -> Result<Vec<String>> {
        let (orgs, admins) = self.look_at_all(&Tally::new(&untold)).await?;
        Ok(orgs.clashes.into_iter().chain(admins.clashes).collect())
    }

    /// Takes our fields off records that another program changed since. Returns how many those were.
    pub(super) async fn forget_stale(&self) -> Result<u64> {
        let say = |error| self.words.of(&error);
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
        given.map(|_| ()).map_err(|error| self.words.of(&error))
    }

    fn collection(&self, kind: Kind) -> &Collection<Record> {
        match kind {
            Kind::Orgs => &self.orgs,
            Kind::Admins => &self.admins,
        }
    }

    async fn look_at_all(&self, tally: &Tally<'_>) -> Result<(Looked, Looked)> {
        let (orgs, admins) = (self.look(Kind::Orgs, tally), self.look(Kind::Admins, tally));
        futures_util::future::try_join(orgs, admins).await
    }

    /// Who may keep which claim, and which records clash.
    async fn look(&self, kind: Kind, tally: &Tally<'_>) -> Result<Looked> {
        let mut looked = Looked::default();
        let mut found = self.lacking(kind).await?;
        let mut first = true;
        loop {
            let batch = self.batch(&mut found).await?;
            if batch.is_empty() {
                return Ok(looked);
            }
            if std::mem::take(&mut first) && batch.len() == BATCH {
                let all = [Kind::Orgs, Kind::Admins].map(|kind| self.how_many_lack(kind));
                tally.are(futures_util::future::try_join_all(all).await?.iter().sum());
            }
            let claims: Vec<Claim> = batch.iter().flat_map(|(_, r)| kind.claims(r)).collect();
            self.note_holders(kind, &claims, &mut looked).await?;
            for (id, record) in &batch {
                for claim in kind.claims(record) {
                    let other = *looked.held.entry(fingerprint(&claim.to_string())).or_insert(*id);
                    // Of two equal looks the older record has the claim, the other goes without.
                    if other != *id && claim.kind() != ClaimKind::Look {
                        looked.clashes.extend(self.clash(kind, record, other, &claim).await?);
                    }
                }
            }
            tally.looked_at(batch.len());
        }
    }

    /// Notes which of these claims records with our fields have.
    async fn note_holders(&self, kind: Kind, claims: &[Claim], looked: &mut Looked) -> Result<()> {
        let asked: HashSet<String> = claims.iter().map(Claim::to_string).collect();
        let found = self.collection(kind).find(kind.holding(claims)).max_time(READ).await;
        let mut found = found.map_err(|error| self.words.of(&error))?;
        loop {
            let batch = self.batch(&mut found).await?;
            if batch.is_empty() {
                return Ok(());
            }
            for (id, record) in batch {
                for claim in kind.kept(&record) {
                    if shape::trash(&record).is_none() {
                        looked.held.entry(fingerprint(&claim)).or_insert(id);
                    } else if asked.contains(&claim) {
                        looked.given_away.push((id, claim));
                    }
                }
            }
        }
    }

    /// The clash in words; none when only the fingerprints are equal, and none with what is only being
    /// created: whoever creates it sees the other record and gives way.
    async fn clash(
        &self,
        kind: Kind,
        one: &Document,
        other: ObjectId,
        claim: &Claim,
    ) -> Result<Option<String>> {
        let other = self.find_one(self.collection(kind), doc! { "_id": other }).await?;
        let clashes =
            |other: &Document| record::org(other).is_some() || matches!(kind, Kind::Admins);
        let same = |other: &Document| {
            kind.claims(other).contains(claim) || kind.kept(other).contains(&claim.to_string())
        };
        let Some(other) = other.filter(clashes).filter(same) else { return Ok(None) };
        let what = match (kind, claim) {
            (Kind::Admins, _) => {
                let email = StoredText::from(text(one, "email"));
                return Ok(Some(format!("two admins have the e-mail “{email}”")));
            }
            (_, Claim::Name(_)) => "name",
            (_, Claim::Look(_)) => "look",
            (_, Claim::Collection(_)) => "collection",
            (_, Claim::Email(_)) => "e-mail",
        };
        let (one, other) = (record::called(one), record::called(&other));
        Ok(Some(format!("“{other}” and “{one}” have the same {what}")))
    }

    /// Sets our fields on each record that was looked at and still lacks them.
    async fn write(&self, kind: Kind, held: &Held, tally: &Tally<'_>) -> Result<()> {
        let mut found = self.lacking(kind).await?;
        loop {
            let batch = self.batch(&mut found).await?;
            if batch.is_empty() {
                return Ok(());
            }
            let mut updates = Vec::with_capacity(batch.len());
            for (id, record) in &batch {
                let has = |claim: &Claim| held.get(&fingerprint(&claim.to_string())) == Some(id);
                let (kept, lost): (Vec<_>, Vec<_>) = kind.claims(record).into_iter().partition(has);
                // One that was added since is for the next time.
                if lost.iter().any(|claim| claim.kind() != ClaimKind::Look) {
                    continue;
                }
                let mut filter = kind.lacking();
                filter.insert("_id", id);
                for field in kind.seen() {
                    if let Some(value) = record.get(field).filter(|value| is_comparable(value)) {
                        filter.insert(*field, doc! { "$eq": value.clone() });
                    }
                }
                let mut fields = Document::new();
                for (field, value) in kind.fields(record, &kept) {
                    fields.insert(field, doc! { "$literal": value });
                }
                fields.insert("seen", record::seen_now(kind.seen()));
                // Nothing from a former time may stay in it.
                let update = vec![doc! { "$unset": "seen" }, doc! { "$set": fields }];
                updates.push(doc! { "q": filter, "u": update });
            }
            tally.wrote(batch.len());
            if updates.is_empty() {
                continue;
            }
            let name = self.collection(kind).name();
            let command = doc! { "update": name, "updates": updates, "ordered": false };
            let answer = write_command(&self.db, command).await.map_err(|e| self.words.of(&e))?;
            if let Ok(errors) = answer.get_array("writeErrors") {
                if let Some(refused) = self.words.of_updates(errors) {
                    return Err(refused);
                }
                let first = errors.first().and_then(Bson::as_document);
                // Somebody has just taken the same name: the next time says who.
                return Err(StoreError::Other(format!(
                    "records of an older program could not be brought up to date: {}; try again",
                    StoredText::from(first.map_or("", |error| text(error, "errmsg")))
                )));
            }
        }
    }

    /// The records without our fields, the oldest first.
    async fn lacking(&self, kind: Kind) -> Result<Cursor<Record>> {
        let found =
            self.collection(kind).find(kind.lacking()).sort(doc! { "_id": 1 }).max_time(READ).await;
        found.map_err(|error| self.words.of(&error))
    }

    async fn how_many_lack(&self, kind: Kind) -> Result<u64> {
        let counted = self.collection(kind).count_documents(kind.lacking()).max_time(READ).await;
        counted.map_err(|error| self.words.of(&error))
    }

    /// The next records; empty at the end.
    async fn batch(&self, found: &mut Cursor<Record>) -> Result<Vec<(ObjectId, Document)>> {
        let mut batch = Vec::new();
        while batch.len() < BATCH && found.advance().await.map_err(|e| self.words.of(&e))? {
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
    doc! {
        "name_key": "", "look": "", "look_as_typed": "", "email_key": "", "created_key": "",
        "claims": "", "seen": "",
    }
}

/// Finds records of ours that another program changed since.
pub(super) fn stale_orgs() -> Document {
    let mut filter = doc! {
        "name_key": shape::is("string"),
        "$expr": record::is_stale(&record::SEEN),
    };
    filter.extend(shape::derivable(&DERIVED));
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

fn fingerprint(claim: &str) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(claim)
}

//! Bringing a database of the old service up to date by adding only: indexes, and our fields on
//! records that lack them. When two of those records (or one and one of ours) cannot both keep what
//! they have, nothing at all is written and the database is only read.

use std::collections::{HashMap, HashSet};

use mongodb::{
    Collection, IndexModel,
    bson::{Bson, Document, doc, oid::ObjectId},
    options::IndexOptions,
};

use super::{
    Inner, READ,
    connect::write_command,
    read::{Record, unadopted},
    record::{self, text},
};
use crate::{
    org::{Claim, ClaimKind, StoredText, email_key},
    store::{Result, StoreError},
};

/// How many records are written or asked about at once.
const BATCH: usize = 1_000;

/// The most clashes that are named.
const NAMED: usize = 5;

/// What is to be written, and why it cannot be.
#[derive(Default)]
struct Plan {
    records: Vec<(ObjectId, Document)>,
    clashes: Vec<String>,
}

impl Inner {
    /// Gives every record without our fields theirs, or says which clash. Cheap when there is none.
    pub(super) async fn adopt(&self) -> Result<()> {
        let (orgs, admins) =
            futures_util::future::try_join(self.plan_orgs(), self.plan_admins()).await?;
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
        self.write(&self.orgs, "name_key", orgs.records).await?;
        self.write(&self.admins, "email_key", admins.records).await
    }

    async fn plan_orgs(&self) -> Result<Plan> {
        let say = |error| self.words.of(&error);
        let mut plan = Plan::default();
        let mut held: HashMap<Claim, StoredText> = HashMap::new();
        // By `_id`, so that of two equal looks the older one gets the claim.
        let found = self.orgs.find(unadopted()).sort(doc! { "_id": 1 }).max_time(READ).await;
        let mut found = found.map_err(say)?;
        loop {
            let mut batch = Vec::with_capacity(BATCH);
            while batch.len() < BATCH && found.advance().await.map_err(say)? {
                batch.extend(found.deserialize_current().ok().map(|record| record.0));
            }
            if batch.is_empty() {
                return Ok(plan);
            }
            let all: Vec<Claim> = batch.iter().flat_map(record::claims).collect();
            let taken = self.claimed(&all).await?;
            for record in &batch {
                let called = record::called(record);
                let mut claims = Vec::new();
                for claim in record::claims(record) {
                    let text = claim.to_string();
                    let other = held.get(&claim).or_else(|| taken.get(&text));
                    match (other, claim.kind()) {
                        (Some(_), ClaimKind::Look) => {}
                        (Some(other), kind) => plan.clashes.push(clash(&called, other, kind)),
                        (None, _) => {
                            held.insert(claim, called.clone());
                            claims.push(text);
                        }
                    }
                }
                let Ok(id) = record.get_object_id("_id") else { continue };
                let mut fields = record::derived(record);
                if !claims.is_empty() {
                    fields.insert("claims", claims);
                }
                plan.records.push((id, fields));
            }
        }
    }

    async fn plan_admins(&self) -> Result<Plan> {
        let say = |error| self.words.of(&error);
        let mut plan = Plan::default();
        let mut seen = HashSet::new();
        let found = self.admins.find(doc! { "email_key": null }).max_time(READ).await;
        let mut found = found.map_err(say)?;
        loop {
            let mut batch = Vec::with_capacity(BATCH);
            while batch.len() < BATCH && found.advance().await.map_err(say)? {
                batch.extend(found.deserialize_current().ok().map(|record| record.0));
            }
            if batch.is_empty() {
                return Ok(plan);
            }
            let keys: Vec<String> = batch.iter().map(|a| email_key(text(a, "email"))).collect();
            let filter = doc! { "email_key": { "$in": &keys } };
            let mut others = self.admins.find(filter).max_time(READ).await.map_err(say)?;
            while others.advance().await.map_err(say)? {
                let other = others.deserialize_current().map_err(say)?;
                seen.insert(text(&other, "email_key").to_owned());
            }
            for (admin, key) in batch.iter().zip(keys) {
                if !key.is_empty() && !seen.insert(key.clone()) {
                    let email = StoredText::from(key.as_str());
                    plan.clashes.push(format!("two admins have the e-mail “{email}”"));
                }
                if let Ok(id) = admin.get_object_id("_id") {
                    plan.records.push((id, doc! { "email_key": key }));
                }
            }
        }
    }

    /// Which of these claims are held, and by whom.
    async fn claimed(&self, claims: &[Claim]) -> Result<HashMap<String, StoredText>> {
        let say = |error| self.words.of(&error);
        let texts: Vec<String> = claims.iter().map(Claim::to_string).collect();
        let mut held = HashMap::new();
        let filter = doc! { "claims": { "$in": texts } };
        let mut found = self.orgs.find(filter).max_time(READ).await.map_err(say)?;
        while found.advance().await.map_err(say)? {
            let record = found.deserialize_current().map_err(say)?;
            for claim in record::stored_claims(&record) {
                held.insert(claim, record::called(&record));
            }
        }
        Ok(held)
    }

    /// Sets the fields on each record that still lacks `marker`.
    async fn write(
        &self,
        collection: &Collection<Record>,
        marker: &str,
        records: Vec<(ObjectId, Document)>,
    ) -> Result<()> {
        for batch in records.chunks(BATCH) {
            let updates: Vec<Document> = batch
                .iter()
                .map(|(id, fields)| {
                    let mut filter = doc! { "_id": id, "pending": null };
                    filter.insert(marker, Bson::Null);
                    doc! { "q": filter, "u": { "$set": fields } }
                })
                .collect();
            let command = doc! {
                "update": collection.name(),
                "updates": updates,
                "ordered": false,
            };
            let answer = write_command(&self.db, command).await.map_err(|e| self.words.of(&e))?;
            if let Ok(errors) = answer.get_array("writeErrors") {
                let first = errors.first().and_then(Bson::as_document);
                // A console or the old service has just taken the same name: the next time says whose.
                return Err(StoreError::Other(format!(
                    "records of an older program could not be brought up to date: {}; try again",
                    StoredText::from(first.map_or("", |error| text(error, "errmsg")))
                )));
            }
        }
        Ok(())
    }

    /// Makes the indexes that are missing.
    pub(super) async fn index(&self) -> Result<()> {
        let sparse = || IndexOptions::builder().sparse(true).build();
        let unique = IndexOptions::builder().sparse(true).unique(true).build();
        let orgs = [
            (doc! { "claims": 1 }, unique),
            (doc! { "name_key": 1, "_id": 1 }, IndexOptions::default()),
            (doc! { "created_key": 1, "_id": 1 }, IndexOptions::default()),
            (doc! { "email_key": 1, "_id": 1 }, IndexOptions::default()),
            (doc! { "look": 1 }, IndexOptions::default()),
            (doc! { "admin_id": 1 }, IndexOptions::default()),
            (doc! { "pending.at": 1 }, sparse()),
        ];
        // E-mails are kept apart by the organizations' claims. A sparse index could not find the
        // admins that lack the field.
        let admins = [(doc! { "email_key": 1 }, IndexOptions::default())];
        self.index_collection(&self.orgs, orgs.into()).await?;
        self.index_collection(&self.admins, admins.into()).await
    }

    async fn index_collection(
        &self,
        collection: &Collection<Record>,
        wanted: Vec<(Document, IndexOptions)>,
    ) -> Result<()> {
        let say = |error| self.words.of(&error);
        let mut there = Vec::new();
        if self.uuid_of(collection.name()).await?.is_some() {
            let mut found = collection.list_indexes().await.map_err(say)?;
            while found.advance().await.map_err(say)? {
                there.push(found.deserialize_current().map_err(say)?.keys);
            }
        }
        let missing: Vec<IndexModel> = wanted
            .into_iter()
            .filter(|(keys, _)| !there.contains(keys))
            .map(|(keys, options)| IndexModel::builder().keys(keys).options(options).build())
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        collection.create_indexes(missing).await.map(|_| ()).map_err(say)
    }
}

fn clash(one: &StoredText, other: &StoredText, kind: ClaimKind) -> String {
    let what = match kind {
        ClaimKind::Name => "name",
        ClaimKind::Look => "look",
        ClaimKind::Collection => "collection",
        ClaimKind::Email => "e-mail",
    };
    format!("“{other}” and “{one}” have the same {what}")
}

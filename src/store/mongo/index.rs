//! The indexes of the master database, for every question that is asked of it.

use std::time::Duration;

use futures_util::future::try_join_all;
use mongodb::{
    IndexModel,
    bson::{Document, doc},
    options::IndexOptions,
};

use super::{
    Inner, attempt,
    connect::read_cursor,
    exact::{Exact, simple},
    read::Record,
};
use crate::store::{Outcome, Result, StoreError};

impl Inner {
    /// Makes the indexes that are missing.
    pub(super) async fn index(&self) -> Result<()> {
        let all = self.wanted_indexes().into_iter();
        let made = all.map(async |(collection, wanted)| {
            let missing = self.missing_of(collection, wanted).await?;
            if missing.is_empty() {
                return Ok(());
            }
            let made = collection.create_indexes(missing).await;
            made.map(|_| ()).map_err(|error| self.errors.translate(&error))
        });
        try_join_all(made).await.map(|_| ())
    }

    /// The indexes that are missing, by collection, as their keys. Whoever may not look takes all for
    /// missing.
    pub(super) async fn missing_indexes(&self) -> Result<Vec<(String, Vec<String>)>> {
        let mut all = Vec::new();
        for (collection, wanted) in self.wanted_indexes() {
            let missing = match self.missing_of(collection, wanted.clone()).await {
                Err(StoreError::Refused { .. }) => models(wanted),
                missing => missing?,
            };
            if !missing.is_empty() {
                let keys = missing.iter().map(|index| {
                    let fields: Vec<&str> = index.keys.keys().map(String::as_str).collect();
                    fields.join(", ")
                });
                all.push((collection.name().to_owned(), keys.collect()));
            }
        }
        Ok(all)
    }

    fn wanted_indexes(&self) -> [(&Exact<Record>, Wanted); 5] {
        let sparse = || IndexOptions::builder().sparse(true).build();
        let unknown = doc! { "outcome": Outcome::Unknown.word() };
        let unknown = IndexOptions::builder().partial_filter_expression(unknown).build();
        let unique = IndexOptions::builder().sparse(true).unique(true).build();
        let orgs = [
            (doc! { "claims": 1 }, unique),
            (doc! { "name_key": 1, "_id": 1 }, IndexOptions::default()),
            // Ends with what a search reads, so that a walk reads nothing else of what it does not find.
            (doc! { "listing.key": 1, "_id": 1, "listing.text": 1 }, IndexOptions::default()),
            (doc! { "listing.grams": 1 }, sparse()),
            (doc! { "suspended": 1 }, sparse()),
            (doc! { "created_key": 1, "_id": 1 }, IndexOptions::default()),
            (doc! { "email_key": 1, "_id": 1 }, IndexOptions::default()),
            (doc! { "look": 1 }, IndexOptions::default()),
            (doc! { "look_as_typed": 1 }, IndexOptions::default()),
            (doc! { "admin_id": 1 }, IndexOptions::default()),
            // Another program may have changed it since our own was derived from it.
            (doc! { "organization_name": 1 }, IndexOptions::default()),
            (doc! { "collection_name": 1 }, IndexOptions::default()),
            (doc! { "pending.at": 1 }, sparse()),
            (doc! { "former": 1 }, sparse()),
            (doc! { "trash.name_key": 1, "_id": 1 }, sparse()),
            (doc! { "trash.listing.key": 1, "_id": 1 }, sparse()),
            // And which of them have no listing.
            (doc! { "trash.at": 1, "_id": 1, "trash.listing.key": 1 }, sparse()),
            (doc! { "trash.email_key": 1, "_id": 1 }, sparse()),
        ];
        // E-mails are kept apart by the organizations' claims. A sparse index could not find the
        // admins that lack the field.
        let admins = [
            (doc! { "email_key": 1 }, IndexOptions::default()),
            (doc! { "email": 1 }, IndexOptions::default()),
            (doc! { "organization_id": 1 }, sparse()),
            (doc! { "trash.organization": 1 }, sparse()),
            (doc! { "joining": 1 }, sparse()),
        ];
        let audit = [
            (doc! { "entry": 1 }, IndexOptions::builder().unique(true).build()),
            (doc! { "of": 1 }, sparse()),
            (doc! { "outcome": 1 }, unknown),
            (doc! { "organization_id": 1, "_id": -1 }, IndexOptions::default()),
            (doc! { "organization_name": 1, "_id": -1 }, IndexOptions::default()),
        ];
        let attempts =
            [(doc! { "at": 1 }, IndexOptions::builder().expire_after(attempt::KEPT).build())];
        // At its own time, not so long after it.
        let ended = IndexOptions::builder().expire_after(Duration::ZERO).build();
        let short_lived = [(doc! { "expires_at": 1 }, ended)];
        [
            (&self.orgs, orgs.into()),
            (&self.admins, admins.into()),
            (&self.audit.entries, audit.into()),
            (&self.attempts, attempts.into()),
            (&self.short_lived, short_lived.into()),
        ]
    }

    async fn missing_of(
        &self,
        collection: &Exact<Record>,
        wanted: Wanted,
    ) -> Result<Vec<IndexModel>> {
        let say = |error| self.errors.translate(&error);
        let mut missing = models(wanted);
        if self.uuid_of(collection.name()).await?.is_none() {
            return Ok(missing);
        }
        let command = doc! { "listIndexes": collection.name() };
        let mut found = read_cursor(&self.db, command).await.map_err(say)?;
        while found.advance().await.map_err(say)? {
            let there = found.deserialize_current().map_err(say)?;
            let Ok(keys) = there.get_document("key") else { continue };
            // One with the collection's own collation answers no question of ours, and has the usual name.
            if there.contains_key("collation") {
                missing.iter_mut().filter(|index| index.keys == *keys).for_each(rename);
            } else {
                missing.retain(|index| index.keys != *keys);
            }
        }
        Ok(missing)
    }
}

/// Keys and options.
type Wanted = Vec<(Document, IndexOptions)>;

fn models(wanted: Wanted) -> Vec<IndexModel> {
    let model = |(keys, mut options): (Document, IndexOptions)| {
        options.collation = Some(simple());
        IndexModel::builder().keys(keys).options(options).build()
    };
    wanted.into_iter().map(model).collect()
}

/// Gives an index a name beside the usual one.
fn rename(index: &mut IndexModel) {
    let fields: Vec<&str> = index.keys.keys().map(String::as_str).collect();
    let name = format!("{}_simple", fields.join("_"));
    index.options.get_or_insert_default().name = Some(name);
}

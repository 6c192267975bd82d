//! The indexes of the master database, for every question that is asked of it.

use futures_util::future::try_join4;
use mongodb::{
    Collection, IndexModel,
    bson::{Document, doc},
    options::IndexOptions,
};

use super::{Inner, attempt, read::Record};
use crate::store::{Outcome, Result};

impl Inner {
    /// Makes the indexes that are missing.
    pub(super) async fn index(&self) -> Result<()> {
        let sparse = || IndexOptions::builder().sparse(true).build();
        let unknown = doc! { "outcome": Outcome::Unknown.word() };
        let unknown = IndexOptions::builder().partial_filter_expression(unknown).build();
        let unique = IndexOptions::builder().sparse(true).unique(true).build();
        let orgs = [
            (doc! { "claims": 1 }, unique),
            (doc! { "name_key": 1, "_id": 1 }, IndexOptions::default()),
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
            (doc! { "trash.at": 1, "_id": 1 }, sparse()),
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
        try_join4(
            self.index_collection(&self.orgs, orgs.into()),
            self.index_collection(&self.admins, admins.into()),
            self.index_collection(&self.audit.entries, audit.into()),
            self.index_collection(&self.attempts, attempts.into()),
        )
        .await
        .map(|_| ())
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

//! Everything of an organization, read in one transaction for an archive. It takes as long as there are documents, so
//! it has a connection of its own: other reads, and writes, go on.

use std::path::Path;

use async_trait::async_trait;
use bson::{oid::ObjectId, rawdoc};
use rusqlite::Connection;

use super::{
    SqliteStore, admins,
    error::{Attempt, Fault},
    file::Open,
    read,
    row::held_in,
};
use crate::{
    archive::{Collection, Consistency, Source, SourceKind},
    store::{
        DocumentSink, Exported, Exports, Result, StoreError,
        export::{admin_of, ensure_complete, record_of},
    },
};

#[async_trait]
impl Exports for SqliteStore {
    async fn export(&self, org: ObjectId, documents: DocumentSink) -> Result<Exported> {
        let own = self.run(|open| Ok(open.path().to_owned())).await?;
        if own.as_os_str().is_empty() {
            // In memory there is one connection, and nothing is waited for but who takes the documents.
            let mut sink = documents;
            return self
                .run(move |open| {
                    let tx = open.connection()?.transaction()?;
                    export(&tx, org, &mut sink)
                })
                .await;
        }
        let place = self.place.clone();
        let reading = tokio::task::spawn_blocking(move || beside(&own, org, documents));
        match reading.await {
            Ok(read) => read.map_err(|fault| fault.into_error(&place)),
            Err(problem) => Err(StoreError::Other(problem.to_string())),
        }
    }
}

/// On a connection of its own. It ends soon after the other end of the channel is gone.
fn beside(path: &Path, org: ObjectId, mut documents: DocumentSink) -> Attempt<Exported> {
    let mut open = Open::beside(path)?;
    loop {
        let tx = open.connection()?.transaction()?;
        let read = export(&tx, org, &mut documents);
        drop(tx);
        // A file without a log that was changed meanwhile is read again.
        if read.is_err() || open.was_steady() {
            return read;
        }
    }
}

/// In one transaction, so as of one time.
fn export(tx: &Connection, id: ObjectId, documents: &mut DocumentSink) -> Attempt<Exported> {
    documents.begin_blocking()?;
    let org = read::org_where(tx, "id = ?", id.bytes())?.ok_or(StoreError::Gone)?;
    let suspended: bool = tx
        .prepare_cached("SELECT suspended FROM organizations WHERE id = ?")?
        .query_row([id.bytes()], |row| row.get(0))?;
    let admins = admins::admins(tx, id)?;
    let admins = admins.iter().map(admin_of).collect::<Result<_>>()?;
    let collection = &*held_in(&org);
    let mut statement = tx.prepare(
        "SELECT bson FROM documents \
         WHERE collection = (SELECT row FROM collections WHERE name = ?) ORDER BY key",
    )?;
    let mut rows = statement.query([collection])?;
    while let Some(row) = rows.next()? {
        documents.push_blocking(row.get_ref(0)?.as_blob().map_err(|_| Fault::Garbage)?)?;
    }
    documents.flush_blocking()?;
    ensure_complete(documents.count(), read::statistics(tx, collection)?.documents)?;
    Ok(Exported {
        organization: record_of(&org, suspended)?,
        admins,
        collection: Collection {
            name: org.collection.clone(),
            uuid: None,
            options: rawdoc! {},
            // The one that every collection has.
            indexes: vec![rawdoc! { "v": 2, "key": { "_id": 1 }, "name": "_id_" }],
        },
        source: Source { kind: SourceKind::Embedded, server_version: None },
        consistency: Consistency::Transaction,
        documents: documents.count(),
        org,
    })
}

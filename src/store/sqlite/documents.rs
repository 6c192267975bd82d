//! The documents of organizations. Those that match a filter are looked at one after the other, a few at a time, so
//! that other reads of the same console have their turn in between, and a read that is given up ends soon.

use std::sync::Arc;

use async_trait::async_trait;
use bson::{Bson, RawDocument, RawDocumentBuf, oid::ObjectId};
use rusqlite::Connection;

use super::{
    SqliteStore,
    document::{self, key, stored},
    document_write,
    error::{Attempt, Fault},
    logged, read,
    row::held_in,
};
use crate::{
    document::filter::Filter,
    org::Org,
    store::{
        DocumentAt, DocumentPage, DocumentQuery, DocumentWrite, Documents, Entry, Result,
        SortField, Statistics, StoreError,
    },
};

/// How many documents are looked at in a row: some milliseconds.
const AT_ONCE: u32 = 1000;

/// A way through a collection.
#[derive(Debug)]
struct Scan {
    collection: String,
    filter: Filter,
    query: DocumentQuery,
    /// Whether those that match are kept, or counted only.
    keep: bool,
}

/// What was looked at in a row.
#[derive(Debug, Default)]
struct Looked {
    /// The key of the document that was looked at last.
    key: Option<Vec<u8>>,
    /// Whether there are no more.
    ended: bool,
    /// How many were looked at.
    count: u32,
    /// How many matched.
    matching: u64,
    /// Those that matched and are kept.
    documents: Vec<RawDocumentBuf>,
}

impl Scan {
    /// From where a query begins, for what matches.
    fn new(collection: &str, filter: Filter, query: DocumentQuery, keep: bool) -> Self {
        Self { collection: collection.to_owned(), filter, query, keep }
    }

    /// Looks at the next documents behind this key, until so many match.
    fn look(
        &self,
        connection: &Connection,
        key_before: Option<&Vec<u8>>,
        most: u64,
    ) -> Attempt<Looked> {
        let key_before = match (key_before, self.query.from()) {
            (Some(key), _) => Some(key.clone()),
            (None, None) => None,
            (None, Some(place)) => Some(key(&place.id)?),
        };
        let (than, direction) =
            if self.query.is_against_values() { ("<", "DESC") } else { (">", "ASC") };
        let mut statement = connection.prepare_cached(&format!(
            "SELECT key, bson FROM documents \
             WHERE collection = (SELECT row FROM collections WHERE name = ?1) \
             AND (?2 IS NULL OR key {than} ?2) ORDER BY key {direction} LIMIT ?3"
        ))?;
        let mut rows = statement.query((&self.collection, key_before, AT_ONCE))?;
        let mut looked = Looked::default();
        while looked.matching < most {
            let Some(row) = rows.next()? else {
                looked.ended = looked.count < AT_ONCE;
                break;
            };
            looked.count += 1;
            looked.key = Some(row.get(0)?);
            let bson = row.get_ref(1)?.as_blob().map_err(|_| Fault::Garbage)?;
            let raw = RawDocument::from_bytes(bson).map_err(|_| Fault::Garbage)?;
            if self.filter.matches(raw).map_err(|_| Fault::Garbage)? {
                looked.matching += 1;
                if self.keep {
                    looked.documents.push(stored(bson, self.query.whole)?);
                }
            }
        }
        Ok(looked)
    }
}

impl SqliteStore {
    /// Looks at document after document until so many match.
    async fn scan(&self, scan: Scan, most: u64) -> Result<Looked> {
        let counted = scan.query.looked_at.clone();
        let scan = Arc::new(scan);
        let mut all = Looked::default();
        while !all.ended && all.matching < most {
            let (scan, key, left) = (Arc::clone(&scan), all.key.take(), most - all.matching);
            let next = self.read(move |tx| scan.look(tx, key.as_ref(), left)).await?;
            (all.key, all.ended) = (next.key, next.ended);
            counted.add(u64::from(next.count));
            all.matching += next.matching;
            all.documents.extend(next.documents);
        }
        Ok(all)
    }
}

#[async_trait]
impl Documents for SqliteStore {
    async fn documents(&self, org: &Org, query: &DocumentQuery) -> Result<DocumentPage> {
        if let Some(field) = query.order.field() {
            let what = format!("the embedded database has no index of {field}");
            return Err(StoreError::Other(what));
        }
        let (collection, mut query) = (held_in(org).into_owned(), query.clone());
        let Some(filter) = query.filter.take() else {
            return self.read(move |tx| document::page(tx, &collection, &query)).await;
        };
        let scan = Scan::new(&collection, filter, query.clone(), true);
        let found = self.scan(scan, u64::from(query.limit) + 1).await?;
        let reads_all = matches!(query.at, DocumentAt::First | DocumentAt::Last);
        Ok(DocumentPage { reads_all, ..DocumentPage::from_read(found.documents, &query) })
    }

    /// None: documents have no indexes here, and reading all of them for a page would not be one.
    async fn sort_fields(&self, _: &Org) -> Result<Vec<SortField>> {
        Ok(Vec::new())
    }

    async fn count_documents(&self, org: &Org, filter: &Filter, most: u64) -> Result<u64> {
        let (query, filter) = (DocumentQuery::default(), filter.clone());
        let scan = Scan::new(&held_in(org), filter, query, false);
        Ok(self.scan(scan, most).await?.matching)
    }

    async fn document(&self, org: &Org, id: &Bson) -> Result<Option<RawDocumentBuf>> {
        let (collection, id) = (held_in(org).into_owned(), id.clone());
        self.read(move |tx| document::one(tx, &collection, &id)).await
    }

    async fn write_document(
        &self,
        org: ObjectId,
        write: &DocumentWrite,
        entry: &Entry,
    ) -> Result<()> {
        let (write, entry) = (write.clone(), entry.clone());
        self.write(move |tx| logged(tx, &entry, document_write::write(tx, org, &write))).await
    }

    /// Documents and bytes are counted as they are written, so this reads one row.
    async fn statistics(&self, org: &Org) -> Result<Statistics> {
        let collection = held_in(org).into_owned();
        self.read(move |tx| read::statistics(tx, &collection)).await
    }
}

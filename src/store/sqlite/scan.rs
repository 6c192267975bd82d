//! Documents that match a filter: looked at one after the other, a few at a time, so that other reads of the same
//! console have their turn in between, and one that is given up ends soon.

use bson::{RawDocument, RawDocumentBuf};
use rusqlite::Connection;

use super::{
    document::{key, stored},
    error::{Attempt, Fault},
};
use crate::{
    document::filter::Filter,
    store::{DocumentAt, DocumentQuery},
};

/// How many documents are looked at in a row: some milliseconds.
const AT_ONCE: u32 = 1000;

/// A way through a collection.
#[derive(Debug)]
pub(super) struct Scan {
    collection: String,
    filter: Filter,
    query: DocumentQuery,
    /// Whether those that match are kept, or counted only.
    keep: bool,
}

/// What was looked at in a row.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// The key of the document that was looked at last.
    pub(super) key: Option<Vec<u8>>,
    /// Whether there are no more.
    pub(super) ended: bool,
    /// How many matched.
    pub(super) matching: u64,
    /// Those that matched and are kept.
    pub(super) documents: Vec<RawDocumentBuf>,
}

impl Scan {
    /// From where a query begins, for what matches.
    pub(super) fn new(collection: &str, filter: Filter, query: DocumentQuery, keep: bool) -> Self {
        Self { collection: collection.to_owned(), filter, query, keep }
    }

    /// Looks at the next documents behind this key, until so many match.
    pub(super) fn look(
        &self,
        connection: &Connection,
        key_before: Option<&Vec<u8>>,
        most: u64,
    ) -> Attempt<Looked> {
        let key_before = match (key_before, &self.query.at) {
            (Some(key), _) => Some(key.clone()),
            (None, DocumentAt::First | DocumentAt::Last) => None,
            (None, DocumentAt::After(id) | DocumentAt::Before(id)) => Some(key(id)?),
        };
        let (than, direction) =
            if self.query.at.is_backwards() { ("<", "DESC") } else { (">", "ASC") };
        let mut statement = connection.prepare_cached(&format!(
            "SELECT key, bson FROM documents \
             WHERE collection = (SELECT row FROM collections WHERE name = ?1) \
             AND (?2 IS NULL OR key {than} ?2) ORDER BY key {direction} LIMIT ?3"
        ))?;
        let mut rows = statement.query((&self.collection, key_before, AT_ONCE))?;
        let mut looked = Looked::default();
        let mut count = 0;
        while looked.matching < most {
            let Some(row) = rows.next()? else {
                looked.ended = count < AT_ONCE;
                break;
            };
            count += 1;
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

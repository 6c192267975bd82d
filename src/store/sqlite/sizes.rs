//! How much organizations hold. Documents and bytes are counted as they are written, and the last key is the greatest
//! `_id`: nothing here depends on how much there is.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension};

use super::{SqliteStore, document::time_in_key, error::Attempt, row::held_in};
use crate::{
    org::Org,
    store::{OpenFiles, Result, Size, Sizes, Statistics},
};

#[async_trait]
impl Sizes for SqliteStore {
    async fn sizes(&self, orgs: &[Org]) -> Result<Vec<Option<Size>>> {
        let collections: Vec<_> = orgs.iter().map(|org| held_in(org).into_owned()).collect();
        self.read(move |tx| collections.iter().map(|name| size(tx, name)).collect()).await
    }

    async fn open_files(&self) -> Result<Option<OpenFiles>> {
        Ok(None)
    }
}

fn size(connection: &Connection, collection: &str) -> Attempt<Option<Size>> {
    let mut statement = connection.prepare_cached(
        "SELECT documents, bytes, \
         (SELECT max(key) FROM documents WHERE collection = collections.row) \
         FROM collections WHERE name = ?",
    )?;
    let size = statement.query_row([collection], |row| {
        // The one on `_id`, as every collection has.
        let held = Statistics { documents: row.get(0)?, bytes: row.get(1)?, indexes: 1 };
        let last: Option<Vec<u8>> = row.get(2)?;
        Ok(Size { held, newest: last.as_deref().and_then(time_in_key) })
    });
    Ok(size.optional()?)
}

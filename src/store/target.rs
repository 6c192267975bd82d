//! Which database is meant, and how to open it.

use std::{path::PathBuf, sync::Arc};

use super::{
    Access, Place, Result, Store, StoreError,
    mongo::{self, MongoStore},
    sqlite::SqliteStore,
};
use crate::org::Secret;

/// Which database.
#[derive(Clone, Debug)]
pub enum Target {
    /// A MongoDB server.
    Mongo {
        /// Its connection string, which may hold a password.
        uri: Secret,
        /// The database on it.
        database: String,
    },
    /// The embedded database in a file, which is made where there is none.
    File(PathBuf),
    /// A new embedded database in memory.
    Demo,
}

impl Target {
    /// What it is called in front of people, also while it is yet to be opened.
    #[must_use]
    pub fn place(&self) -> Place {
        match self {
            Self::Mongo { uri, database } => mongo::place(uri.reveal(), database),
            Self::File(path) => SqliteStore::place_of(path),
            Self::Demo => SqliteStore::place_in_memory(),
        }
    }
}

/// Opens it.
///
/// # Errors
/// Those of the store's own `open`.
pub async fn open(target: &Target, access: &Access) -> Result<Arc<dyn Store>> {
    Ok(match target {
        Target::Mongo { uri, database } => {
            Arc::new(MongoStore::open(uri.reveal(), database, access).await?)
        }
        Target::File(path) => {
            let (path, access) = (path.clone(), access.clone());
            Arc::new(blocking(move || SqliteStore::open(&path, &access)).await?)
        }
        Target::Demo => {
            let operator = access.operator.clone();
            Arc::new(blocking(move || SqliteStore::in_memory(&operator)).await?)
        }
    })
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(StoreError::Other(error.to_string())))
}

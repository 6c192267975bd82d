//! Which database is meant, and how to open it.

use std::{path::PathBuf, sync::Arc};

use super::{
    Place, Result, Store, StoreError,
    mongo::{self, MongoStore},
    sqlite::SqliteStore,
};
use crate::org::{ConnectionString, Secret, is_parsable};

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
    /// The embedded database in a file; where there is none, the first write makes it.
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

    /// How to connect to it, without any secret: for people to hand on.
    #[must_use]
    pub fn connection(&self) -> String {
        match self {
            Self::Mongo { uri, database } => ConnectionString::split(uri.reveal())
                .map(|uri| uri.handed_on(database))
                .unwrap_or_default(),
            Self::File(path) => path.display().to_string(),
            Self::Demo => "--demo".to_owned(),
        }
    }
}

/// The database that the path of a connection string names; none where it names none or is wrong.
#[must_use]
pub fn database_in(uri: &Secret) -> Option<String> {
    let uri = Some(uri.reveal()).filter(|uri| is_parsable(uri))?;
    mongodb::options::ConnectionString::parse(uri).ok()?.default_database
}

/// Opens it, with `read_only` so that nothing is ever written to it. Writes nothing.
///
/// # Errors
/// Those of the store's own `open`.
pub async fn open(target: &Target, read_only: bool) -> Result<Arc<dyn Store>> {
    Ok(match target {
        Target::Mongo { uri, database } => {
            Arc::new(MongoStore::open(uri.reveal(), database, read_only).await?)
        }
        Target::File(path) => {
            let path = path.clone();
            Arc::new(blocking(move || SqliteStore::open(&path, read_only)).await?)
        }
        Target::Demo => Arc::new(blocking(SqliteStore::in_memory).await?),
    })
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(StoreError::Other(error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_connection_string_is_too_strange_for_the_drivers_parser() {
        for text in ["mongodb://ops:p%\u{20ac}@db1/orgs", "mongodb://%\u{11347}@db1/orgs"] {
            assert_eq!(database_in(&text.into()), None, "{text}");
            let target = Target::Mongo { uri: text.into(), database: "orgs".to_owned() };
            let Err(StoreError::Misconfigured { problem, .. }) = open(&target, true).await else {
                panic!("{text}")
            };
            assert!(problem.contains("must be written as"), "{problem}");
        }
    }
}

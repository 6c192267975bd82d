//! Which database is meant, and how to open it.

use std::{path::PathBuf, sync::Arc};

use mongodb::options::ConnectionString;

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
            Self::Mongo { uri, database } => without_secrets(uri.reveal(), database),
            Self::File(path) => path.display().to_string(),
            Self::Demo => "--demo".to_owned(),
        }
    }
}

/// The database that the path of a connection string names; none where it names none or is wrong.
#[must_use]
pub fn database_in(uri: &Secret) -> Option<String> {
    ConnectionString::parse(uri.reveal()).ok()?.default_database
}

/// The options of a connection string that can be handed on. Of all others some are secrets.
const OPTIONS: [&str; 8] = [
    "authMechanism",
    "authSource",
    "directConnection",
    "loadBalanced",
    "replicaSet",
    "ssl",
    "tls",
    "tlsCAFile",
];

/// A connection string with its user and no password, on this database.
fn without_secrets(uri: &str, database: &str) -> String {
    let (scheme, rest) = uri.split_once("://").unwrap_or(("mongodb", uri));
    let (rest, options) = rest.split_once('?').unwrap_or((rest, ""));
    let (user, hosts) = rest.rsplit_once('@').unwrap_or(("", rest));
    let user = user.split(':').next().filter(|user| !user.is_empty());
    let user = user.map(|user| format!("{user}@")).unwrap_or_default();
    let (hosts, path) = hosts.split_once('/').unwrap_or((hosts, ""));
    let known = |option: &&str| {
        let name = option.split('=').next().unwrap_or_default();
        OPTIONS.iter().any(|known| known.eq_ignore_ascii_case(name))
    };
    let mut options: Vec<_> = options.split('&').filter(known).map(str::to_owned).collect();
    // Users are looked for in the database of the string, where nothing else is said.
    let source = options.iter().any(|option| option.to_lowercase().starts_with("authsource"));
    if !user.is_empty() && !source {
        let source = if path.is_empty() { "admin" } else { path };
        options.push(format!("authSource={source}"));
    }
    let options = options.join("&");
    let ask = if options.is_empty() { "" } else { "?" };
    format!("{scheme}://{user}{hosts}/{database}{ask}{options}")
}

/// Opens it. Writes nothing.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_handed_on_without_any_secret() {
        for (uri, handed_on) in [
            ("mongodb://db1.example", "mongodb://db1.example/m"),
            (
                "mongodb://ops:s3cret@a,b:1/?replicaSet=rs0",
                "mongodb://ops@a,b:1/m?replicaSet=rs0&authSource=admin",
            ),
            ("mongodb+srv://ops:s3%40cret@h/users", "mongodb+srv://ops@h/m?authSource=users"),
            ("mongodb://o:s3@cret@h/?authSource=x&w=1", "mongodb://o@h/m?authSource=x"),
            (
                "mongodb://h/?tls=true&tlsCertificateKeyFilePassword=s3cret&proxyPassword=s3cret",
                "mongodb://h/m?tls=true",
            ),
            (
                "mongodb://h/?authMechanism=MONGODB-OIDC&authMechanismProperties=TOKEN:s3cret",
                "mongodb://h/m?authMechanism=MONGODB-OIDC",
            ),
        ] {
            let target = Target::Mongo { uri: Secret::from(uri.to_owned()), database: "m".into() };
            assert_eq!(target.connection(), handed_on);
            assert!(!target.connection().contains("s3"), "{uri}");
        }
    }
}

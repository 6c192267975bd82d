//! From a choice of database to the deeds over it.

use std::sync::Arc;

use mongodb::bson::DateTime;

use super::{Result, Rules, Tenancy, blocking, demo};
use crate::store::{self, Access, Store, StoreError, Target, sqlite::SqliteStore};

pub use demo::DemoAdmin;

/// An open database.
pub struct Opened {
    /// What can be done with it.
    pub tenancy: Tenancy,
    /// In a demonstration, an admin to log in as.
    pub demo: Option<DemoAdmin>,
}

/// Opens a database, settles what a killed program left half-done in it, and fills a demonstration
/// with its samples.
///
/// # Errors
/// The database's, or [`super::Error::Machine`].
pub async fn open(target: &Target, access: &Access, rules: Rules) -> Result<Opened> {
    let (store, demo): (Arc<dyn Store>, _) = match target {
        Target::Demo => {
            let store = blocking(SqliteStore::in_memory).await??;
            let admin = demo::seed(&store, DateTime::now()).await?;
            (Arc::new(store), Some(admin))
        }
        _ => (store::open(target, access).await?, None),
    };
    if !access.read_only && store.only_readable_because().is_none() {
        // One organization that cannot be settled keeps nobody from all the others; an examination
        // says which and why.
        if let Err(gone @ StoreError::Unreachable { .. }) = store.recover().await {
            return Err(gone.into());
        }
    }
    Ok(Opened { tenancy: Tenancy::new(store, rules)?, demo })
}

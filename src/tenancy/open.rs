//! From a choice of database to the operations over it.

use std::sync::Arc;

use bson::DateTime;

use super::{Caller, Result, Rules, Tenancy, blocking, demo};
use crate::store::{self, Store, Target, sqlite::SqliteStore};

pub use demo::DemoAdmin;

/// An open database.
pub struct Opened {
    /// What can be done with it.
    pub tenancy: Tenancy,
    /// In a demonstration, an admin to log in as.
    pub demo: Option<DemoAdmin>,
}

/// Opens a database as `caller`, and writes nothing to it; a demonstration is filled with its samples.
///
/// # Errors
/// The database's, or [`super::Error::Machine`].
pub async fn open(target: &Target, caller: &Caller, rules: Rules) -> Result<Opened> {
    let (store, demo): (Arc<dyn Store>, _) = match target {
        Target::Demo => {
            let store = blocking(SqliteStore::in_memory).await??;
            let admin = demo::seed(&store, &caller.operator, DateTime::now()).await?;
            (Arc::new(store), Some(admin))
        }
        Target::Mongo { .. } | Target::File(_) => {
            (store::open(target, caller.read_only).await?, None)
        }
    };
    Ok(Opened { tenancy: Tenancy::new(store, rules, caller.clone())?, demo })
}

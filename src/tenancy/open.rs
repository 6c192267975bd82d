//! From a choice of database to the deeds over it.

use std::sync::Arc;

use mongodb::bson::DateTime;

use super::{Result, Rules, Tenancy, blocking, demo};
use crate::store::{self, Access, Store, Target, sqlite::SqliteStore};

pub use demo::DemoAdmin;

/// An open database.
pub struct Opened {
    /// What can be done with it.
    pub tenancy: Tenancy,
    /// In a demonstration, an admin to log in as.
    pub demo: Option<DemoAdmin>,
}

/// The access under rules that may refuse everything that writes.
fn as_ruled(access: &Access, rules: &Rules) -> Access {
    Access { read_only: access.read_only || rules.read_only, ..access.clone() }
}

/// Opens a database, and writes nothing to it; a demonstration is filled with its samples.
///
/// # Errors
/// The database's, or [`super::Error::Machine`].
pub async fn open(target: &Target, access: &Access, rules: Rules) -> Result<Opened> {
    let access = &as_ruled(access, &rules);
    let (store, demo): (Arc<dyn Store>, _) = match target {
        Target::Demo => {
            let operator = access.operator.clone();
            let store = blocking(move || SqliteStore::in_memory(&operator)).await??;
            let admin = demo::seed(&store, DateTime::now()).await?;
            (Arc::new(store), Some(admin))
        }
        Target::Mongo { .. } | Target::File(_) => (store::open(target, access).await?, None),
    };
    Ok(Opened { tenancy: Tenancy::new(store, rules)?, demo })
}

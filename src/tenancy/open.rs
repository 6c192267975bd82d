//! From a choice of database to the deeds over it.

use std::sync::Arc;

use mongodb::bson::DateTime;

use super::{Believe, Result, Rules, Tenancy, blocking, demo};
use crate::store::{
    self, Access, Examination, Finding, Progress, Repair, Store, StoreError, Target,
    kept_by_the_clock, sqlite::SqliteStore, untold,
};

pub use demo::DemoAdmin;

/// An open database.
pub struct Opened {
    /// What can be done with it.
    pub tenancy: Tenancy,
    /// In a demonstration, an admin to log in as.
    pub demo: Option<DemoAdmin>,
}

/// Goes through the whole database and says what does not belong together; where that is wanted, repairs
/// what can be repaired without deleting any document. Looks before anything is settled by connecting, and
/// without `fix` nothing is.
///
/// # Errors
/// As [`open`], and [`super::Error::ReadOnly`] with `fix`.
pub async fn examine(
    target: &Target,
    access: &Access,
    rules: Rules,
    wanted: &Examination<'_>,
    believe: &Believe,
    told: &Progress,
) -> Result<Vec<Finding>> {
    let access = &as_ruled(access, &rules);
    let fix = wanted.fix;
    // Nothing is ever half-done in the embedded database.
    let half_done = matches!(target, Target::Mongo { .. });
    let before = if half_done && !(fix && access.read_only) {
        let access = Access { read_only: true, ..access.clone() };
        let mut found = store::open(target, &access, &untold).await?.examine(false).await?;
        if fix {
            // What is said of the clock now is about to be said again.
            found.retain(|one| kept_by_the_clock(std::slice::from_ref(one)).is_none());
        }
        found
    } else {
        Vec::new()
    };
    if half_done && !fix {
        return Ok(before);
    }
    let now = open(target, access, rules, told).await?.tenancy.examine(wanted, believe).await?;
    let settled = before
        .into_iter()
        .filter(|before| now.iter().all(|now| now.trouble != before.trouble))
        .map(|Finding { trouble, .. }| {
            let how = trouble.settled().to_owned();
            Finding { trouble, repair: Repair::Done(how) }
        });
    Ok(settled.chain(now.iter().cloned()).collect())
}

/// The access under rules that may refuse everything that writes: opening writes too.
fn as_ruled(access: &Access, rules: &Rules) -> Access {
    Access { read_only: access.read_only || rules.read_only, ..access.clone() }
}

/// Opens a database, settles what a killed program left half-done in it, and fills a demonstration
/// with its samples. Tells how far it is where that takes long.
///
/// # Errors
/// The database's, or [`super::Error::Machine`].
pub async fn open(
    target: &Target,
    access: &Access,
    rules: Rules,
    told: &Progress,
) -> Result<Opened> {
    let access = &as_ruled(access, &rules);
    let (store, demo): (Arc<dyn Store>, _) = match target {
        Target::Demo => {
            let operator = access.operator.clone();
            let store = blocking(move || SqliteStore::in_memory(&operator)).await??;
            let admin = demo::seed(&store, DateTime::now()).await?;
            (Arc::new(store), Some(admin))
        }
        _ => (store::open(target, access, told).await?, None),
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

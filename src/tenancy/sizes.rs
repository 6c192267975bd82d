//! How much organizations hold.

use std::slice;

use super::{Result, Tenancy};
use crate::{
    org::Org,
    store::{Size, StoreError},
};

impl Tenancy {
    /// The size of each of these organizations, in their order; none where it is not known, as in
    /// [`crate::store::Sizes::sizes`]. Takes the longer the more they are; dropping the future ends it.
    ///
    /// # Errors
    /// The database's.
    pub async fn sizes(&self, orgs: &[Org]) -> Result<Vec<Option<Size>>> {
        self.reading().await?;
        Ok(self.store.sizes(orgs).await?)
    }

    /// The size of one organization, with its documents counted as for [`Tenancy::statistics`]. None where it is not
    /// known, or where this user may not ask: the organization can be looked at all the same.
    ///
    /// # Errors
    /// The database's.
    pub async fn size(&self, org: &Org) -> Result<Option<Size>> {
        self.reading_of(Some(org.id)).await?;
        let size = async {
            let sizes = self.store.sizes(slice::from_ref(org)).await?;
            let Some(size) = sizes.into_iter().flatten().next() else { return Ok(None) };
            let held = self.store.statistics(org).await?;
            // None, where it went in between.
            Ok((held.indexes > 0).then_some(Size { held, ..size }))
        };
        match size.await {
            Err(StoreError::Refused { .. }) => Ok(None),
            size => Ok(size?),
        }
    }
}

//! The documents of an organization: looked at by everyone who may look at the organization.

use bson::{Bson, RawDocumentBuf};

use super::{Error, Result, Tenancy};
use crate::{
    document::filter::Filter,
    org::Org,
    store::{DocumentPage, DocumentQuery},
};

impl Tenancy {
    /// A page of the organization's documents, in the order of their `_id`s.
    ///
    /// # Errors
    /// The database's.
    pub async fn document_page(&self, org: &Org, query: &DocumentQuery) -> Result<DocumentPage> {
        self.reading_of(Some(org.id)).await?;
        Ok(self.store.documents(org, query).await?)
    }

    /// The document with this `_id`, byte for byte as it is stored.
    ///
    /// # Errors
    /// [`Error::NoSuchDocument`], or the database's.
    pub async fn document(&self, org: &Org, id: &Bson) -> Result<RawDocumentBuf> {
        self.reading_of(Some(org.id)).await?;
        self.store.document(org, id).await?.ok_or_else(|| Error::NoSuchDocument(org.name.clone()))
    }

    /// How many documents the organization has, or how many of them match a filter.
    ///
    /// # Errors
    /// The database's.
    pub async fn count_documents(&self, org: &Org, filter: Option<&Filter>) -> Result<u64> {
        match filter {
            None => Ok(self.statistics(org).await?.documents),
            Some(filter) => {
                self.reading_of(Some(org.id)).await?;
                Ok(self.store.count_documents(org, filter, u64::MAX).await?)
            }
        }
    }
}

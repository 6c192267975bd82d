//! Collections in which two texts are the same only if they are. Whoever made `organizations` may have given
//! it a collation, to which `résumé` and `Resume` are one; what names and e-mails are the same, and what comes
//! before what, is decided by our rules. So each question, each change and each index says so itself.

use mongodb::{
    Collection, IndexModel,
    action::{
        Aggregate, CountDocuments, CreateIndex, Delete, EstimatedDocumentCount, Find, FindOne,
        FindOneAndDelete, FindOneAndUpdate, InsertMany, InsertOne, Multiple, Update,
    },
    bson::{Document, doc},
    options::{Collation, UpdateModifications},
};
use serde::{Serialize, de::DeserializeOwned};

/// A collection that every question is asked of without its own collation.
#[derive(Clone, Debug)]
pub(super) struct Exact<T: Send + Sync>(Collection<T>);

/// No collation at all, whatever the collection has.
pub(super) fn simple() -> Collation {
    Collation::builder().locale("simple").build()
}

/// An update in a command that is written out.
pub(super) fn update(filter: Document, update: impl Into<mongodb::bson::Bson>) -> Document {
    doc! { "q": filter, "u": update.into(), "collation": { "locale": "simple" } }
}

impl<T: Send + Sync> From<Collection<T>> for Exact<T> {
    fn from(collection: Collection<T>) -> Self {
        Self(collection)
    }
}

impl<T: Send + Sync> Exact<T> {
    pub(super) fn name(&self) -> &str {
        self.0.name()
    }

    pub(super) fn clone_with_type<U: Send + Sync>(&self) -> Exact<U> {
        Exact(self.0.clone_with_type())
    }

    /// The same with its own collation.
    pub(super) fn inner(&self) -> &Collection<T> {
        &self.0
    }

    pub(super) fn find(&self, filter: Document) -> Find<'_, T> {
        self.0.find(filter).collation(simple())
    }

    pub(super) fn count_documents(&self, filter: Document) -> CountDocuments<'_> {
        self.0.count_documents(filter).collation(simple())
    }

    pub(super) fn estimated_document_count(&self) -> EstimatedDocumentCount<'_> {
        self.0.estimated_document_count()
    }

    pub(super) fn aggregate(&self, pipeline: impl IntoIterator<Item = Document>) -> Aggregate<'_> {
        self.0.aggregate(pipeline).collation(simple())
    }

    pub(super) fn update_one(
        &self,
        filter: Document,
        update: impl Into<UpdateModifications>,
    ) -> Update<'_> {
        self.0.update_one(filter, update).collation(simple())
    }

    pub(super) fn update_many(
        &self,
        filter: Document,
        update: impl Into<UpdateModifications>,
    ) -> Update<'_> {
        self.0.update_many(filter, update).collation(simple())
    }

    pub(super) fn delete_one(&self, filter: Document) -> Delete<'_> {
        self.0.delete_one(filter).collation(simple())
    }

    pub(super) fn create_indexes(&self, indexes: Vec<IndexModel>) -> CreateIndex<'_, Multiple> {
        self.0.create_indexes(indexes)
    }
}

impl<T: DeserializeOwned + Send + Sync> Exact<T> {
    pub(super) fn find_one(&self, filter: Document) -> FindOne<'_, T> {
        self.0.find_one(filter).collation(simple())
    }

    pub(super) fn find_one_and_update(
        &self,
        filter: Document,
        update: impl Into<UpdateModifications>,
    ) -> FindOneAndUpdate<'_, T> {
        self.0.find_one_and_update(filter, update).collation(simple())
    }

    pub(super) fn find_one_and_delete(&self, filter: Document) -> FindOneAndDelete<'_, T> {
        self.0.find_one_and_delete(filter).collation(simple())
    }
}

impl<T: Serialize + Send + Sync> Exact<T> {
    /// In this order, up to the first that is refused.
    pub(super) fn insert_many(
        &self,
        documents: impl IntoIterator<Item = impl std::borrow::Borrow<T>>,
    ) -> InsertMany<'_>
    where
        T: Serialize,
    {
        self.0.insert_many(documents).ordered(true)
    }

    pub(super) fn insert_one(&self, document: impl std::borrow::Borrow<T>) -> InsertOne<'_> {
        self.0.insert_one(document)
    }
}

//! Moving and dropping the collection of an organization: only the one that is meant, whatever is at its
//! name, and never over another one.

use mongodb::{
    bson::{Binary, Document, doc},
    options::DropCollectionOptions,
};

use super::{
    Inner,
    act::collection_of_nobody,
    connect::{write_command, write_concern},
    error::{code, code_of},
    journal::Creation,
    record,
};
use crate::store::Result;

impl Inner {
    /// Gives the collection its new name, unless it has it already. A collection without documents
    /// of its own, because it is missing, moves by doing nothing.
    pub(super) async fn move_collection(
        &self,
        from: &str,
        to: &str,
        uuid: Option<&Binary>,
    ) -> Result<()> {
        if to.is_empty() {
            return Ok(());
        }
        match self.uuid_of(to).await? {
            // Whatever is at the old name now was written there by somebody after the move.
            Some(there) if Some(&there) == uuid => return Ok(()),
            Some(_) => return Err(collection_of_nobody()),
            None if uuid.is_none() || !record::is_held(from) => return Ok(()),
            None => {}
        }
        let Err(error) = self.rename_collection(from, to).await else { return Ok(()) };
        match code_of(&error) {
            Some(code::NAMESPACE_NOT_FOUND | code::NAMESPACE_EXISTS) => {
                match self.uuid_of(to).await? {
                    Some(there) if Some(&there) == uuid => Ok(()),
                    Some(_) => Err(collection_of_nobody()),
                    // It was dropped in the meantime: nothing is left to move.
                    None => Ok(()),
                }
            }
            _ => Err(self.words.of(&error)),
        }
    }

    /// `renameCollection`, which never replaces anything.
    pub(super) async fn rename_collection(
        &self,
        from: &str,
        to: &str,
    ) -> mongodb::error::Result<()> {
        let name = self.db.name();
        let command = doc! {
            "renameCollection": format!("{name}.{from}"), "to": format!("{name}.{to}"),
        };
        let admin = self.db.client().database("admin");
        write_command(&admin, command).await.map(|_| ())
    }

    /// Whether the new organization's collection is missing or has nothing but its first document.
    pub(super) async fn holds_only_ours(&self, creation: &Creation) -> Result<bool> {
        let collection = self.db.collection::<super::read::Record>(&creation.collection_name);
        let foreign = doc! { "_id": { "$ne": creation.first_document_id } };
        Ok(self.find_one(&collection, foreign).await?.is_none())
    }

    pub(super) async fn drop_collection(&self, name: &str) -> Result<()> {
        if !record::is_held(name) {
            return Ok(());
        }
        let options = DropCollectionOptions::builder().write_concern(write_concern()).build();
        match self.db.collection::<Document>(name).drop().with_options(options).await {
            Err(error) if code_of(&error) == Some(code::NAMESPACE_NOT_FOUND) => Ok(()),
            dropped => dropped.map_err(|error| self.words.of(&error)),
        }
    }
}

//! The collections there are: what is at a name, and moving and dropping only the one that is meant,
//! whatever is at its name, and never over another one.

use std::collections::HashMap;

use mongodb::bson::{Binary, Bson, DateTime, Document, doc, oid::ObjectId};

use super::{
    Inner,
    connect::{list_collections, write_command},
    error::{code, code_of},
};
use crate::store::Result;

/// What the name of a collection begins with that only one lease has.
pub(super) const LEASE_PREFIX: &str = "lease_";

/// The field of a placeholder's validator that says since when it is one, and that no document has.
pub(super) const SINCE: &str = "tenantry_placeholder";

/// What the server lists under a name.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Listed {
    Collection {
        /// Its identity, which stays when it is renamed.
        uuid: Binary,
        /// Since when it is a placeholder, if it is one.
        placeholder: Option<DateTime>,
    },
    /// A view or the like, and what that is called. It has no identity: it cannot be renamed, and a drop
    /// that comes late takes whatever has its name by then.
    Other(&'static str),
}

impl Listed {
    /// None of what is no collection.
    pub(super) fn uuid(&self) -> Option<&Binary> {
        match self {
            Self::Collection { uuid, .. } => Some(uuid),
            Self::Other(_) => None,
        }
    }

    /// Since when it is a placeholder, if it is one.
    pub(super) fn placeholder(&self) -> Option<DateTime> {
        match self {
            Self::Collection { placeholder, .. } => *placeholder,
            Self::Other(_) => None,
        }
    }
}

/// What comes of a rename.
pub(super) enum Renamed {
    Done,
    /// The collection that is meant is not at that name.
    Missing,
    /// There is one at the other name.
    Taken,
}

/// The name of a collection that only this lease has.
pub(super) fn lease_collection(lease: ObjectId) -> String {
    format!("{LEASE_PREFIX}{}", lease.to_hex())
}

/// Since when a collection is a placeholder; none when it is none. Given its `options`.
fn placeholder_since(options: &Document) -> Option<DateTime> {
    let field = options.get_document("validator").ok()?.get_document(SINCE).ok()?;
    field.get_datetime("$gte").ok().copied()
}

impl Inner {
    /// `renameCollection` of this very collection, which never replaces anything.
    pub(super) async fn rename_collection(
        &self,
        from: &str,
        to: &str,
        uuid: &Binary,
    ) -> Result<Renamed> {
        let name = self.db.name();
        let command = doc! {
            "renameCollection": format!("{name}.{from}"), "to": format!("{name}.{to}"),
            "collectionUUID": uuid.clone(),
        };
        let admin = self.db.client().database("admin");
        match write_command(&admin, command).await {
            Ok(_) => Ok(Renamed::Done),
            Err(error) => match code_of(&error) {
                Some(code::NAMESPACE_NOT_FOUND | code::COLLECTION_UUID_MISMATCH) => {
                    Ok(Renamed::Missing)
                }
                Some(code::NAMESPACE_EXISTS) => Ok(Renamed::Taken),
                _ => Err(self.errors.translate(&error)),
            },
        }
    }

    /// Drops this very collection, which is at a name that a lease has; nothing where it is not there.
    pub(super) async fn drop_collection(&self, name: &str, uuid: &Binary) -> Result<()> {
        let command = doc! { "drop": name, "collectionUUID": uuid.clone() };
        match write_command(&self.db, command).await {
            Ok(_) => Ok(()),
            Err(error) => match code_of(&error) {
                Some(code::NAMESPACE_NOT_FOUND | code::COLLECTION_UUID_MISMATCH) => Ok(()),
                _ => Err(self.errors.translate(&error)),
            },
        }
    }

    /// What has this name.
    pub(super) async fn listed_at(&self, name: &str) -> Result<Option<Listed>> {
        Ok(self.listed(&[name]).await?.remove(name))
    }

    /// Which collection has this name.
    pub(super) async fn uuid_of(&self, name: &str) -> Result<Option<Binary>> {
        Ok(self.listed_at(name).await?.and_then(|listed| listed.uuid().cloned()))
    }

    /// Those of these names that there are.
    pub(super) async fn listed(&self, names: &[&str]) -> Result<HashMap<String, Listed>> {
        self.listed_by(match names {
            [name] => doc! { "name": name },
            names => doc! { "name": { "$in": names } },
        })
        .await
    }

    /// Those that a filter of `listCollections` finds.
    pub(super) async fn listed_by(&self, filter: Document) -> Result<HashMap<String, Listed>> {
        let found = list_collections(&self.db, filter).await;
        let mut listed = HashMap::new();
        for one in found.map_err(|error| self.errors.translate(&error))? {
            let Ok(name) = one.get_str("name") else { continue };
            let uuid = one.get_document("info").ok().and_then(|info| info.get("uuid"));
            let what = match (one.get_str("type").unwrap_or_default(), uuid) {
                ("timeseries", _) => Listed::Other("a time-series collection"),
                (_, Some(Bson::Binary(uuid))) => {
                    let placeholder = one.get_document("options").ok().and_then(placeholder_since);
                    Listed::Collection { uuid: uuid.clone(), placeholder }
                }
                _ => Listed::Other("a view"),
            };
            listed.insert(name.to_owned(), what);
        }
        Ok(listed)
    }
}

//! Moving and dropping the collection of an organization: only the one that is meant, whatever is at its
//! name, never over another one, and only by way of a name that one lease has ([`super::fence`]).

use std::collections::HashMap;

use mongodb::bson::{Binary, Bson, DateTime, Document, doc};

use super::{
    Inner,
    act::{Halt, Hold, Stepped},
    connect::{list_collections, write_command},
    error::{code, code_of},
    fence::{lease_collection, placeholder_since},
    journal::{Creation, Pending},
    record,
    steps::collection_of_nobody,
};
use crate::{
    org::Claim,
    store::{Holder, Result, StoreError},
};

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

/// Where a collection is that goes from one name to another.
enum Whereabouts {
    From,
    OnTheWay,
    To,
    Gone,
}

impl Inner {
    /// Gives the operation's collection its new name, unless it has it already. One that is missing moves
    /// by doing nothing.
    pub(super) async fn move_collection(
        &self,
        pending: &Pending,
        (from, to): (&str, &str),
        uuid: Option<&Binary>,
        hold: &mut Hold,
    ) -> Stepped<()> {
        let Some(uuid) = uuid.filter(|_| from != to && !to.is_empty() && record::is_held(from))
        else {
            return Ok(());
        };
        let own = lease_collection(pending.id);
        // Each turn sends each command once at the most; another turn is made of what was answered.
        loop {
            self.still_ours(pending, hold).await?;
            let there = self.listed(&[from, &own, to]).await?;
            match whereabouts(&there, (from, &own, to), uuid) {
                Whereabouts::To | Whereabouts::Gone => return Ok(()),
                Whereabouts::From if there.contains_key(to) => {
                    return Err(Halt::Refused(collection_of_nobody()));
                }
                Whereabouts::From => {
                    self.is_nobody_elses(pending, from).await?;
                    match self.rename_in(from, &own, uuid).await? {
                        Renamed::Done | Renamed::Missing => {}
                        // A placeholder: somebody has taken it over.
                        Renamed::Taken => return Err(Halt::Lost),
                    }
                }
                Whereabouts::OnTheWay => match self.rename_in(&own, to, uuid).await? {
                    Renamed::Done => return Ok(()),
                    Renamed::Missing => {}
                    Renamed::Taken => {
                        self.put_back(pending, from, uuid).await?;
                        return Err(Halt::Refused(collection_of_nobody()));
                    }
                },
            }
        }
    }

    /// Moves the operation's collection from the name that its lease has back to where it was.
    pub(super) async fn put_back(
        &self,
        pending: &Pending,
        from: &str,
        uuid: &Binary,
    ) -> Result<()> {
        let own = lease_collection(pending.id);
        match self.rename_collection(&own, from, uuid).await? {
            Renamed::Done | Renamed::Missing => Ok(()),
            Renamed::Taken => Err(StoreError::Other(format!(
                "the collection {from} was made again by another program while the organization's own \
                 was being moved, and is in its way: remove or rename that one"
            ))),
        }
    }

    /// Removes the operation's collection: moved to the name that its lease has, from where nothing
    /// brings it back, and dropped there.
    pub(super) async fn remove_collection(
        &self,
        pending: &Pending,
        from: &str,
        uuid: &Binary,
        hold: &mut Hold,
    ) -> Stepped<()> {
        let own = lease_collection(pending.id);
        loop {
            self.still_ours(pending, hold).await?;
            let there = self.listed(&[from, &own]).await?;
            match whereabouts(&there, (from, &own, ""), uuid) {
                Whereabouts::Gone | Whereabouts::To => return Ok(()),
                Whereabouts::From => {
                    self.is_nobody_elses(pending, from).await?;
                    match self.rename_in(from, &own, uuid).await? {
                        Renamed::Done | Renamed::Missing => {}
                        Renamed::Taken => return Err(Halt::Lost),
                    }
                }
                Whereabouts::OnTheWay => self.drop_collection(&own, uuid).await?,
            }
        }
    }

    /// Refuses a collection that another record names or claims as well: the old service may have put
    /// another organization there, whose documents would go along.
    async fn is_nobody_elses(&self, pending: &Pending, collection: &str) -> Stepped<()> {
        let claim = Claim::Collection(collection.to_owned());
        let named = doc! {
            "$or": [{ "claims": claim.to_string() }, { "collection_name": collection }],
            "_id": { "$ne": pending.org },
        };
        let named = self.find_one(&self.orgs, named).await?;
        let own = pending.org.into();
        let holder = match named.as_ref().map(super::read::holder_in) {
            None => self.unadopted_holder(&claim, &own).await?,
            holder => holder,
        };
        match holder {
            None => Ok(()),
            Some(Holder { name: by, in_trash, .. }) => {
                Err(Halt::Refused(StoreError::Taken { what: claim.kind(), by, in_trash }))
            }
        }
    }

    /// As [`Inner::rename_collection`], for a step of an operation: what the server refuses is taken
    /// back.
    async fn rename_in(&self, from: &str, to: &str, uuid: &Binary) -> Stepped<Renamed> {
        self.rename_collection(from, to, uuid).await.map_err(Halt::refused)
    }

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
                _ => Err(self.words.of(&error)),
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
                _ => Err(self.words.of(&error)),
            },
        }
    }

    /// Whether a collection has nothing but the new organization's first document.
    pub(super) async fn holds_only_ours(
        &self,
        collection: &str,
        creation: &Creation,
    ) -> Result<bool> {
        let collection = self.db.collection::<super::read::Record>(collection).into();
        let foreign = doc! { "_id": { "$ne": creation.first_document_id } };
        Ok(self.find_one(&collection, foreign).await?.is_none())
    }

    /// Whether a collection has the new organization's first document.
    pub(super) async fn holds_ours(&self, collection: &str, creation: &Creation) -> Result<bool> {
        let collection = self.db.collection::<super::read::Record>(collection).into();
        let first = doc! { "_id": creation.first_document_id };
        Ok(self.find_one(&collection, first).await?.is_some())
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
        for one in found.map_err(|error| self.words.of(&error))? {
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

fn whereabouts(
    there: &HashMap<String, Listed>,
    (from, own, to): (&str, &str, &str),
    uuid: &Binary,
) -> Whereabouts {
    let is_at = |name: &str| there.get(name).and_then(Listed::uuid) == Some(uuid);
    if is_at(own) {
        Whereabouts::OnTheWay
    } else if is_at(to) {
        Whereabouts::To
    } else if is_at(from) {
        Whereabouts::From
    } else {
        Whereabouts::Gone
    }
}

//! Moving and removing the collection of an organization, by way of a name that one lease has
//! ([`super::takeover`]).

use std::collections::HashMap;

use mongodb::bson::{Binary, doc};

use super::{
    lease::{Lease, StepError, StepResult},
    steps::{OnCollection, Running},
};
use crate::{
    org::{Claim, ClaimKind},
    store::{
        Result, StoreError, admit,
        mongo::{
            Inner,
            collection::{Listed, Renamed, lease_collection},
            journal::Pending,
            read::holder_in,
            record,
        },
    },
};

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
        lease: &mut Lease,
    ) -> StepResult<()> {
        let Some(uuid) = uuid.filter(|_| from != to && !to.is_empty() && record::is_held(from))
        else {
            return Ok(());
        };
        let own = lease_collection(pending.id);
        // Each turn sends each command once at the most; another turn is made of what was answered.
        loop {
            self.still_ours(pending, lease).await?;
            let there = self.listed(&[from, &own, to]).await?;
            match whereabouts(&there, (from, &own, to), uuid) {
                Whereabouts::To | Whereabouts::Gone => return Ok(()),
                Whereabouts::From if there.contains_key(to) => {
                    return Err(StepError::Refused(collection_of_nobody()));
                }
                Whereabouts::From => {
                    self.is_nobody_elses(pending, from).await?;
                    match self.rename_in(from, &own, uuid).await? {
                        Renamed::Done | Renamed::Missing => {}
                        // A placeholder: somebody has taken it over.
                        Renamed::Taken => return Err(StepError::Lost),
                    }
                }
                Whereabouts::OnTheWay => match self.rename_in(&own, to, uuid).await? {
                    Renamed::Done => return Ok(()),
                    Renamed::Missing => {}
                    Renamed::Taken => {
                        self.put_back(pending, from, uuid).await?;
                        return Err(StepError::Refused(collection_of_nobody()));
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
        lease: &mut Lease,
    ) -> StepResult<()> {
        let own = lease_collection(pending.id);
        loop {
            self.still_ours(pending, lease).await?;
            let there = self.listed(&[from, &own]).await?;
            match whereabouts(&there, (from, &own, ""), uuid) {
                Whereabouts::Gone | Whereabouts::To => return Ok(()),
                Whereabouts::From => {
                    self.is_nobody_elses(pending, from).await?;
                    match self.rename_in(from, &own, uuid).await? {
                        Renamed::Done | Renamed::Missing => {}
                        Renamed::Taken => return Err(StepError::Lost),
                    }
                }
                Whereabouts::OnTheWay => self.drop_collection(&own, uuid).await?,
            }
        }
    }

    /// Refuses a collection that another record names or claims as well: the old service may have put
    /// another organization there, whose documents would go along.
    async fn is_nobody_elses(&self, pending: &Pending, collection: &str) -> StepResult<()> {
        let claim = Claim::Collection(collection.to_owned());
        let named = doc! {
            "$or": [{ "claims": claim.to_string() }, { "collection_name": collection }],
            "_id": { "$ne": pending.org },
        };
        let named = self.find_one(&self.orgs, named).await?;
        let own = pending.org.into();
        let holder = match named.as_ref().map(holder_in) {
            None => self.unmigrated_holder(&claim, &own).await?,
            holder => holder,
        };
        match holder {
            None => Ok(()),
            Some(holder) => Err(StepError::Refused(admit::taken(&claim, holder))),
        }
    }

    /// As [`Inner::rename_collection`], for a step of an operation: what the server refuses is taken
    /// back.
    async fn rename_in(&self, from: &str, to: &str, uuid: &Binary) -> StepResult<Renamed> {
        self.rename_collection(from, to, uuid).await.map_err(StepError::refused)
    }

    /// Whether an operation can no longer be taken back: the collection is where it was to go, or about
    /// to be dropped.
    pub(super) async fn only_goes_on(&self, running: &Running) -> Result<bool> {
        match running.steps.on_collection() {
            OnCollection::Drops(Some(uuid)) => {
                self.is_at(&lease_collection(running.pending.id), uuid).await
            }
            OnCollection::Moves { from, to, uuid: Some(uuid) } if from != to => {
                self.is_at(to, uuid).await
            }
            OnCollection::Nothing
            | OnCollection::Makes
            | OnCollection::Moves { .. }
            | OnCollection::Drops(None) => Ok(false),
        }
    }

    async fn is_at(&self, name: &str, uuid: &Binary) -> Result<bool> {
        Ok(self.uuid_of(name).await?.as_ref() == Some(uuid))
    }

    /// Moves a collection back that is on its way.
    pub(super) async fn put_back_moved(
        &self,
        pending: &Pending,
        from: &str,
        uuid: Option<&Binary>,
    ) -> Result<()> {
        match uuid {
            Some(uuid) if self.is_at(&lease_collection(pending.id), uuid).await? => {
                self.put_back(pending, from, uuid).await
            }
            _ => Ok(()),
        }
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

/// A collection that belongs to no organization.
pub(super) fn collection_of_nobody() -> StoreError {
    StoreError::Taken { what: ClaimKind::Collection, by: None, in_trash: false }
}

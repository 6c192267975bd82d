//! Narrowing a list by how many admins organizations have.
//!
//! No field says how many there are: another program may have deleted one. Nearly every organization has exactly one, so
//! those are looked for that have none, or several, and the list is narrowed to these or to the others by `_id`. Who has
//! several is told by the admins beside the first, who say whose they are. That a first admin is gone is told by
//! going along the index of those whom records name, and asking which of them exist.

use std::collections::{HashMap, HashSet};

use mongodb::bson::{Bson, Document, RawDocumentBuf, doc, oid::ObjectId};

use super::{
    Inner, READ,
    record::{self, id_of},
    shape,
};
use crate::{
    org::Search,
    store::{ListScope, Result, StoreError},
};

/// So many organizations at the most can be the exception. More identities in one question would take too much memory.
const EXCEPTIONS_MOST: usize = 50_000;

/// So many admins are asked after at once, and so many organizations looked at.
const ASKED_AT_ONCE: usize = 10_000;
const LOOKED_AT_AT_ONCE: usize = 1_000;

/// The organizations with as many admins as are wanted.
pub(super) enum ByAdmins {
    /// These.
    Only(HashSet<ObjectId>),
    /// All but these.
    AllBut(HashSet<ObjectId>),
}

impl ByAdmins {
    pub(super) fn contains(&self, org: ObjectId) -> bool {
        match self {
            Self::Only(orgs) => orgs.contains(&org),
            Self::AllBut(orgs) => !orgs.contains(&org),
        }
    }

    /// The condition that finds them.
    pub(super) fn condition(&self) -> Document {
        let ids =
            |orgs: &HashSet<ObjectId>| orgs.iter().copied().map(Bson::from).collect::<Vec<_>>();
        match self {
            Self::Only(orgs) => doc! { "_id": { "$in": ids(orgs) } },
            Self::AllBut(orgs) => doc! { "_id": { "$nin": ids(orgs) } },
        }
    }
}

impl Inner {
    /// The organizations that a search by number of admins finds; none if it does not narrow by that.
    pub(super) async fn by_admins(
        &self,
        scope: ListScope,
        search: &Search,
    ) -> Result<Option<ByAdmins>> {
        let Some(wanted) = &search.filter().admins else { return Ok(None) };
        let one = wanted.contains(&1);
        let is_exception = |count: u32| wanted.contains(&count) != one;
        let none = is_exception(0);
        // Of several, some are wanted and others are not, or none is.
        let several =
            if one { *wanted.end() < u32::MAX } else { *wanted.start().max(&2) <= *wanted.end() };
        let looking = self.with_counts(scope, none, several, is_exception);
        let Ok(exceptions) = tokio::time::timeout(READ, looking).await else {
            return Err(self.errors.too_slow());
        };
        let exceptions = exceptions?;
        Ok(Some(if one { ByAdmins::AllBut(exceptions) } else { ByAdmins::Only(exceptions) }))
    }

    /// The organizations with such a number of admins, among those that may have `none` or `several`.
    async fn with_counts(
        &self,
        scope: ListScope,
        none: bool,
        several: bool,
        is_wanted: impl Fn(u32) -> bool,
    ) -> Result<HashSet<ObjectId>> {
        let mut found = HashSet::new();
        let mut look = async |filter: Document| -> Result<()> {
            let records = self.orgs.find(filter).projection(doc! { "listing": 0, "claims": 0 });
            let mut records =
                records.max_time(READ).await.map_err(|e| self.errors.translate(&e))?;
            let mut some = Vec::new();
            loop {
                let more = records.advance().await.map_err(|e| self.errors.translate(&e))?;
                if more {
                    some.extend(records.deserialize_current().ok().map(|record| record.0));
                }
                if some.len() == LOOKED_AT_AT_ONCE || !more {
                    let counts = self.admin_counts(&some).await?;
                    let wanted = counts.into_iter().filter(|(_, count)| is_wanted(*count));
                    found.extend(wanted.map(|(org, _)| org));
                    some.clear();
                }
                few(found.len())?;
                if !more {
                    return Ok(());
                }
            }
        };
        if scope == ListScope::Trash {
            if none || several {
                look(shape::is_in_trash()).await?;
            }
            return Ok(found);
        }
        if several {
            let orgs = self.with_other_admins().await?;
            for orgs in orgs.chunks(ASKED_AT_ONCE) {
                look(doc! { "_id": { "$in": orgs } }).await?;
            }
        }
        if none {
            let gone = self.first_admins_gone().await?;
            for gone in gone.chunks(ASKED_AT_ONCE) {
                look(doc! { "admin_id": { "$in": gone } }).await?;
            }
        }
        Ok(found)
    }

    /// The organizations that an admin beside the first says to be its own.
    async fn with_other_admins(&self) -> Result<Vec<ObjectId>> {
        let say = |error| self.errors.translate(&error);
        let admins = self.admins.clone_with_type::<RawDocumentBuf>();
        // As the index of those who say so, which is all that is read.
        let any = doc! { "organization_id": { "$gte": ObjectId::from_bytes([0; 12]) } };
        let only = doc! { "organization_id": 1, "_id": 0 };
        let mut said = admins.find(any).projection(only).max_time(READ).await.map_err(say)?;
        let mut orgs = HashSet::new();
        while said.advance().await.map_err(say)? {
            orgs.extend(said.current().get_object_id("organization_id").ok());
            few(orgs.len())?;
        }
        Ok(orgs.into_iter().collect())
    }

    /// What records name as their first admin although there is none.
    async fn first_admins_gone(&self) -> Result<Vec<Bson>> {
        let say = |error| self.errors.translate(&error);
        let orgs = self.orgs.clone_with_type::<RawDocumentBuf>();
        // Everything, in the one way that the index can answer without a record.
        let any = doc! { "admin_id": { "$gte": Bson::MinKey } };
        let only = doc! { "admin_id": 1, "_id": 0 };
        let mut named = orgs.find(any).projection(only).max_time(READ).await.map_err(say)?;
        let (mut gone, mut some) = (Vec::new(), Vec::<(ObjectId, Bson)>::new());
        loop {
            let more = named.advance().await.map_err(say)?;
            if more {
                let value = named.current().get("admin_id").ok().flatten();
                let value =
                    value.and_then(|value| Bson::try_from(value).ok()).unwrap_or(Bson::Null);
                match identity(&value) {
                    Some(id) => some.push((id, value)),
                    // The index has equal ones side by side.
                    None if gone.last() != Some(&value) => gone.push(value),
                    None => {}
                }
            }
            if some.len() == ASKED_AT_ONCE || !more {
                let there = self.existing(some.iter().map(|(id, _)| *id)).await?;
                gone.extend(some.drain(..).filter(|(id, _)| !there.contains(id)).map(|(_, v)| v));
            }
            few(gone.len())?;
            if !more {
                return Ok(gone);
            }
        }
    }

    /// Those of these admins that exist.
    async fn existing(&self, ids: impl Iterator<Item = ObjectId>) -> Result<HashSet<ObjectId>> {
        let say = |error| self.errors.translate(&error);
        let ids: Vec<Bson> = ids.map(Bson::from).collect();
        let admins = self.admins.clone_with_type::<RawDocumentBuf>();
        let found = admins.find(doc! { "_id": { "$in": ids } }).projection(doc! { "_id": 1 });
        let (mut found, mut there) = (found.max_time(READ).await.map_err(say)?, HashSet::new());
        while found.advance().await.map_err(say)? {
            there.extend(found.current().get_object_id("_id").ok());
        }
        Ok(there)
    }

    /// How many admins the organizations in these records have: those who exist, and whom the record lists.
    async fn admin_counts(&self, records: &[Document]) -> Result<HashMap<ObjectId, u32>> {
        let say = |error| self.errors.translate(&error);
        let mut orgs = HashMap::new();
        for record in records {
            let Some(org) = record::org(record) else { continue };
            orgs.insert(org.id, (record, self.first_admin(&org).await?));
        }
        let there = self.existing(orgs.values().filter_map(|(_, first)| *first)).await?;
        let mut counts: HashMap<ObjectId, u32> = orgs
            .iter()
            .map(|(org, (_, first))| (*org, u32::from(first.is_some_and(|id| there.contains(&id)))))
            .collect();
        let ids: Vec<Bson> = orgs.keys().copied().map(Bson::from).collect();
        let theirs = doc! { "$or": [
            { "organization_id": { "$in": ids.clone() } }, { "trash.organization": { "$in": ids } },
        ] };
        let mut found = self.admins.find(theirs).max_time(READ).await.map_err(say)?;
        while found.advance().await.map_err(say)? {
            let Ok(found) = found.deserialize_current() else { continue };
            let Some((id, admin)) = id_of(&found).zip(record::any_admin(&found)) else { continue };
            let hidden = shape::hidden(&found).and_then(|h| h.get_object_id("organization").ok());
            let owners: HashSet<ObjectId> = admin.organization.into_iter().chain(hidden).collect();
            for owner in owners {
                let Some((record, first)) = orgs.get(&owner) else { continue };
                if *first != Some(id) && record::lists(record, &admin) {
                    *counts.entry(owner).or_default() += 1;
                }
            }
        }
        Ok(counts)
    }
}

/// The admin that a record names so.
fn identity(value: &Bson) -> Option<ObjectId> {
    match value {
        Bson::ObjectId(id) => Some(*id),
        Bson::String(hex) => ObjectId::parse_str(hex).ok(),
        _ => None,
    }
}

/// Refuses what no question can name one by one.
fn few(count: usize) -> Result<()> {
    if count <= EXCEPTIONS_MOST {
        return Ok(());
    }
    Err(StoreError::Refused {
        problem: format!(
            "too many organizations to narrow by admins: more than {EXCEPTIONS_MOST} do not have exactly one"
        ),
        help: "search without admins:",
    })
}

//! Moving away what is nobody's: whole, by its identity, under a name that says so. Nothing is deleted,
//! nothing is copied into a collection that lives.

use mongodb::bson::{Document, RawDocumentBuf, doc, oid::ObjectId};

use super::{
    Inner,
    collection::Renamed,
    error::{code, code_of},
    named::Candidate,
    watch::{Activity, Mended, Server, Unmended},
};
use crate::{
    org::StoredText,
    store::{Patience, Result, StoreError},
};

/// What the name of a collection begins with that was moved away.
const QUARANTINE: &str = "quarantine_";

/// Where admins are kept that belong to no organization.
const ADMINS: &str = "quarantine_admins";

/// How many names are tried.
const NAMES: u32 = 1_000;

const WRITTEN: &str = "it was written to in the meantime";
const NAMED: &str = "a record refers to it now";
const CHANGED: &str = "it changed in the meantime";
const YOUNG: &str = "something in it is younger than ten minutes, so it may still be in use: try \
                     again later";
pub(super) const RESTARTED: &str = "the server was restarted, or another one took over, while it was watched: \
                         try again";

/// What a collection was like at the first look, and with which server.
pub(super) struct Watched<'a> {
    pub(super) before: &'a Activity,
    pub(super) server: &'a Server,
    pub(super) patience: Patience,
}

impl Inner {
    /// Renames a collection that nobody wrote to since the first look and that no record names, and
    /// answers what it is called now.
    pub(super) async fn quarantine_collection(
        &self,
        candidate: &Candidate,
        watched: &Watched<'_>,
    ) -> Mended<String> {
        let name = candidate.collection.as_deref().unwrap_or_default();
        let Some(uuid) = watched.before.uuid() else { return Err(Unmended::LeftAlone(CHANGED)) };
        let now = self.server().await?;
        if !now.is_still(watched.server) {
            return Err(Unmended::LeftAlone(RESTARTED));
        }
        if watched.before.is_young(&now, watched.patience) {
            return Err(Unmended::LeftAlone(YOUNG));
        }
        // The records first, so that less can happen between the last count and the move.
        if self.is_named(candidate).await? {
            return Err(Unmended::LeftAlone(NAMED));
        }
        match self.activity(name).await? {
            Some(activity) if activity == *watched.before => {}
            _ => return Err(Unmended::LeftAlone(WRITTEN)),
        }
        let mut to = format!("{QUARANTINE}{name}");
        for number in 2..NAMES {
            match self.rename_collection(name, &to, uuid).await? {
                Renamed::Taken => to = format!("{QUARANTINE}{name}_{number}"),
                Renamed::Missing => return Err(Unmended::LeftAlone(CHANGED)),
                Renamed::Done => return self.quarantined(candidate, to, watched.before).await,
            }
        }
        let to = StoredText::from(to);
        Err(StoreError::Other(format!("every name like {to} is taken")).into())
    }

    /// What came between the last look and the move shows now: then it goes back.
    async fn quarantined(
        &self,
        candidate: &Candidate,
        to: String,
        before: &Activity,
    ) -> Mended<String> {
        let same = self.activity(&to).await?.is_some_and(|now| now.holds_as_much_as(before));
        if same && !self.is_named(candidate).await? {
            return Ok(format!("renamed to {}", StoredText::from(to)));
        }
        let name = candidate.collection.as_deref().unwrap_or_default();
        if let Some(uuid) = before.uuid()
            && matches!(self.rename_collection(&to, name, uuid).await?, Renamed::Done)
        {
            return Err(Unmended::LeftAlone(WRITTEN));
        }
        // Somebody has made another one by now: that is theirs, and this is kept.
        Ok(format!("renamed to {}; another program has created a new one", StoredText::from(to)))
    }

    async fn is_named(&self, candidate: &Candidate) -> Result<bool> {
        let named = self.who_names(std::slice::from_ref(candidate)).await?;
        Ok(named.into_iter().flatten().next().is_some())
    }

    /// Moves an admin whom no record names, and who is as at the first look, to those of nobody.
    pub(super) async fn quarantine_admin(
        &self,
        candidate: &Candidate,
        before: &Document,
        server: &Server,
        patience: Patience,
    ) -> Mended<String> {
        let say = |error| Unmended::Failed(self.errors.translate(&error));
        let Some(id) = candidate.id else { return Err(Unmended::LeftAlone(CHANGED)) };
        if server.is_young(id, patience) {
            return Err(Unmended::LeftAlone(YOUNG));
        }
        if self.is_named(candidate).await? {
            return Err(Unmended::LeftAlone(NAMED));
        }
        let admins = self.admins.clone_with_type::<RawDocumentBuf>();
        let Some(raw) = admins.find_one(doc! { "_id": id }).await.map_err(say)? else {
            return Err(Unmended::LeftAlone(CHANGED));
        };
        // What is not UTF-8 could not be compared.
        let Ok(now) = Document::try_from(raw.as_ref()) else {
            return Err(Unmended::LeftAlone("it holds text that is not UTF-8: move it by hand"));
        };
        if now != *before {
            return Err(Unmended::LeftAlone(CHANGED));
        }
        let kept = self.db.collection::<RawDocumentBuf>(ADMINS);
        match kept.insert_one(&raw).await {
            // By one who was cut off; whoever else is there is kept.
            Err(error) if code_of(&error) == Some(code::DUPLICATE_KEY) => {
                let there = kept.find_one(doc! { "_id": id }).await.map_err(say)?;
                if there.is_none_or(|there| there.as_bytes() != raw.as_bytes()) {
                    return Err(Unmended::LeftAlone(
                        "another admin with the same _id is in quarantine; move it by hand",
                    ));
                }
            }
            kept => drop(kept.map_err(say)?),
        }
        let same = doc! { "_id": id, "$expr": { "$eq": ["$$ROOT", { "$literal": now }] } };
        if admins.delete_one(same).await.map_err(say)?.deleted_count == 0 {
            kept.delete_one(doc! { "_id": id }).await.map_err(say)?;
            return Err(Unmended::LeftAlone(CHANGED));
        }
        if self.is_named(candidate).await? {
            admins.insert_one(&raw).await.map_err(say)?;
            kept.delete_one(doc! { "_id": id }).await.map_err(say)?;
            return Err(Unmended::LeftAlone(NAMED));
        }
        Ok(format!("moved to {ADMINS}"))
    }
}

/// The identity that a name of ours has behind its prefix.
pub(super) fn id_behind(prefix: &str, name: &str) -> Option<ObjectId> {
    let id = name.strip_prefix(prefix)?.get(..24)?;
    ObjectId::parse_str(id).ok()
}

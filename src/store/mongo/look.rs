//! What does not belong together: every admin, record and collection is looked at once, and what seems
//! to be nobody's is then looked for in every field of every record.

use std::collections::{HashMap, HashSet};

use mongodb::bson::{Document, doc, oid::ObjectId};

use super::{
    Inner, READ,
    collection::{LEASE_PREFIX, Listed},
    field::text,
    found::{Found, NO_ADMIN, What},
    migrate::{stale_admins, stale_orgs},
    named::Candidate,
    quarantine::id_behind,
    record::{self, TRASH_PREFIX},
    role,
    seen::Seen,
    validator,
};
use crate::{
    org::{StoredText, email_key},
    store::{
        Inconsistency, Patience, Result,
        finding::{NEW_PASSWORD, WHICH_ADMIN},
    },
};

/// What there is to say when two records cannot both keep what they have.
const CLASH: &str = "rename or remove one of them with the program that created them";

/// What there is to say when an operator and an admin have the same e-mail.
const OTHER_EMAIL: &str = "give that admin or that operator another e-mail";

/// What an older program left behind while it moved late writes; then the organization's identity.
const STRAGGLER_PREFIX: &str = "straggler_";

impl Inner {
    /// Everything that does not belong together.
    pub(super) async fn look_around(&self, patience: Patience) -> Result<Vec<Found>> {
        let here = self.db.name().to_owned();
        let mut seen = Seen { patience, here, ..Seen::default() };
        for clash in self.clashes().await? {
            let what = What::ByHand(CLASH);
            seen.found.push(Found { inconsistency: Inconsistency::Clash(clash), what });
        }
        for (collection, filter, field) in [
            (&self.orgs, stale_orgs(), "organization_name"),
            (&self.admins, stale_admins(), "email"),
        ] {
            let stale = |record: Document| {
                seen.stale.extend(record.get_object_id("_id").ok());
                let org = StoredText::from(text(&record, field));
                seen.found.push(Found {
                    inconsistency: Inconsistency::Stale { org },
                    what: What::OnConnecting,
                });
            };
            self.each(collection, filter, stale).await?;
        }
        for inconsistency in self.look_at_validators().await? {
            seen.by_hand(inconsistency, validator::ALLOW);
        }
        for inconsistency in self.unknown_roles().await? {
            seen.by_hand(inconsistency, role::BY_HAND);
        }
        // Collections before organizations: what is made meanwhile is then not missed.
        let collections = self.collections_there().await?;
        for (name, listed) in &collections {
            match listed {
                Listed::Collection { .. } => drop(seen.collections.insert(name.clone())),
                Listed::Other(kind) => drop(seen.others_there.insert(name.clone(), kind)),
            }
        }
        self.each(&self.admins, Document::new(), |admin| seen.admin(&admin)).await?;
        self.each(&self.orgs, Document::new(), |record| seen.record(&record)).await?;
        let operators = self.directory().await?;
        let of_operators = |email: &&StoredText| operators.with_email(email.raw()).is_some();
        for email in seen.admins.values().filter(of_operators).cloned().collect::<Vec<_>>() {
            seen.by_hand(Inconsistency::OperatorsEmail { email }, OTHER_EMAIL);
        }
        let places = std::mem::take(&mut seen.places);
        seen.found.extend(self.look_at_places(places).await?);
        self.look_at_first_admins(&mut seen).await?;
        seen.look_at_lists();
        if !seen.hidden.is_empty() {
            seen.look_at_hidden(self.server_time().await?);
        }
        for org in std::mem::take(&mut seen.stale_lists) {
            // It is said already, and its list comes after it.
            if seen.stale.contains(&org) {
                continue;
            }
            if let Some((org, _)) = self.has_other_emails(org).await? {
                let (inconsistency, id) = (Inconsistency::Stale { org: org.name }, org.id);
                seen.found.push(Found { inconsistency, what: What::OtherEmails(id) });
            }
        }
        self.look_for_orphans(&collections, &mut seen).await?;
        Ok(seen.found)
    }

    /// Whether each organization and its first admin agree on who that is.
    async fn look_at_first_admins(&self, seen: &mut Seen) -> Result<()> {
        for org in std::mem::take(&mut seen.by_email) {
            let email = org.admin_email.raw();
            match self.admin_with_email(email).await?.filter(|_| !email.is_empty()) {
                Some(admin) => drop(seen.owning.insert(admin.id, Some(org.id))),
                None => seen.by_hand(Inconsistency::NoAdmin { org: org.name }, NO_ADMIN),
            }
        }
        for (one, other, email) in std::mem::take(&mut seen.shared) {
            let (one, other) = (self.name_of(one).await?, self.name_of(other).await?);
            seen.by_hand(Inconsistency::SharedAdmin { one, other, email }, WHICH_ADMIN);
        }
        let mut unlike = std::mem::take(&mut seen.unlike);
        while let Some((org, in_record, in_admin)) = unlike.pop() {
            let key = |email: &StoredText| email_key(email.raw());
            let swapped = unlike.iter().position(|(_, record, admin)| {
                key(record) == key(&in_admin) && key(admin) == key(&in_record)
            });
            let inconsistency = match swapped {
                Some(at) => Inconsistency::SwappedAdmins { one: unlike.remove(at).0, other: org },
                None => Inconsistency::EmailDisagrees { org, in_record, in_admin },
            };
            seen.by_hand(inconsistency, WHICH_ADMIN);
        }
        Ok(())
    }

    async fn name_of(&self, org: ObjectId) -> Result<StoredText> {
        let record = self.find_one(&self.orgs, doc! { "_id": org }).await?;
        Ok(record.map(|record| record::called(&record)).unwrap_or_default())
    }

    /// What seems to be nobody's, and is named by no record either.
    async fn look_for_orphans(
        &self,
        collections: &HashMap<String, Listed>,
        seen: &mut Seen,
    ) -> Result<()> {
        let mut candidates = Vec::new();
        // Asked after the collections: what is no longer staged by then is an operation's.
        seen.owned.extend(self.staged_collections().await?);
        for (name, listed) in collections {
            // Views and the like are nobody's concern but their own.
            if !matches!(listed, Listed::Collection { placeholder: None, .. }) {
                continue;
            }
            if seen.owned.contains(name) {
                continue;
            }
            let id = [TRASH_PREFIX, LEASE_PREFIX, STRAGGLER_PREFIX]
                .into_iter()
                .find_map(|prefix| id_behind(prefix, name));
            if id.is_none() && !record::is_ours(name) {
                continue;
            }
            // What an operation has is named by its identity only.
            let id = id.filter(|_| name.starts_with(LEASE_PREFIX));
            let is_past = seen.past.contains_key(name);
            let collection = Some(name.clone());
            candidates.push(Candidate { collection, id, email: None, is_past });
        }
        let mut admins: Vec<_> = {
            let others = std::mem::take(&mut seen.others).of_any(&seen.orgs).collect();
            let others: HashSet<ObjectId> = others;
            let lost = |id: &ObjectId| {
                !seen.owning.contains_key(id)
                    && !others.contains(id)
                    && !seen.joining.contains_key(id)
            };
            seen.admins.iter().filter(|(id, _)| lost(id)).collect()
        };
        admins.sort_by_key(|(id, _)| **id);
        let first_admin = candidates.len();
        for (id, email) in &admins {
            let email = Some(email_key(email.raw())).filter(|email| !email.is_empty());
            candidates.push(Candidate { id: Some(**id), email, ..Candidate::default() });
        }
        let named = self.who_names(&candidates).await?;
        let mut lost: Vec<_> = candidates
            .into_iter()
            .zip(named)
            .enumerate()
            .filter(|(_, (_, named))| named.is_none())
            .map(|(at, (candidate, _))| (at >= first_admin, candidate))
            .collect();
        lost.sort_by_key(|(admin, candidate)| (*admin, candidate.collection.clone()));
        let nobodys: HashSet<_> =
            lost.iter().filter(|(admin, _)| *admin).filter_map(|(_, lost)| lost.id).collect();
        for (id, email) in std::mem::take(&mut seen.unusable) {
            // Whoever belongs to nobody has nobody to issue a code.
            if !nobodys.contains(&id) {
                seen.by_hand(Inconsistency::UnusablePassword { email }, NEW_PASSWORD);
            }
        }
        for (_, candidate) in lost {
            let found = match &candidate.collection {
                Some(_) => self.lost_collection(candidate, seen).await?,
                None => self.lost_admin(candidate, seen).await?,
            };
            seen.found.extend(found);
        }
        Ok(())
    }

    async fn lost_collection(&self, candidate: Candidate, seen: &Seen) -> Result<Option<Found>> {
        let Some(name) = &candidate.collection else { return Ok(None) };
        let documents = self.how_many(name).await?;
        let collection = StoredText::from(name.as_str());
        if let Some(org) = seen.past.get(name) {
            let inconsistency =
                Inconsistency::LateWrites { org: org.clone(), collection, documents };
            // Where nothing says how old it is, it may be what another program fills right now.
            let sure = seen.patience.age.is_zero() || self.newest_in(name).await?.is_some();
            return Ok(Some(Found { inconsistency, what: What::Collection { candidate, sure } }));
        }
        let sure = match id_behind(TRASH_PREFIX, name) {
            Some(org) => !seen.orgs.contains(&org),
            None if record::is_ours(name) => documents == 1 && self.is_fresh(name).await?,
            None => true,
        };
        let inconsistency = Inconsistency::CollectionOfNobody { collection, documents };
        Ok(Some(Found { inconsistency, what: What::Collection { candidate, sure } }))
    }

    /// Whether all there is in a collection is the document that makes it.
    async fn is_fresh(&self, collection: &str) -> Result<bool> {
        let collection = self.db.collection::<super::Record>(collection).into();
        let first = self.find_one(&collection, Document::new()).await?;
        Ok(first.is_some_and(|first| {
            first.len() == 4
                && first.get_object_id("_id").is_ok()
                && first.get_bool("initialized").is_ok_and(|is| is)
                && first.get_datetime("created_at").is_ok()
                && text(&first, "note") == "Org data goes here"
        }))
    }

    async fn lost_admin(&self, candidate: Candidate, seen: &Seen) -> Result<Option<Found>> {
        let Some(admin) = self.find_one(&self.admins, doc! { "_id": candidate.id }).await? else {
            return Ok(None);
        };
        let email = record::admin(&admin).or_else(|| record::admin_in_trash(&admin));
        let email = email.map(|admin| admin.email).unwrap_or_default();
        // One that we added says whose it was, and what it may do.
        let of = ["organization_id", "joining"]
            .into_iter()
            .find_map(|field| admin.get_object_id(field).ok());
        let sure = of.is_some_and(|of| !seen.orgs.contains(&of)) && admin.contains_key("role");
        let inconsistency = Inconsistency::AdminOfNobody { email };
        Ok(Some(Found { inconsistency, what: What::Admin { candidate, admin, sure } }))
    }

    /// Everything there is that has a name.
    pub(super) async fn collections_there(&self) -> Result<HashMap<String, Listed>> {
        self.listed_by(Document::new()).await
    }

    /// Shows every record that a filter finds, one after the other: a million would not fit.
    pub(super) async fn each(
        &self,
        collection: &super::Exact<super::Record>,
        filter: Document,
        mut then: impl FnMut(Document),
    ) -> Result<()> {
        let say = |error| self.errors.translate(&error);
        let mut cursor = collection.find(filter).await.map_err(say)?;
        while cursor.advance().await.map_err(say)? {
            if let Ok(record) = cursor.deserialize_current() {
                then(record.0);
            }
        }
        Ok(())
    }

    async fn how_many(&self, collection: &str) -> Result<u64> {
        let documents = self.db.collection::<Document>(collection);
        let estimate = documents.estimated_document_count().max_time(READ).await;
        let estimate = estimate.map_err(|error| self.errors.translate(&error))?;
        self.counted(collection, estimate).await.map_err(|error| self.errors.translate(&error))
    }
}

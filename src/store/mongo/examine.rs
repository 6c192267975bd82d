//! Going through everything: what does not belong together, and the repair.
//!
//! It looks, repairs, and looks again: what it no longer finds was repaired, what is still there was not.
//! Nothing is deleted by a repair: what nobody owns is given a name that says so.

use std::collections::{BTreeSet, HashMap, HashSet};

use mongodb::bson::{Document, RawDocumentBuf, doc, oid::ObjectId};

use super::{
    Inner, READ,
    admins::first_of,
    adopt::{ours, stale_admins, stale_orgs},
    journal,
    lifecycle::unchanged,
    record::{self, text},
    role,
};
use crate::{
    org::{Admin, Claim, Org, StoredText, email_key},
    store::{Finding, Repair, Result, Trouble, untold},
};

/// Where admins are kept that belong to no organization.
const LOST_ADMINS: &str = "lost_admins";

/// What there is to say when two records cannot both keep what they have.
const CLASH: &str = "rename or remove one of them with the program that made them";

/// What there is to say when nobody can log in to an organization.
const NO_ADMIN: &str = "put its admin back from a copy of the database";

/// A finding, and what a repair needs to know about it.
struct Found {
    trouble: Trouble,
    what: What,
}

/// What a repair needs to know.
enum What {
    /// Settled by whatever is done when a console connects.
    OnConnecting,
    Collection(String),
    NoCollection(String),
    Admin(ObjectId),
    OtherEmails(ObjectId),
    ByHand(&'static str),
}

impl Inner {
    pub(super) async fn examine(&self, fix: bool) -> Result<Vec<Finding>> {
        if !fix {
            let found = self.look_around().await?;
            return Ok(found.into_iter().map(|found| Finding::unrepaired(found, None)).collect());
        }
        self.may_write()?;
        let before = self.look_around().await?;
        if before.is_empty() {
            // What has been in the trash for too long is no trouble.
            self.recover().await?;
            return Ok(Vec::new());
        }
        let renewed = async { self.catch_up().await.and(self.recover().await) };
        let mut failed = renewed.await.err().map(|error| error.to_string());
        let mut done = HashMap::new();
        if self.only_readable_because().is_none() {
            for (at, found) in before.iter().enumerate() {
                match self.repair(&found.what).await {
                    Ok(how) => {
                        done.insert(at, how);
                    }
                    Err(error) => failed = failed.or(Some(error.to_string())),
                }
            }
        }
        let still: Vec<Trouble> =
            self.look_around().await?.into_iter().map(|found| found.trouble).collect();
        let finding = |(at, found): (usize, Found)| {
            if still.contains(&found.trouble) {
                return Finding::unrepaired(found, Some(failed.clone().unwrap_or_default()));
            }
            let how = done.remove(&at).flatten();
            let how = how.unwrap_or_else(|| found.trouble.settled().to_owned());
            Finding { trouble: found.trouble, repair: Repair::Done(how) }
        };
        let findings = before.into_iter().enumerate().map(finding).collect();
        Ok(findings)
    }

    /// How; none where that is done, or cannot be, without anything of its own.
    async fn repair(&self, what: &What) -> Result<Option<String>> {
        match what {
            What::OnConnecting | What::ByHand(_) => Ok(None),
            What::Collection(collection) => {
                let claim = Claim::Collection(collection.clone());
                let owned = self.find_one(&self.orgs, doc! { "claims": claim.to_string() }).await?;
                if owned.is_some()
                    || self.unadopted_holder(&claim, &mongodb::bson::Bson::Null).await?.is_some()
                {
                    return Ok(Some("it has become an organization's".to_owned()));
                }
                let aside = self.put_aside(collection).await?;
                Ok(Some(format!("it is now called {}", StoredText::from(aside))))
            }
            What::NoCollection(collection) => {
                let made = self.db.create_collection(collection).await;
                match made {
                    Err(error) if super::error::code_of(&error) != Some(NAMESPACE_EXISTS) => {
                        Err(self.words.of(&error))
                    }
                    _ => Ok(Some("an empty one was made".to_owned())),
                }
            }
            What::Admin(id) => self.put_admin_aside(*id).await.map(Some),
            What::OtherEmails(org) => self.renew_other_emails(*org).await.map(|()| None),
        }
    }

    async fn put_admin_aside(&self, id: ObjectId) -> Result<String> {
        let say = |error| self.words.of(&error);
        let admins = self.admins.clone_with_type::<RawDocumentBuf>();
        let lost = self.db.collection::<RawDocumentBuf>(LOST_ADMINS);
        if let Some(admin) = admins.find_one(doc! { "_id": id }).await.map_err(say)? {
            let copied = lost.replace_one(doc! { "_id": id }, &admin).upsert(true).await;
            copied.map_err(say)?;
            admins.delete_one(doc! { "_id": id }).await.map_err(say)?;
        }
        Ok(format!("it was moved to the collection {LOST_ADMINS}"))
    }

    async fn look_around(&self) -> Result<Vec<Found>> {
        let mut found = Vec::new();
        for clash in self.clashes().await? {
            found.push(Found { trouble: Trouble::Clash(clash), what: What::ByHand(CLASH) });
        }
        for (collection, filter, field) in [
            (&self.orgs, stale_orgs(), "organization_name"),
            (&self.admins, stale_admins(), "email"),
        ] {
            let stale = |record: Document| {
                let org = StoredText::from(text(&record, field));
                found.push(Found { trouble: Trouble::Stale { org }, what: What::OnConnecting });
            };
            self.each(collection, filter, stale).await?;
        }
        let stragglers = self.stragglers().await?;
        let on_the_way: HashSet<&str> = stragglers.iter().map(|s| s.collection.as_str()).collect();
        for straggler in &stragglers {
            let trouble = Trouble::Stragglers {
                org: straggler.name.clone(),
                collection: straggler.collection.as_str().into(),
                documents: self.how_many(&straggler.collection).await?,
            };
            found.push(Found { trouble, what: What::OnConnecting });
        }
        for trouble in self.unknown_roles().await? {
            found.push(Found { trouble, what: What::ByHand(role::BY_HAND) });
        }
        self.look_at_belongings(&on_the_way, &mut found).await?;
        Ok(found)
    }

    /// Which collection, organization and admin belongs to which.
    async fn look_at_belongings(
        &self,
        on_the_way: &HashSet<&str>,
        found: &mut Vec<Found>,
    ) -> Result<()> {
        // Collections before organizations: what is made meanwhile is then not missed.
        let collections: HashSet<String> =
            self.collection_names(Document::new()).await?.into_iter().collect();
        let mut admins: HashMap<ObjectId, StoredText> = HashMap::new();
        let mut others = Others::default();
        self.each(&self.admins, Document::new(), |admin| {
            let read = record::admin(&admin).or_else(|| record::admin_in_trash(&admin));
            others.extend(read.as_ref());
            admins.extend(read.map(|admin| (admin.id, admin.email)));
        })
        .await?;
        let (mut owned, mut owning) = (HashSet::new(), HashSet::new());
        let (mut orgs, mut unlike) = (HashSet::new(), Vec::new());
        self.each(&self.orgs, Document::new(), |record| {
            orgs.extend(record.get_object_id("_id"));
            if let Ok(pending) = record.get_document("pending") {
                for field in ["from", "to", "collection", "collection_name"] {
                    owned.insert(text(pending, field).to_owned());
                }
                owning.extend(
                    ["admin_id", "admin"]
                        .iter()
                        .filter_map(|field| pending.get_object_id(field).ok()),
                );
                if let Some(org) = record::org(&record) {
                    owned.extend(record::held_in(&org));
                    owned.insert(org.collection.raw().to_owned());
                    owning.extend(first_of(&org));
                }
                found.push(Found {
                    trouble: Trouble::HalfDone {
                        org: record::called(&record),
                        what: what_is_under_way(&record, text(pending, "kind")),
                        by: journal::by(&record),
                    },
                    what: What::OnConnecting,
                });
                return;
            }
            let Some(org) = record::org(&record) else { return };
            // In the trash, the collection's own name stays its own.
            owned.insert(org.collection.raw().to_owned());
            let held = record::held_in(&org).unwrap_or_else(|| org.collection.raw().to_owned());
            if !collections.contains(&held) {
                let collection = StoredText::from(held.as_str());
                let what = if record::is_held(&held) {
                    What::NoCollection(held.clone())
                } else {
                    What::ByHand("it lies outside of what organizations have: make it by hand")
                };
                let trouble = Trouble::NoCollection { org: org.name.clone(), collection };
                found.push(Found { trouble, what });
            }
            owned.insert(held);
            if others.are_unlike(&record, &org) {
                unlike.push(org.id);
            }
            match first_of(&org).filter(|admin| admins.contains_key(admin)) {
                Some(admin) => {
                    owning.insert(admin);
                }
                None => found.push(Found {
                    trouble: Trouble::NoAdmin { org: org.name },
                    what: What::ByHand(NO_ADMIN),
                }),
            }
        })
        .await?;
        let mut lost: Vec<&String> = collections
            .iter()
            .filter(|name| record::is_held(name) && !owned.contains(*name))
            .filter(|name| !on_the_way.contains(name.as_str()))
            .collect();
        lost.sort();
        for name in lost {
            let documents = self.how_many(name).await?;
            let collection = StoredText::from(name.as_str());
            let trouble = Trouble::CollectionOfNobody { collection, documents };
            found.push(Found { trouble, what: What::Collection(name.clone()) });
        }
        for org in unlike {
            if let Some((org, _)) = self.has_other_emails(org).await? {
                let (trouble, id) = (Trouble::Stale { org: org.name }, org.id);
                found.push(Found { trouble, what: What::OtherEmails(id) });
            }
        }
        owning.extend(others.of_any(&orgs));
        let mut lost: Vec<_> = admins.into_iter().filter(|(id, _)| !owning.contains(id)).collect();
        lost.sort_by_key(|(id, _)| *id);
        for (id, email) in lost {
            let trouble = Trouble::AdminOfNobody { email };
            found.push(Found { trouble, what: What::Admin(id) });
        }
        Ok(())
    }

    /// The organization with its record, where that still has other e-mails than its admins beside the
    /// first. What was read of both one after the other may only have been changed in between.
    async fn has_other_emails(&self, org: ObjectId) -> Result<Option<(Org, Document)>> {
        let itself = doc! { "_id": org };
        let before = self.find_one(&self.orgs, itself.clone()).await?;
        let Some((org, record)) = before.and_then(|r| Some((record::org(&r)?, r))) else {
            return Ok(None);
        };
        let mut others = Others::default();
        others.extend(&self.admins(&org).await?);
        let now = self.find_one(&self.orgs, itself).await?;
        let same = now.as_ref() == Some(&record) && org.under_way.is_none();
        Ok((same && others.are_unlike(&record, &org)).then_some((org, record)))
    }

    /// Gives a record the e-mails that its admins beside the first have, and claims them.
    async fn renew_other_emails(&self, org: ObjectId) -> Result<()> {
        let Some((org, record)) = self.has_other_emails(org).await? else { return Ok(()) };
        let mut others = Others::default();
        others.extend(&self.admins(&org).await?);
        let emails: Vec<String> = others.emails_of(&org).into_iter().collect();
        let mut update = doc! { "$unset": ours() };
        journal::set_or_unset(&mut update, "other_emails", &emails);
        let renewed = self.orgs.update_one(unchanged(&record, org.id), update).await;
        renewed.map_err(|error| self.words.of(&error))?;
        self.adopt(&untold).await
    }

    /// Shows every record that a filter finds, one after the other: a million would not fit.
    async fn each(
        &self,
        collection: &mongodb::Collection<super::Record>,
        filter: Document,
        mut then: impl FnMut(Document),
    ) -> Result<()> {
        let say = |error| self.words.of(&error);
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
        let counted = documents.estimated_document_count().max_time(READ).await;
        counted.map_err(|error| self.words.of(&error))
    }
}

/// The admins who say themselves whose they are, and their e-mails as they are compared.
#[derive(Default)]
struct Others(HashMap<ObjectId, Vec<(ObjectId, String)>>);

impl Others {
    fn extend<'a>(&mut self, admins: impl IntoIterator<Item = &'a Admin>) {
        for admin in admins {
            if let Some(org) = admin.organization {
                let email = email_key(admin.email.raw());
                self.0.entry(org).or_default().push((admin.id, email));
            }
        }
    }

    /// The e-mails of those beside the first.
    fn emails_of(&self, org: &Org) -> BTreeSet<String> {
        let others = self.0.get(&org.id).into_iter().flatten();
        let others = others.filter(|(id, _)| first_of(org) != Some(*id));
        others.map(|(_, email)| email.clone()).collect()
    }

    /// Whether the record of an organization, which is not in the trash, has other e-mails.
    fn are_unlike(&self, record: &Document, org: &Org) -> bool {
        let known: BTreeSet<String> = record::other_emails(record).into_iter().collect();
        org.in_trash().is_none() && known != self.emails_of(org)
    }

    /// Those of one of these organizations.
    fn of_any(self, orgs: &HashSet<ObjectId>) -> impl Iterator<Item = ObjectId> {
        let theirs = self.0.into_iter().filter(|(org, _)| orgs.contains(org));
        theirs.flat_map(|(_, admins)| admins).map(|(id, _)| id)
    }
}

const NAMESPACE_EXISTS: i32 = super::error::code::NAMESPACE_EXISTS;

impl Finding {
    /// One that is still there: why, when a repair was tried.
    fn unrepaired(found: Found, tried: Option<String>) -> Self {
        let repair = match (&found.what, &found.trouble, tried) {
            (What::ByHand(help), ..) => Repair::ByHand(help),
            (_, Trouble::HalfDone { .. }, Some(why)) if why.is_empty() => Repair::Failed(
                "whoever began it may still be at it: try again in ten seconds".to_owned(),
            ),
            (_, _, Some(why)) if why.is_empty() => Repair::Failed("try again".to_owned()),
            (_, _, Some(why)) => Repair::Failed(why),
            (_, _, None) => Repair::Possible,
        };
        Self { trouble: found.trouble, repair }
    }
}

fn what_is_under_way(record: &Document, kind: &str) -> &'static str {
    match kind {
        "create" => "a creation",
        "update" if record::renames(record) => "a rename",
        "update" => "an edit",
        "delete" => "a deletion",
        "trash" => "a move to the trash",
        "restore" => "a restoration",
        "suspend" => "a suspension or reactivation",
        "admin" => "a change of its admins",
        _ => "something that a newer Tenantry does",
    }
}

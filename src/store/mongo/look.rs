//! What does not belong together: every admin, record and collection is looked at once, and what seems
//! to be nobody's is then looked for in every field of every record.

use std::collections::{HashMap, HashSet};

use mongodb::bson::{DateTime, Document, doc, oid::ObjectId};

use super::{
    Inner, READ,
    admins::first_of,
    adopt::{stale_admins, stale_orgs},
    fence::LEASE_PREFIX,
    journal::{self, Kind, Pending},
    named::Candidate,
    others::Others,
    quarantine::id_behind,
    record::{self, TRASH_PREFIX, text},
    role, shape,
    suspension::is_misplaced,
};
use crate::{
    org::{Org, StoredText, email_key},
    store::{Result, Trouble, finding::NEW_PASSWORD},
};

/// What there is to say when two records cannot both keep what they have.
const CLASH: &str = "rename or remove one of them with the program that created them";

/// For how many milliseconds a new admin may be hidden: it takes one write to show one.
const HIDDEN_MOST: i64 = 10 * 60 * 1000;

/// What there is to say when nobody can log in to an organization.
const NO_ADMIN: &str = "restore its admin from a backup";

/// What there is to say when an organization and its admin do not agree on who that is.
const WHICH_ADMIN: &str =
    "find out which is right, and correct the record with the program that wrote it";

const FOREIGN: &str = "rename or remove that field with the program that wrote it";

/// What an older program left behind while it moved late writes; then the organization's identity.
const STRAGGLER_PREFIX: &str = "straggler_";

/// A finding, and what a repair needs to know about it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) trouble: Trouble,
    pub(super) what: What,
}

/// What a repair needs to know.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    /// Settled by whatever is done when a console connects.
    OnConnecting,
    /// A collection that is nobody's; `sure` where it can only be ours.
    Collection { candidate: Candidate, sure: bool },
    /// An organization's collection is missing.
    NoCollection { record: Document, collection: String },
    /// An admin who is nobody's.
    Admin { candidate: Candidate, admin: Document, sure: bool },
    /// The e-mails that a record lists are not those of its admins.
    OtherEmails(ObjectId),
    /// Only a person can.
    ByHand(&'static str),
}

/// What was seen of all records on the way.
#[derive(Default)]
struct Seen {
    found: Vec<Found>,
    /// The admins, as far as they are to be compared.
    admins: HashMap<ObjectId, StoredText>,
    others: Others,
    /// Those whose password is not where it would be if their organization was suspended, and those of
    /// whom it is not where it would be if it was not.
    misplaced: [HashSet<ObjectId>; 2],
    /// Those with a password that no login can be right with.
    unusable: Vec<(ObjectId, StoredText)>,
    /// Admins who cannot be found yet, and whose they will be.
    joining: HashMap<ObjectId, ObjectId>,
    /// Those whom a settled record lists, and what that is called.
    hidden: Vec<(ObjectId, StoredText)>,
    /// The collections there are.
    collections: HashSet<String>,
    /// Which of these an organization certainly has.
    owned: HashSet<String>,
    /// Names that an organization's collection had.
    past: HashMap<String, StoredText>,
    /// Which admins a record certainly has, and which one named it as its first.
    owning: HashMap<ObjectId, Option<ObjectId>>,
    shared: Vec<(ObjectId, ObjectId, StoredText)>,
    /// Records with another e-mail than their admin.
    unlike: Vec<(StoredText, StoredText, StoredText)>,
    orgs: HashSet<ObjectId>,
    /// Organizations whose list of e-mails is to be looked at again.
    stale_lists: Vec<ObjectId>,
    /// Organizations that name an admin by e-mail only.
    by_email: Vec<Org>,
    /// The admins that an organization lists, where it does.
    listed: HashMap<ObjectId, (StoredText, HashSet<ObjectId>)>,
}

impl Inner {
    /// Everything that does not belong together.
    pub(super) async fn look_around(&self) -> Result<Vec<Found>> {
        let mut seen = Seen::default();
        for clash in self.clashes().await? {
            let what = What::ByHand(CLASH);
            seen.found.push(Found { trouble: Trouble::Clash(clash), what });
        }
        for (collection, filter, field) in [
            (&self.orgs, stale_orgs(), "organization_name"),
            (&self.admins, stale_admins(), "email"),
        ] {
            let stale = |record: Document| {
                let org = StoredText::from(text(&record, field));
                seen.found
                    .push(Found { trouble: Trouble::Stale { org }, what: What::OnConnecting });
            };
            self.each(collection, filter, stale).await?;
        }
        for trouble in self.unknown_roles().await? {
            seen.by_hand(trouble, role::BY_HAND);
        }
        // Collections before organizations: what is made meanwhile is then not missed.
        let collections = self.collections_there().await?;
        seen.collections = collections.iter().map(|(name, _)| name.clone()).collect();
        self.each(&self.admins, Document::new(), |admin| seen.admin(&admin)).await?;
        self.each(&self.orgs, Document::new(), |record| seen.record(&record)).await?;
        self.look_at_first_admins(&mut seen).await?;
        seen.look_at_lists();
        if !seen.hidden.is_empty() {
            seen.look_at_hidden(self.server_time().await?);
        }
        for org in std::mem::take(&mut seen.stale_lists) {
            if let Some((org, _)) = self.has_other_emails(org).await? {
                let (trouble, id) = (Trouble::Stale { org: org.name }, org.id);
                seen.found.push(Found { trouble, what: What::OtherEmails(id) });
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
                None => seen.by_hand(Trouble::NoAdmin { org: org.name }, NO_ADMIN),
            }
        }
        for (one, other, email) in std::mem::take(&mut seen.shared) {
            let (one, other) = (self.name_of(one).await?, self.name_of(other).await?);
            seen.by_hand(Trouble::SharedAdmin { one, other, email }, WHICH_ADMIN);
        }
        let mut unlike = std::mem::take(&mut seen.unlike);
        while let Some((org, in_record, in_admin)) = unlike.pop() {
            let key = |email: &StoredText| email_key(email.raw());
            let swapped = unlike.iter().position(|(_, record, admin)| {
                key(record) == key(&in_admin) && key(admin) == key(&in_record)
            });
            let trouble = match swapped {
                Some(at) => Trouble::SwappedAdmins { one: unlike.remove(at).0, other: org },
                None => Trouble::EmailDisagrees { org, in_record, in_admin },
            };
            seen.by_hand(trouble, WHICH_ADMIN);
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
        collections: &[(String, bool)],
        seen: &mut Seen,
    ) -> Result<()> {
        let mut candidates = Vec::new();
        for (name, _) in collections.iter().filter(|(_, placeholder)| !placeholder) {
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
                seen.by_hand(Trouble::UnusablePassword { email }, NEW_PASSWORD);
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
            let trouble = Trouble::LateWrites { org: org.clone(), collection, documents };
            return Ok(Some(Found { trouble, what: What::Collection { candidate, sure: true } }));
        }
        let sure = match id_behind(TRASH_PREFIX, name) {
            Some(org) => !seen.orgs.contains(&org),
            None if record::is_ours(name) => documents == 1 && self.is_fresh(name).await?,
            None => true,
        };
        let trouble = Trouble::CollectionOfNobody { collection, documents };
        Ok(Some(Found { trouble, what: What::Collection { candidate, sure } }))
    }

    /// Whether all there is in a collection is the document that makes it.
    async fn is_fresh(&self, collection: &str) -> Result<bool> {
        let collection = self.db.collection::<super::Record>(collection);
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
        let trouble = Trouble::AdminOfNobody { email };
        Ok(Some(Found { trouble, what: What::Admin { candidate, admin, sure } }))
    }

    /// The collections there are, and whether one is only a placeholder. Views and the like are none.
    async fn collections_there(&self) -> Result<Vec<(String, bool)>> {
        let there = self.listed_by(doc! { "type": "collection" }).await?;
        Ok(there.into_iter().map(|(name, listed)| (name, listed.placeholder.is_some())).collect())
    }

    /// Shows every record that a filter finds, one after the other: a million would not fit.
    pub(super) async fn each(
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
        let estimate = documents.estimated_document_count().max_time(READ).await;
        let estimate = estimate.map_err(|error| self.words.of(&error))?;
        self.counted(collection, estimate).await.map_err(|error| self.words.of(&error))
    }
}

impl Seen {
    fn by_hand(&mut self, trouble: Trouble, help: &'static str) {
        self.found.push(Found { trouble, what: What::ByHand(help) });
    }

    fn admin(&mut self, admin: &Document) {
        let read = record::admin(admin).or_else(|| record::admin_in_trash(admin));
        for field in shape::foreign_of_admin(admin) {
            let of = StoredText::from(text(admin, "email"));
            self.by_hand(Trouble::ForeignField { of, field }, FOREIGN);
        }
        if let Some(read) = &read {
            for (suspended, misplaced) in [true, false].into_iter().zip(&mut self.misplaced) {
                misplaced.extend(Some(read.id).filter(|_| is_misplaced(admin, suspended)));
            }
        }
        if let Some(read) = read.as_ref().filter(|read| !read.password.is_usable()) {
            self.unusable.push((read.id, read.email.clone()));
        }
        match (admin.get_object_id("_id"), admin.get_object_id("joining")) {
            // Nobody's admin yet: what came too late goes by itself after a day.
            (Ok(id), Ok(org)) if record::is_hidden_admin(admin) => {
                self.joining.insert(id, org);
            }
            _ => self.others.extend(read.as_ref()),
        }
        self.admins.extend(read.map(|admin| (admin.id, admin.email)));
    }

    fn record(&mut self, record: &Document) {
        for field in shape::foreign(record) {
            let of = named(record);
            self.by_hand(Trouble::ForeignField { of, field }, FOREIGN);
        }
        let Ok(id) = record.get_object_id("_id") else {
            let why = "its _id is no ObjectId";
            let help = "give it an ObjectId with the program that made it; until then nothing that it \
                        names is touched";
            return self.by_hand(Trouble::Unusable { record: named(record), why }, help);
        };
        self.orgs.insert(id);
        if shape::pending(record).is_some() {
            return self.pending(record);
        }
        let Some(org) = record::org(record) else { return };
        let trash = record::trash_collection(id);
        // In the trash, the collection's own name stays its own.
        self.owned.extend([org.collection.raw().to_owned()]);
        for name in shape::former(record).into_iter().filter(|name| record::is_ours(name)) {
            let has = org.in_trash().is_none() && org.collection.raw() == name;
            let has = has || (org.in_trash().is_some() && !self.collections.contains(&trash));
            if self.collections.contains(name) && !has {
                self.past.insert(name.to_owned(), org.name.clone());
                self.owned.remove(name);
            }
        }
        let held = record::held_in(&org).unwrap_or_else(|| org.collection.raw().to_owned());
        if !self.collections.contains(&held) {
            let collection = StoredText::from(held.as_str());
            let what = if record::is_held(&held) && self.past_of(record).is_none() {
                What::NoCollection { record: record.clone(), collection: held.clone() }
            } else if record::is_held(&held) {
                What::ByHand(
                    "its documents may be under its former name; rename that collection by hand",
                )
            } else {
                What::ByHand("its name does not begin with org_; create it by hand")
            };
            let trouble = Trouble::NoCollection { org: org.name.clone(), collection };
            self.found.push(Found { trouble, what });
        }
        self.owned.insert(held);
        if shape::foreign(record).is_empty() && self.others.are_unlike(record, &org) {
            self.stale_lists.push(id);
        }
        let others = record::other_admins(record);
        let mut listed: HashSet<_> = others.iter().flatten().copied().collect();
        listed.extend(first_of(&org));
        let hidden =
            self.joining.iter().filter(|(admin, of)| **of == id && listed.contains(*admin));
        self.hidden.extend(hidden.map(|(admin, _)| (*admin, org.name.clone())));
        self.look_at_suspension(record, &org, &listed);
        if others.is_some() {
            self.listed.insert(id, (org.name.clone(), listed));
        }
        self.first_admin(record, org);
    }

    /// Whether the passwords of its admins are where they belong. One who is shared is another finding.
    fn look_at_suspension(&mut self, record: &Document, org: &Org, listed: &HashSet<ObjectId>) {
        let suspended = shape::is_suspended_by_us(record);
        let misplaced = &self.misplaced[usize::from(!suspended)];
        let mut admins: Vec<_> = listed.intersection(misplaced).copied().collect();
        admins.sort();
        for admin in admins.into_iter().filter(|admin| !self.owning.contains_key(admin)) {
            let email = self.admins.get(&admin).cloned().unwrap_or_default();
            let org = org.name.clone();
            let trouble = if suspended {
                Trouble::NotLocked { org, email }
            } else {
                Trouble::NotUnlocked { org, email }
            };
            self.found.push(Found { trouble, what: What::OnConnecting });
        }
    }

    /// Admins who say that they belong to an organization, which lists others.
    fn look_at_lists(&mut self) {
        let mut unlisted = Vec::new();
        for (org, admins) in self.others.by_org() {
            let Some((name, listed)) = self.listed.get(org) else { continue };
            for (admin, _) in admins.iter().filter(|(admin, _)| !listed.contains(admin)) {
                let email = self.admins.get(admin).cloned().unwrap_or_default();
                unlisted.push((*admin, name.clone(), email));
            }
        }
        unlisted.sort_by_key(|(admin, ..)| *admin);
        for (_, org, email) in unlisted {
            let help = "remove this admin with the program that added it, or add it again here";
            self.by_hand(Trouble::UnlistedAdmin { org, email }, help);
        }
    }

    /// Admins whom a record lists and who are hidden for longer than it takes to show them.
    fn look_at_hidden(&mut self, now: DateTime) {
        let help = "change the e-mail of whoever has it with the program that gave it to them, then open \
                    this database again";
        for (admin, org) in std::mem::take(&mut self.hidden) {
            let age = now.timestamp_millis() - admin.timestamp().timestamp_millis();
            if age > HIDDEN_MOST {
                let email = self.admins.get(&admin).cloned().unwrap_or_default();
                self.by_hand(Trouble::HiddenAdmin { org, email }, help);
            }
        }
    }

    /// A collection that is there under a name that the organization's had.
    fn past_of<'a>(&self, record: &'a Document) -> Option<&'a str> {
        shape::former(record).into_iter().find(|name| self.past.contains_key(*name))
    }

    /// Somebody is, or was, at it. What the journal names is found again with all that records name.
    fn pending(&mut self, record: &Document) {
        let kind = shape::pending(record).and_then(Kind::of);
        let trouble = Trouble::HalfDone {
            org: record::called(record),
            what: what_is_under_way(record, kind),
            by: journal::by(record),
        };
        let what = match Pending::of(record) {
            Some(_) => What::OnConnecting,
            None => {
                What::ByHand("finish it with the version of Tenantry that began it, or a newer one")
            }
        };
        self.found.push(Found { trouble, what });
        if let Some(org) = record::org(record) {
            self.owned.extend(record::held_in(&org));
            self.owned.extend([org.collection.raw().to_owned(), record::trash_collection(org.id)]);
            if let Some(admin) = first_of(&org) {
                self.owning.insert(admin, Some(org.id));
            }
        }
    }

    fn first_admin(&mut self, record: &Document, org: Org) {
        let of = shape::trash(record).unwrap_or(record);
        if !of.contains_key("admin_id") {
            return self.by_email.push(org);
        }
        let admin = shape::id_in(of, "admin_id");
        let Some((admin, email)) = admin.and_then(|id| self.admins.get_key_value(&id)) else {
            return self.by_hand(Trouble::NoAdmin { org: org.name }, NO_ADMIN);
        };
        let (admin, email) = (*admin, email.clone());
        if let Some(Some(other)) = self.owning.insert(admin, Some(org.id)) {
            self.shared.push((other, org.id, email));
        } else if email_key(email.raw()) != email_key(org.admin_email.raw()) {
            self.unlike.push((org.name, org.admin_email, email));
        }
    }
}

/// What a record is called, or else its identity.
fn named(record: &Document) -> StoredText {
    let name = record::called(record);
    if name.raw().is_empty() {
        StoredText::from(record.get("_id").map_or(String::new(), ToString::to_string))
    } else {
        name
    }
}

fn what_is_under_way(record: &Document, kind: Option<Kind>) -> &'static str {
    match kind {
        Some(Kind::Create) => "a creation",
        Some(Kind::Update) if record::renames(record) => "a rename",
        Some(Kind::Update) => "an edit",
        Some(Kind::Delete) => "a deletion",
        Some(Kind::Trash) => "a move to the trash",
        Some(Kind::Restore) => "a restoration",
        Some(Kind::Suspend) => "a suspension or reactivation",
        Some(Kind::Admin) => "a change of its admins",
        None => "something that a newer Tenantry does",
    }
}

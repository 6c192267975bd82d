//! What is seen of every record and admin on the way through all of them, and what each of them says by
//! itself that does not belong together.

use std::collections::{HashMap, HashSet};

use mongodb::bson::{Bson, DateTime, Document, oid::ObjectId};

use super::{
    elsewhere::Places,
    field::text,
    found::{Found, NO_ADMIN, What},
    journal,
    operation::can_finish,
    others::Others,
    password::is_misplaced,
    record::{self, first_of},
    shape,
};
use crate::{
    org::{Org, StoredText, email_key},
    store::{Inconsistency, JournalKind, Patience},
};

/// For how many milliseconds a new admin may be hidden: it takes one write to show one.
const HIDDEN_MOST: i64 = 10 * 60 * 1000;

const NO_PLAIN_COLLECTION: &str = "leave it where that is meant: only a rename, the trash and a purge are refused; otherwise put its \
     documents into a collection of that name in its place";

const FOREIGN: &str = "rename or remove that field with the program that wrote it";

const NO_OBJECT_ID: &str = "its _id is not an ObjectId";

const GIVE_OBJECT_ID: &str = "give it an ObjectId with the program that made it; until then nothing that it \
                              names is touched";

const UNREADABLE: &str =
    "write it again with the program that uses it, with the type it has in other records";

/// What was seen of all records on the way.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) found: Vec<Found>,
    pub(super) patience: Patience,
    /// This database.
    pub(super) here: String,
    /// Records that say that their collection is not here.
    pub(super) places: Places,
    /// The admins, as far as they are to be compared.
    pub(super) admins: HashMap<ObjectId, StoredText>,
    pub(super) others: Others,
    /// Those whose password is not where it would be if their organization was suspended, and those of
    /// whom it is not where it would be if it was not.
    pub(super) misplaced: [HashSet<ObjectId>; 2],
    /// Those with a password that no login can be right with.
    pub(super) unusable: Vec<(ObjectId, StoredText)>,
    /// Admins who cannot be found yet, and whose they will be.
    pub(super) joining: HashMap<ObjectId, ObjectId>,
    /// Those whom a settled record lists, and what that is called.
    pub(super) hidden: Vec<(ObjectId, StoredText)>,
    /// The collections there are.
    pub(super) collections: HashSet<String>,
    /// What else has a name, and what that is.
    pub(super) others_there: HashMap<String, &'static str>,
    /// Which of these an organization certainly has.
    pub(super) owned: HashSet<String>,
    /// Names that an organization's collection had.
    pub(super) past: HashMap<String, StoredText>,
    /// Which admins a record certainly has, and which one named it as its first.
    pub(super) owning: HashMap<ObjectId, Option<ObjectId>>,
    pub(super) shared: Vec<(ObjectId, ObjectId, StoredText)>,
    /// Records with another e-mail than their admin.
    pub(super) unlike: Vec<(StoredText, StoredText, StoredText)>,
    pub(super) orgs: HashSet<ObjectId>,
    /// Records and admins that another program changed.
    pub(super) stale: HashSet<ObjectId>,
    /// Organizations whose list of e-mails is to be looked at again.
    pub(super) stale_lists: Vec<ObjectId>,
    /// Organizations that name an admin by e-mail only.
    pub(super) by_email: Vec<Org>,
    /// The admins that an organization lists, where it does.
    pub(super) listed: HashMap<ObjectId, (StoredText, HashSet<ObjectId>)>,
}

impl Seen {
    pub(super) fn by_hand(&mut self, inconsistency: Inconsistency, help: &'static str) {
        self.found.push(Found { inconsistency, what: What::ByHand(help) });
    }

    pub(super) fn admin(&mut self, admin: &Document) {
        let read = record::any_admin(admin);
        match admin.get_object_id("_id") {
            Err(_) => {
                let record = StoredText::from(text(admin, "email"));
                let inconsistency = Inconsistency::Unusable { record, why: NO_OBJECT_ID };
                self.by_hand(inconsistency, GIVE_OBJECT_ID);
            }
            Ok(id) if !record::is_hidden_admin(admin) && !is_text(admin.get("email")) => {
                let (of, field) = (StoredText::default(), "email");
                self.by_hand(Inconsistency::UnreadableField { of, id, field }, UNREADABLE);
            }
            Ok(_) => {}
        }
        for field in shape::foreign_of_admin(admin) {
            let of = StoredText::from(text(admin, "email"));
            self.by_hand(Inconsistency::ForeignField { of, field }, FOREIGN);
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

    pub(super) fn record(&mut self, record: &Document) {
        for field in shape::foreign(record) {
            let of = named(record);
            self.by_hand(Inconsistency::ForeignField { of, field }, FOREIGN);
        }
        let Ok(id) = record.get_object_id("_id") else {
            let inconsistency =
                Inconsistency::Unusable { record: named(record), why: NO_OBJECT_ID };
            return self.by_hand(inconsistency, GIVE_OBJECT_ID);
        };
        self.orgs.insert(id);
        if shape::pending(record).is_some() {
            return self.pending(record);
        }
        let Some(org) = record::org(record) else { return };
        for field in unreadable(record) {
            let (of, id) = (org.name.clone(), id);
            self.by_hand(Inconsistency::UnreadableField { of, id, field }, UNREADABLE);
        }
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
        let other = self.others_there.get(&held).copied();
        if let Some(kind) = other {
            let (org, collection) = (org.name.clone(), StoredText::from(held.as_str()));
            self.by_hand(
                Inconsistency::NoPlainCollection { org, collection, kind },
                NO_PLAIN_COLLECTION,
            );
        }
        let is_here = other.is_some() || self.collections.contains(&held);
        let is_elsewhere = self.places.note(record, &self.here, is_here);
        if !is_here && !is_elsewhere {
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
            let inconsistency = Inconsistency::NoCollection { org: org.name.clone(), collection };
            self.found.push(Found { inconsistency, what });
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
            let inconsistency = if suspended {
                Inconsistency::NotLocked { org, email }
            } else {
                Inconsistency::NotUnlocked { org, email }
            };
            self.found.push(Found { inconsistency, what: What::OnConnecting });
        }
    }

    /// Admins who say that they belong to an organization, which lists others.
    pub(super) fn look_at_lists(&mut self) {
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
            self.by_hand(Inconsistency::UnlistedAdmin { org, email }, help);
        }
    }

    /// Admins whom a record lists and who are hidden for longer than it takes to show them.
    pub(super) fn look_at_hidden(&mut self, now: DateTime) {
        let help = "change the e-mail of whoever has it with the program that gave it to them, then open \
                    this database again";
        for (admin, org) in std::mem::take(&mut self.hidden) {
            let age = now.timestamp_millis() - admin.timestamp().timestamp_millis();
            if age > HIDDEN_MOST {
                let email = self.admins.get(&admin).cloned().unwrap_or_default();
                self.by_hand(Inconsistency::HiddenAdmin { org, email }, help);
            }
        }
    }

    /// A collection that is there under a name that the organization's had.
    fn past_of<'a>(&self, record: &'a Document) -> Option<&'a str> {
        shape::former(record).into_iter().find(|name| self.past.contains_key(*name))
    }

    /// Somebody is, or was, at it. What the journal names is found again with all that records name.
    fn pending(&mut self, record: &Document) {
        let inconsistency = Inconsistency::HalfDone {
            org: record::called(record),
            what: what_is_under_way(record),
            by: journal::by(record),
        };
        let what = if can_finish(record) {
            What::OnConnecting
        } else {
            What::ByHand("finish it with the version of Tenantry that began it, or a newer one")
        };
        self.found.push(Found { inconsistency, what });
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
        if admin.is_none() && !is_text(of.get("admin_id")) {
            return; // It is called unreadable already.
        }
        let Some((admin, email)) = admin.and_then(|id| self.admins.get_key_value(&id)) else {
            return self.by_hand(Inconsistency::NoAdmin { org: org.name }, NO_ADMIN);
        };
        let (admin, email) = (*admin, email.clone());
        if let Some(Some(other)) = self.owning.insert(admin, Some(org.id)) {
            self.shared.push((other, org.id, email));
        } else if is_text(of.get("admin_email"))
            && email_key(email.raw()) != email_key(org.admin_email.raw())
        {
            self.unlike.push((org.name, org.admin_email, email));
        }
    }
}

fn is_text(value: Option<&Bson>) -> bool {
    matches!(value, Some(Bson::String(_)))
}

/// The fields of the service that say nothing in a record: those that are missing, or have another type
/// than it gives them.
fn unreadable(record: &Document) -> Vec<&'static str> {
    let of = shape::trash(record).unwrap_or(record);
    let is_there = |field: &str| !matches!(of.get(field), None | Some(Bson::Null));
    let mut unreadable = Vec::new();
    if !is_text(of.get("organization_name")) {
        unreadable.push("organization_name");
    }
    // Where it is missing, `connection_details` may name it.
    let is_named = !is_there("collection_name") && !record::collection_in(of).is_empty();
    if !is_text(of.get("collection_name")) && !is_named {
        unreadable.push("collection_name");
    }
    if !is_text(of.get("admin_email")) {
        unreadable.push("admin_email");
    }
    // Where it is missing, the e-mail names the admin.
    if of.contains_key("admin_id")
        && !is_text(of.get("admin_id"))
        && shape::id_in(of, "admin_id").is_none()
    {
        unreadable.push("admin_id");
    }
    if record.get_datetime("created_at").is_err() {
        unreadable.push("created_at");
    }
    unreadable
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

fn what_is_under_way(record: &Document) -> &'static str {
    match shape::pending(record).and_then(shape::kind) {
        Some(JournalKind::Update) if record::renames(record) => "a rename",
        Some(kind) => kind.noun(),
        None => "an operation of a newer Tenantry",
    }
}

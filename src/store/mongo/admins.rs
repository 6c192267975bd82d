//! The admins of an organization: the first, whom its record names as the service before this one did,
//! and the others, who say themselves whose they are.
//!
//! An admin counts as one only while the record lists it: the first by `admin_id`, or where that is missing
//! by `admin_email`; the others in `other_admins`. Their e-mails are claimed by the organization: the
//! others' are in its `other_emails`, so that it keeps them whatever another program makes of the record.
//! A change of one admin is an edit of the organization, which has one write to `admins` between its
//! reservation and its settlement; a new one can be found by e-mail only after that.

use mongodb::{
    bson::{Bson, Document, Utf8Lossy, doc, oid::ObjectId},
    options::UpdateModifications,
};

use super::{
    Inner, READ,
    act::{Halt, Stepped},
    error::{code, code_of},
    fence::as_marked,
    journal::{Edit, Fate, Pending},
    read::has_admin,
    record::{self, field_at},
    shape,
    steps::email_of_nobody,
};
use crate::{
    org::{Admin, Org, Role, email_key},
    store::{Result, StoreError},
};

impl Inner {
    pub(super) async fn admins(&self, org: &Org) -> Result<Vec<Admin>> {
        let read =
            |record: &Document| record::admin(record).or_else(|| record::admin_in_trash(record));
        let (first, mut admins) = self.listed_admins(org, read).await?;
        admins.sort_by_key(|admin| (first != Some(admin.id), admin.created_at, admin.id));
        Ok(admins)
    }

    pub(super) async fn admin_in_trash(&self, org: &Org, email: &str) -> Result<Option<Admin>> {
        let key = email_key(email);
        let (_, admins) = self.listed_admins(org, record::admin_in_trash).await?;
        Ok(admins.into_iter().find(|admin| email_key(admin.email.raw()) == key))
    }

    /// The admins whom the organization's record lists, as far as `read` reads them, and which is the
    /// first.
    async fn listed_admins(
        &self,
        org: &Org,
        read: impl Fn(&Document) -> Option<Admin>,
    ) -> Result<(Option<ObjectId>, Vec<Admin>)> {
        let Some(record) = self.find_one(&self.orgs, doc! { "_id": org.id }).await? else {
            return Ok((None, Vec::new()));
        };
        let first = self.first_admin(org).await?;
        let listed = |admin: &Admin| first == Some(admin.id) || record::lists(&record, admin);
        let found = self.admin_records(org.id, first).await?;
        Ok((first, found.iter().filter_map(read).filter(listed).collect()))
    }

    /// Whether the organization has an owner. One who is hidden counts, since what hides them may end.
    pub(super) async fn has_owner(&self, id: ObjectId) -> Result<bool> {
        let Some(org) = self.org(id).await? else { return Err(StoreError::Gone) };
        Ok(self.admins(&org).await?.iter().any(|admin| admin.role == Role::Owner))
    }

    /// The admin whom the organization's record names: by identity, or where it has none by e-mail.
    pub(super) async fn first_admin(&self, org: &Org) -> Result<Option<ObjectId>> {
        if !org.admin_id.raw().is_empty() || org.admin_email.raw().is_empty() {
            return Ok(first_of(org));
        }
        let email = org.admin_email.raw();
        let same = |admin: &Admin| email_key(admin.email.raw()) == email_key(email);
        let named = if org.in_trash().is_some() {
            let own = doc! { "trash.organization": org.id };
            let hidden = |record: &Document| record::admin_in_trash(record).filter(same);
            self.find_map(&self.admins, own, hidden).await?
        } else {
            self.admin_with_email(email).await?
        };
        Ok(named.map(|admin| admin.id))
    }

    pub(super) async fn admin_records(
        &self,
        org: ObjectId,
        first: Option<ObjectId>,
    ) -> Result<Vec<Document>> {
        let say = |error| self.words.of(&error);
        let filter = doc! { "$or": [
            { "_id": first }, { "organization_id": org }, { "trash.organization": org },
        ] };
        let mut found = self.admins.find(filter).max_time(READ).await.map_err(say)?;
        let mut records = Vec::new();
        while found.advance().await.map_err(say)? {
            records.extend(found.deserialize_current().ok().map(|record| record.0));
        }
        Ok(records)
    }

    /// The admins who go where the organization goes, as they are stored.
    pub(super) async fn own_admins(
        &self,
        org: ObjectId,
        first: Option<ObjectId>,
    ) -> Result<Vec<Document>> {
        let mut own = Vec::new();
        for record in self.admin_records(org, first).await? {
            if let Some(id) = id_of(&record)
                && !self.is_shared(id, org).await?
            {
                own.push(record);
            }
        }
        Ok(own)
    }

    /// Those of them whom the record lists. Another one may be what a command left that came too late.
    pub(super) async fn listed_of(
        &self,
        record: &Document,
        first: Option<ObjectId>,
    ) -> Result<Vec<Document>> {
        let Ok(org) = record.get_object_id("_id") else { return Ok(Vec::new()) };
        let mut own = self.own_admins(org, first).await?;
        own.retain(|admin| is_listed(record, first, admin));
        Ok(own)
    }

    /// Those of them who go to the trash. What a command left that came too late is hidden as it is, and
    /// goes by itself as long as nothing else is written to it.
    pub(super) async fn to_hide(
        &self,
        record: &Document,
        first: Option<ObjectId>,
    ) -> Result<Vec<Document>> {
        let Ok(org) = record.get_object_id("_id") else { return Ok(Vec::new()) };
        let mut own = self.own_admins(org, first).await?;
        own.retain(|admin| !record::is_hidden_admin(admin) || is_listed(record, first, admin));
        Ok(own)
    }

    /// Whether another organization has the same admin. The old service never shared one, but its
    /// documents would allow it.
    async fn is_shared(&self, admin: ObjectId, except: ObjectId) -> Result<bool> {
        let mut shared = has_admin("admin_id", admin);
        shared.insert("_id", doc! { "$ne": except });
        Ok(self.find_one(&self.orgs, shared).await?.is_some())
    }

    /// Hides the organization's admins with it in the trash.
    pub(super) async fn hide_admins(&self, pending: &Pending) -> Stepped<()> {
        for admin in &pending.admins {
            // There is nothing to hide of one that another program removed meanwhile.
            self.write_admin(pending, admin, |admin| Ok(hiding(admin, pending))).await?;
        }
        Ok(())
    }

    /// Shows them again; false where a unique index does not let one have its e-mail.
    pub(super) async fn show_admins(&self, pending: &Pending) -> Stepped<bool> {
        for admin in &pending.admins {
            match self.write_admin(pending, admin, |admin| Ok(showing(admin, pending.id))).await {
                Err(Halt::Refused(StoreError::Taken { .. })) => return Ok(false),
                shown => drop(shown?),
            }
        }
        Ok(true)
    }

    /// Hides them again where showing them is taken back; false where somebody else has taken that over.
    pub(super) async fn hide_again(&self, pending: &Pending) -> Result<bool> {
        self.write_again(pending, |admin| hiding(admin, pending)).await
    }

    /// Writes to the admins of an operation that is taken back; false where somebody else has taken that
    /// over.
    pub(super) async fn write_again(
        &self,
        pending: &Pending,
        update: impl Fn(&Document) -> Option<AdminWrite>,
    ) -> Result<bool> {
        for admin in &pending.admins {
            // They may have been written to since they were read.
            let written = match self.read_again(pending, admin).await {
                Ok(None) => Ok(false),
                Ok(Some(now)) => self.write_admin(pending, &now, |admin| Ok(update(admin))).await,
                Err(halt) => Err(halt),
            };
            match written {
                Ok(_) => {}
                Err(Halt::Lost) => return Ok(false),
                Err(Halt::Refused(why) | Halt::Failed(why)) => return Err(why),
            }
        }
        Ok(true)
    }

    /// Removes the organization's admins.
    pub(super) async fn remove_admins(&self, pending: &Pending) -> Stepped<()> {
        for admin in &pending.admins {
            self.remove_as_read(pending, admin).await?;
        }
        Ok(())
    }

    /// Removes an admin as it was read.
    pub(super) async fn remove_admin(&self, admin: &Document) -> Result<()> {
        let gone = self.admins.delete_one(as_marked(admin)).await;
        gone.map(|_| ()).map_err(|error| self.words.of(&error))
    }

    async fn remove_as_read(&self, pending: &Pending, admin: &Document) -> Stepped<()> {
        let mut admin = admin.clone();
        loop {
            let gone = self.admins.delete_one(as_marked(&admin)).await;
            if gone.map_err(|error| self.words.of(&error))?.deleted_count > 0 {
                return Ok(());
            }
            match self.read_again(pending, &admin).await? {
                Some(now) => admin = now,
                None => return Ok(()),
            }
        }
    }

    /// Writes to an admin while nobody has since it was read, and marks it as this lease's. `update` makes
    /// the update of what is there; none where it is so already. False where there is no admin any more.
    pub(super) async fn write_admin(
        &self,
        pending: &Pending,
        admin: &Document,
        update: impl Fn(&Document) -> std::result::Result<Option<AdminWrite>, Halt>,
    ) -> Stepped<bool> {
        let mut admin = admin.clone();
        loop {
            let Some(AdminWrite { only_if, update }) = update(&admin)? else { return Ok(true) };
            let mut filter = as_marked(&admin);
            filter.extend(only_if);
            match self.admins.update_one(filter, update).await {
                Ok(done) if done.matched_count > 0 => return Ok(true),
                Ok(_) => match self.read_again(pending, &admin).await? {
                    Some(now) => admin = now,
                    None => return Ok(false),
                },
                Err(error) if code_of(&error) == Some(code::DUPLICATE_KEY) => {
                    return Err(Halt::Refused(email_of_nobody()));
                }
                Err(error) => return Err(Halt::refused(self.words.of(&error))),
            }
        }
    }

    /// An admin that is no longer as it was read. In this order: what is read counts only while the
    /// operation still was ours after it.
    async fn read_again(&self, pending: &Pending, admin: &Document) -> Stepped<Option<Document>> {
        let now = self.find_one(&self.admins, doc! { "_id": admin.get("_id") }).await?;
        if !self.renewed(pending).await? {
            return Err(Halt::Lost);
        }
        Ok(now)
    }

    /// The step of an edit that is about its admin.
    pub(super) async fn edit_admin(
        &self,
        pending: &Pending,
        admin: ObjectId,
        edit: &Edit,
    ) -> Stepped<()> {
        let there = pending.admins.iter().find(|there| id_of(there) == Some(admin));
        match (edit.fate, there) {
            // From here on there is no way back.
            (Fate::Goes, Some(there)) => self.remove_as_read(pending, there).await,
            (Fate::Goes, None) => Ok(()),
            (Fate::Comes, _) => self.add_hidden_admin(pending, admin, &edit.admin_set).await,
            (Fate::Stays, _) if edit.admin_set.is_empty() && edit.admin_unset.is_empty() => Ok(()),
            // There was one when the change was allowed.
            (Fate::Stays, None) => Err(Halt::Refused(StoreError::Changed)),
            (Fate::Stays, Some(there)) => {
                let edited =
                    self.write_admin(pending, there, |there| editing(there, edit, pending.id));
                if edited.await? { Ok(()) } else { Err(Halt::Refused(StoreError::Changed)) }
            }
        }
    }

    /// Adds an admin whom nobody finds by e-mail before the operation is settled.
    pub(super) async fn add_hidden_admin(
        &self,
        pending: &Pending,
        id: ObjectId,
        admin: &Document,
    ) -> Stepped<()> {
        let mut hidden = doc! { "_id": id };
        hidden.extend(admin.clone());
        hidden.insert("trash", doc! { "email": admin.get("email") });
        hidden.extend(doc! {
            "email": id, "email_key": id, "joining": pending.org, "operation": pending.id,
        });
        let Err(error) = self.admins.insert_one(Utf8Lossy(hidden)).await else { return Ok(()) };
        if code_of(&error) != Some(code::DUPLICATE_KEY) {
            return Err(Halt::refused(self.words.of(&error)));
        }
        let there = self.find_one(&self.admins, doc! { "_id": id }).await?;
        match there.map(|there| there.get_object_id("operation")) {
            // Another unique index has something of it.
            None => Err(Halt::Refused(email_of_nobody())),
            Some(Ok(lease)) if lease == pending.id => Ok(()),
            // An older program added it, to whom it was visible at once.
            Some(Err(_)) => Ok(()),
            Some(Ok(_)) => Err(Halt::Lost),
        }
    }

    /// Lets a new admin be found, now that the record lists it. Where that fails the operation is done all
    /// the same: it is settled, and whoever connects next shows the admin.
    pub(super) async fn show_new_admin(&self, pending: &Pending, id: ObjectId) {
        let hidden = doc! { "_id": id, "operation": pending.id, "joining": pending.org };
        if let Ok(Some(hidden)) = self.find_one(&self.admins, hidden).await {
            let _ = self.show_joining(&hidden).await;
        }
    }

    /// Where a unique index of another program's does not let the admin have its e-mail, it stays hidden,
    /// which is a finding.
    async fn show_joining(&self, hidden: &Document) -> Result<()> {
        let lease = hidden.get_object_id("operation").unwrap_or_default();
        let Some(AdminWrite { only_if, update }) = showing(hidden, lease) else { return Ok(()) };
        let mut filter = as_marked(hidden);
        filter.extend(only_if);
        match self.admins.update_one(filter, update).await {
            Err(error) if code_of(&error) == Some(code::DUPLICATE_KEY) => Ok(()),
            shown => shown.map(|_| ()).map_err(|error| self.words.of(&error)),
        }
    }

    /// Shows the new admins of operations that were settled, where that was cut off, and removes what
    /// commands have left that came too late.
    pub(super) async fn complete_joining(&self) -> Result<()> {
        let say = |error| self.words.of(&error);
        let joining = doc! { "joining": { "$type": "objectId" } };
        let mut found = self.admins.find(joining).max_time(READ).await.map_err(say)?;
        while found.advance().await.map_err(say)? {
            let Ok(hidden) = found.deserialize_current().map(|hidden| hidden.0) else { continue };
            let org = doc! { "_id": hidden.get("joining") };
            let record = self.find_one(&self.orgs, org).await?;
            let lease = hidden.get_object_id("operation").ok();
            let under_way = record.as_ref().and_then(Pending::of);
            if under_way.is_some_and(|pending| lease == Some(pending.id)) {
                continue;
            }
            let Some(admin) = record::admin_in_trash(&hidden) else { continue };
            let listed = |record: &Document| {
                record::first_admin(record) == Some(admin.id) || record::lists(record, &admin)
            };
            if record.as_ref().is_some_and(listed) {
                if record.is_some_and(|record| shape::trash(&record).is_none()) {
                    self.show_joining(&hidden).await?;
                }
            } else if self.is_a_day_old(admin.id).await? {
                self.remove_admin(&hidden).await?;
            }
        }
        Ok(())
    }

    async fn is_a_day_old(&self, id: ObjectId) -> Result<bool> {
        let age = self.server_time().await?.timestamp_millis() - id.timestamp().timestamp_millis();
        Ok(age > record::DAY)
    }
}

/// A write to an admin: which one, beside that nobody else has written to it, and the update.
pub(super) struct AdminWrite {
    pub(super) only_if: Document,
    pub(super) update: UpdateModifications,
}

/// Hides an admin; none where it is hidden already.
fn hiding(admin: &Document, pending: &Pending) -> Option<AdminWrite> {
    if record::is_hidden_admin(admin) {
        // One that could not be shown so far is shown by a restoration, and by nothing else.
        let update = doc! { "$unset": { "joining": "" }, "$set": { "operation": pending.id } };
        let joining = admin.contains_key("joining");
        return joining.then(|| AdminWrite { only_if: Document::new(), update: update.into() });
    }
    let update = hidden(pending.org, pending.id);
    Some(AdminWrite { only_if: Document::new(), update: update.into() })
}

/// What hides an admin.
pub(super) fn hidden(org: ObjectId, lease: ObjectId) -> Vec<Document> {
    let hidden = doc! { "email": "$email", "organization": org };
    vec![
        doc! { "$set": { "trash": { "$literal": {} } } },
        doc! { "$set": { "trash": hidden } },
        doc! { "$set": { "email": "$_id", "email_key": "$_id", "operation": lease } },
    ]
}

/// Shows an admin; none where it is not hidden.
fn showing(admin: &Document, lease: ObjectId) -> Option<AdminWrite> {
    if !record::is_hidden_admin(admin) {
        return None;
    }
    let key = record::admin_in_trash(admin).map(|admin| email_key(admin.email.raw()));
    let set = doc! {
        "email": "$trash.email",
        "email_key": { "$literal": key.unwrap_or_default() },
        "seen": { "email": "$trash.email" },
        "operation": lease,
    };
    let update = vec![doc! { "$set": set }, doc! { "$unset": ["trash", "joining"] }];
    Some(AdminWrite { only_if: doc! { "trash": { "$exists": true } }, update: update.into() })
}

/// Changes an admin's fields, as long as they are what they were; none where it is changed already.
fn editing(
    admin: &Document,
    edit: &Edit,
    lease: ObjectId,
) -> std::result::Result<Option<AdminWrite>, Halt> {
    let is = |field: &str, value: Option<&Bson>| field_at(admin, field) == value;
    if edit.admin_set.iter().all(|(field, value)| is(field, Some(value)))
        && edit.admin_unset.iter().all(|field| is(field, None))
    {
        return Ok(None);
    }
    let mut only_if = Document::new();
    for field in edit.admin_set.keys().chain(&edit.admin_unset) {
        let Some(before) = &edit.admin_before else { continue };
        match before.get(field) {
            // What was not UTF-8 reads as U+FFFD and cannot be compared.
            Some(Bson::String(text)) if text.contains('\u{fffd}') => {}
            before if !is(field, before) => return Err(Halt::Refused(StoreError::Changed)),
            Some(before) => {
                only_if.insert(field, doc! { "$eq": before.clone() });
            }
            None => {
                only_if.insert(field, doc! { "$exists": false });
            }
        }
    }
    let mut set = edit.admin_set.clone();
    set.insert("operation", lease);
    let mut update = doc! { "$set": set };
    if !edit.admin_unset.is_empty() {
        let gone = edit.admin_unset.iter().map(|field| (field.clone(), "".into()));
        update.insert("$unset", gone.collect::<Document>());
    }
    Ok(Some(AdminWrite { only_if, update: update.into() }))
}

/// What the fields that an edit changes are in an admin now.
pub(super) fn values_before(admin: &Document, edit: &Edit) -> Document {
    let fields = edit.admin_set.keys().chain(&edit.admin_unset);
    let values = fields.filter_map(|field| Some((field.clone(), field_at(admin, field)?.clone())));
    values.collect()
}

/// Whether a record names an admin, as its first or beside that.
fn is_listed(record: &Document, first: Option<ObjectId>, admin: &Document) -> bool {
    let read = record::admin(admin).or_else(|| record::admin_in_trash(admin));
    read.is_some_and(|read| first == Some(read.id) || record::lists(record, &read))
}

/// Which admin a document is.
pub(super) fn id_of(admin: &Document) -> Option<ObjectId> {
    admin.get_object_id("_id").ok()
}

/// The admin whom the organization's record names by identity.
pub(super) fn first_of(org: &Org) -> Option<ObjectId> {
    ObjectId::parse_str(org.admin_id.raw()).ok()
}

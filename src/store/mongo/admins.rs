//! The admins of an organization: the first, whom its record names as the service before this one did,
//! and the others, who say themselves whose they are.
//!
//! Their e-mails are claimed by the organization: the others' are in its `other_emails`, so that it keeps
//! them whatever another program makes of the record. A change of one admin is an edit of the
//! organization, which has one write to `admins` between its reservation and its settlement.

use mongodb::bson::{Document, Utf8Lossy, doc, oid::ObjectId};

use super::{
    Inner, READ,
    act::{Halt, Hold, Stepped, email_of_nobody},
    error::{code, code_of},
    journal::{Edit, Fate, Pending, Step},
    lifecycle::email_of,
    read::has_admin,
    record,
};
use crate::{
    org::{Admin, Claim, Org, ResetCode, email_key},
    store::{AdminChange, AdminEdit, Entry, NewAdmin, Result, StoreError},
};

impl Inner {
    pub(super) async fn admins(&self, org: &Org) -> Result<Vec<Admin>> {
        let first = first_of(org);
        let found = self.admin_records(org.id, first).await?;
        let read = |record| record::admin(record).or_else(|| record::admin_in_trash(record));
        let mut admins: Vec<Admin> = found.iter().filter_map(read).collect();
        admins.sort_by_key(|admin| (first != Some(admin.id), admin.created_at, admin.id));
        Ok(admins)
    }

    pub(super) async fn admin_records(
        &self,
        org: ObjectId,
        first: Option<ObjectId>,
    ) -> Result<Vec<Document>> {
        let say = |error| self.words.of(&error);
        let filter = doc! { "$or": [{ "_id": first }, { "organization_id": org }] };
        let mut found = self.admins.find(filter).max_time(READ).await.map_err(say)?;
        let mut records = Vec::new();
        while found.advance().await.map_err(say)? {
            records.extend(found.deserialize_current().ok().map(|record| record.0));
        }
        Ok(records)
    }

    /// The admins who go where the organization goes.
    pub(super) async fn own_admins(
        &self,
        org: ObjectId,
        first: Option<ObjectId>,
    ) -> Result<Vec<ObjectId>> {
        let mut own = Vec::new();
        for record in self.admin_records(org, first).await? {
            if let Ok(id) = record.get_object_id("_id")
                && !self.is_shared(id, org).await?
            {
                own.push(id);
            }
        }
        Ok(own)
    }

    /// Whether another organization has the same admin. The old service never shared one, but its
    /// documents would allow it.
    async fn is_shared(&self, admin: ObjectId, except: ObjectId) -> Result<bool> {
        let mut shared = has_admin("admin_id", admin);
        shared.insert("_id", doc! { "$ne": except });
        Ok(self.find_one(&self.orgs, shared).await?.is_some())
    }

    /// Hides them with their organization in the trash.
    pub(super) async fn hide_admins(&self, admins: &[ObjectId]) -> Result<()> {
        for admin in admins {
            let hide = vec![
                doc! { "$set": { "trash": { "email": "$email" } } },
                doc! { "$set": { "email": "$_id", "email_key": "$_id" } },
            ];
            let there = doc! { "_id": admin, "trash": { "$exists": false } };
            let hidden = self.admins.update_one(there, hide).await;
            hidden.map_err(|error| self.words.of(&error))?;
        }
        Ok(())
    }

    /// Shows them again; false where a unique index does not let one have its e-mail.
    pub(super) async fn show_admins(&self, admins: &[ObjectId]) -> Result<bool> {
        for admin in admins {
            let found = self.find_one(&self.admins, doc! { "_id": admin }).await?;
            let found = found.as_ref().and_then(record::admin_in_trash);
            let key = found.map_or_else(String::new, |admin| email_key(admin.email.raw()));
            let set = doc! { "email": "$trash.email", "email_key": { "$literal": key } };
            let show = vec![doc! { "$set": set }, doc! { "$unset": ["trash"] }];
            let hidden = doc! { "_id": admin, "trash": { "$exists": true } };
            match self.admins.update_one(hidden, show).await {
                Err(error) if code_of(&error) == Some(code::DUPLICATE_KEY) => return Ok(false),
                shown => shown.map_err(|error| self.words.of(&error))?,
            };
        }
        Ok(true)
    }

    /// The step of an edit that is about its admin.
    pub(super) async fn edit_admin(&self, admin: ObjectId, edit: &Edit) -> Stepped<()> {
        let itself = doc! { "_id": admin };
        let done = match edit.fate {
            // From here on there is no way back.
            Fate::Goes => {
                let gone = self.admins.delete_one(itself).await;
                gone.map_err(|error| self.words.of(&error))?;
                return Ok(());
            }
            Fate::Comes => {
                let mut new = itself.clone();
                new.extend(edit.admin_set.clone());
                self.admins.insert_one(Utf8Lossy(new)).await.map(|_| true)
            }
            Fate::Stays if edit.admin_set.is_empty() && edit.admin_unset.is_empty() => {
                return Ok(());
            }
            Fate::Stays => {
                let mut update = Document::new();
                if !edit.admin_set.is_empty() {
                    update.insert("$set", &edit.admin_set);
                }
                if !edit.admin_unset.is_empty() {
                    let gone = edit.admin_unset.iter().map(|field| (field.clone(), "".into()));
                    update.insert("$unset", gone.collect::<Document>());
                }
                let updated = self.admins.update_one(itself.clone(), update).await;
                updated.map(|done| done.matched_count == 1)
            }
        };
        Err(match done {
            Ok(true) => return Ok(()),
            // There was one when the change was allowed.
            Ok(false) => Halt::Refused(StoreError::Changed),
            Err(error) if code_of(&error) == Some(code::DUPLICATE_KEY) => {
                if edit.fate == Fate::Comes && self.find_one(&self.admins, itself).await?.is_some()
                {
                    return Ok(());
                }
                Halt::Refused(email_of_nobody())
            }
            Err(error) => match self.words.of(&error) {
                gone @ StoreError::Unreachable { .. } => Halt::Failed(gone),
                why => Halt::Refused(why),
            },
        })
    }

    pub(super) async fn change_admin(
        &self,
        org: &Org,
        change: AdminChange,
        entry: &Entry,
    ) -> Result<Org> {
        self.prepare().await?;
        let record = self.as_read(org).await?;
        if org.in_trash().is_some() {
            return Err(StoreError::Changed);
        }
        let AdminChange { admin: id, what, heir } = change;
        let is_first = first_of(org) == Some(id);
        let heir = heir.filter(|_| is_first);
        let was = match &what {
            AdminEdit::Add(_) => None,
            AdminEdit::Remove | AdminEdit::Set { .. } => Some(self.email_in(org, id).await?),
        };
        let is = match &what {
            AdminEdit::Add(new) => Some(email_key(new.email.as_str())),
            AdminEdit::Remove => None,
            AdminEdit::Set { email: Some(email), .. } => Some(email_key(email.as_str())),
            AdminEdit::Set { .. } => was.clone(),
        };
        let before = record::stored_claims(&record);
        let mut edit = Edit {
            from: org.collection.raw().to_owned(),
            to: org.collection.raw().to_owned(),
            uuid: None,
            set: Document::new(),
            claims_before: before.clone(),
            claims_after: before.clone(),
            admin: Some(id),
            admin_set: Document::new(),
            admin_unset: Vec::new(),
            fate: Fate::Stays,
            other_emails: None,
            revision: Some(org.revision),
        };
        let mut others = record::other_emails(&record);
        if let Some(heir) = &heir {
            self.email_in(org, heir.id).await?;
            let email = heir.email.raw();
            edit.set = doc! {
                "admin_id": heir.id.to_hex(),
                "admin_email": email,
                "seen.admin_email": email,
                "email_key": email_key(email),
            };
            others.retain(|other| *other != email_key(email));
            others.extend(is.clone());
        } else if !is_first {
            others.retain(|other| Some(other) != was.as_ref());
            others.extend(is.clone());
        } else if is != was {
            // The record would name somebody who is not there, or is called otherwise.
            return Err(StoreError::Changed);
        }
        edit.other_emails = Some(others);
        let mut fresh = Vec::new();
        if is != was {
            let claim = |email: &String| Claim::Email(email.clone());
            let freed = was.as_ref().map(|email| claim(email).to_string());
            edit.claims_after.retain(|claim| Some(claim) != freed.as_ref());
            if let Some(email) = &is {
                self.is_nobodys_here(org, id, email, &before).await?;
                fresh.push(claim(email));
                edit.claims_after.push(claim(email).to_string());
            }
        }
        fields(what, org, heir.is_some(), &mut edit);
        let mut both = before;
        both.extend(fresh.iter().map(Claim::to_string));
        let pending = Pending::new(org.id, Step::Update(edit), entry);
        let hold = Hold::now();
        self.reserve(&pending, &record, &both, &fresh).await?;
        if let Some(taken) = self.in_the_way(&fresh, org.id).await? {
            return self.give_up(&pending, taken).await?.ok_or(StoreError::Gone);
        }
        self.begin(&pending, hold).await?.ok_or(StoreError::Gone)
    }

    /// The e-mail, as it is compared, of one of the organization's admins.
    async fn email_in(&self, org: &Org, admin: ObjectId) -> Result<String> {
        let admin = self.admin(admin).await?.ok_or(StoreError::Changed)?;
        if first_of(org) != Some(admin.id) && admin.organization != Some(org.id) {
            return Err(StoreError::Changed);
        }
        Ok(email_key(admin.email.raw()))
    }

    /// Refuses an e-mail that another admin of the same organization has.
    async fn is_nobodys_here(
        &self,
        org: &Org,
        admin: ObjectId,
        email: &str,
        claimed: &[String],
    ) -> Result<()> {
        let there = self.admin_with_email(email).await?;
        let another = there.is_some_and(|there| {
            there.id != admin
                && (first_of(org) == Some(there.id) || there.organization == Some(org.id))
        });
        if another || claimed.contains(&Claim::of_email(email).to_string()) {
            return Err(email_of(org));
        }
        Ok(())
    }
}

/// What becomes of the admin, and of its fields.
fn fields(what: AdminEdit, org: &Org, makes_way: bool, edit: &mut Edit) {
    let code = |ResetCode { hash, until }: ResetCode| doc! { "code": hash, "until": until };
    match what {
        AdminEdit::Add(NewAdmin { email, role, password, reset, created_at }) => {
            edit.fate = Fate::Comes;
            edit.admin_set = doc! {
                "email": email.as_str(),
                "password": password.as_str(),
                "created_at": created_at,
                "email_key": email_key(email.as_str()),
                "seen": { "email": email.as_str() },
                "organization_id": org.id,
                "role": role.word(),
                "reset": code(reset),
            };
        }
        AdminEdit::Remove => edit.fate = Fate::Goes,
        AdminEdit::Set { role, email, password, reset } => {
            let set = &mut edit.admin_set;
            if makes_way {
                set.insert("organization_id", org.id);
            }
            if let Some(role) = role {
                set.insert("role", role.word());
            }
            if let Some(email) = email {
                set.insert("email", email.as_str());
                set.insert("seen.email", email.as_str());
                set.insert("email_key", email_key(email.as_str()));
            }
            if let Some(password) = password {
                set.insert("password", password.as_str());
                if reset.is_none() {
                    edit.admin_unset.push("reset".to_owned());
                }
            }
            if let Some(reset) = reset {
                set.insert("reset", code(reset));
            }
        }
    }
}

/// The admin whom the organization's record names.
pub(super) fn first_of(org: &Org) -> Option<ObjectId> {
    ObjectId::parse_str(org.admin_id.raw()).ok()
}

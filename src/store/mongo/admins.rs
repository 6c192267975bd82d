//! The admins of an organization: the first, whom its record names as the service before this one did,
//! and the others, who say themselves whose they are.
//!
//! An admin counts as one only while the record lists it: the first by `admin_id`, or where that is missing
//! by `admin_email`; the others in `other_admins`. Their e-mails are claimed by the organization: the
//! others' are in its `other_emails`, so that it keeps them whatever another program makes of the record.

use mongodb::bson::{Document, doc, oid::ObjectId};

use super::{
    Inner, READ,
    read::has_admin,
    record::{self, first_of, id_of},
};
use crate::{
    org::{Admin, Org, email_key},
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

    /// The organization's admins as they are now. One who is hidden is one of them, since what hides them may
    /// end.
    pub(super) async fn admins_of(&self, id: ObjectId) -> Result<Vec<Admin>> {
        let Some(org) = self.org(id).await? else { return Err(StoreError::Gone) };
        self.admins(&org).await
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
        let say = |error| self.errors.translate(&error);
        let mut found =
            self.admins.find(may_be_of(org, first)).max_time(READ).await.map_err(say)?;
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
}

/// Finds the admins who may be an organization's: whether its record lists them has to be looked at.
pub(super) fn may_be_of(org: ObjectId, first: Option<ObjectId>) -> Document {
    doc! { "$or": [
        { "_id": first }, { "organization_id": org }, { "trash.organization": org },
    ] }
}

/// Whether a record names an admin, as its first or beside that.
fn is_listed(record: &Document, first: Option<ObjectId>, admin: &Document) -> bool {
    let read = record::admin(admin).or_else(|| record::admin_in_trash(admin));
    read.is_some_and(|read| first == Some(read.id) || record::lists(record, &read))
}

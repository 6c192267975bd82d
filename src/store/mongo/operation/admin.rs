//! Adding, removing or changing one admin of an organization: an edit of the organization
//! ([`super::update`]), with one write to `admins` between its reservation and its settlement.

use mongodb::bson::{Bson, Document, doc, oid::ObjectId};

use super::{
    steps::Running,
    update::{AdminOperation, Edit, set_listing},
};
use crate::{
    org::{Claim, Org, ResetCode, email_key},
    store::{
        AdminChange, AdminEdit, Entry, NewAdmin, Result, StoreError, admit,
        mongo::{Inner, password::with_password, record},
    },
};

impl Inner {
    pub(super) async fn change_admin(
        &self,
        org: &Org,
        change: AdminChange,
        entry: &Entry,
    ) -> Result<Option<Org>> {
        let record = self.as_kept(org, entry.operator.raw()).await?;
        let first = self.first_admin(org).await?;
        let id = change.admin;
        let is_first = first == Some(id);
        let (was, there) = match &change.what {
            AdminEdit::Add(_) | AdminEdit::Appoint(_) => (None, None),
            AdminEdit::Remove | AdminEdit::Set { .. } | AdminEdit::SecondFactor(_) => {
                let (email, there) = self.admin_in(&record, first, id).await?;
                (Some(email), Some(there))
            }
        };
        admit::stays_named(first, &change, was.as_deref())?;
        let is = admit::email_after(&change.what, was.as_deref());
        let successor = admit::successor(first, &change);
        let appoints = match &change.what {
            AdminEdit::Appoint(_) => true,
            AdminEdit::Add(_)
            | AdminEdit::Remove
            | AdminEdit::Set { .. }
            | AdminEdit::SecondFactor(_) => false,
        };
        if appoints {
            admit::no_owner(&self.admins_of(org.id).await?)?;
        }
        let replaces = appoints && self.is_gone(first).await?;
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
            admin_before: None,
            admin_unset: Vec::new(),
            admin_operation: AdminOperation::Update,
            appoints,
            other_emails: None,
            other_admins: None,
        };
        let mut others = record::other_emails(&record);
        let mut ids = self.other_admins(&record, org).await?;
        ids.retain(|other| *other != id);
        if let Some(successor) = successor {
            self.admin_in(&record, first, successor.id).await?;
            ids.retain(|other| *other != successor.id);
            let email = successor.email.raw();
            edit.set = naming(successor.id, email);
            others.retain(|other| *other != email_key(email));
            others.extend(is.clone());
        } else if let (true, AdminEdit::Appoint(new)) = (replaces, &change.what) {
            edit.set = naming(id, new.email.as_str());
        } else if !is_first {
            others.retain(|other| Some(other) != was.as_ref());
            others.extend(is.clone());
        }
        if is.is_some() && (successor.is_some() || !is_first) && !replaces {
            ids.push(id);
        }
        // What the one had who is gone.
        let left = email_key(org.admin_email.raw());
        let left = Some(left).filter(|email| replaces && !others.contains(email));
        edit.other_emails = Some(others);
        edit.other_admins = Some(ids);
        set_listing(&mut edit, org, &[]);
        let mut fresh = Vec::new();
        if is != was {
            let claim = |email: &String| Claim::Email(email.clone());
            let freed = was.as_ref().or(left.as_ref()).map(|email| claim(email).to_string());
            edit.claims_after.retain(|claim| Some(claim) != freed.as_ref());
            if let Some(email) = &is {
                self.is_nobodys_here(org, id, email, &edit.claims_after).await?;
                if !before.contains(&claim(email).to_string()) {
                    fresh.push(claim(email));
                } else if let Some(taken) = self.in_the_way(&[claim(email)], org.id).await? {
                    // It goes from the one who is gone to the new one, unless a third has it.
                    return Err(taken);
                }
                edit.claims_after.push(claim(email).to_string());
            }
        }
        let makes_way = successor.is_some();
        fields(change.what, &record, makes_way, &mut edit);
        edit.admin_before = there.as_ref().map(|there| edit.fields().values_in(there));
        let mut both = before;
        both.extend(fresh.iter().map(Claim::to_string));
        let running = Running::new(org.id, edit, entry, there.into_iter().collect());
        self.carry_out(&running, &record, &both, &fresh).await
    }

    /// Whether there is no such admin any more.
    async fn is_gone(&self, admin: Option<ObjectId>) -> Result<bool> {
        let Some(admin) = admin else { return Ok(true) };
        Ok(self.find_one(&self.admins, doc! { "_id": admin }).await?.is_none())
    }

    /// An admin of the organization, as it is stored, and its e-mail as it is compared.
    async fn admin_in(
        &self,
        record: &Document,
        first: Option<ObjectId>,
        id: ObjectId,
    ) -> Result<(String, Document)> {
        let there = self.find_one(&self.admins, doc! { "_id": id }).await?;
        let there = there.ok_or(StoreError::Changed)?;
        let admin = record::admin(&there).ok_or(StoreError::Changed)?;
        if first != Some(id) && !record::lists(record, &admin) {
            return Err(StoreError::Changed);
        }
        Ok((email_key(admin.email.raw()), there))
    }

    /// The admins beside the first whom the record lists.
    pub(super) async fn other_admins(&self, record: &Document, org: &Org) -> Result<Vec<ObjectId>> {
        if let Some(listed) = record::other_admins(record) {
            return Ok(listed);
        }
        let first = self.first_admin(org).await?;
        let admins = self.admins(org).await?;
        Ok(admins.iter().map(|admin| admin.id).filter(|id| first != Some(*id)).collect())
    }

    /// Refuses an e-mail that another admin of the same organization has.
    pub(super) async fn is_nobodys_here(
        &self,
        org: &Org,
        admin: ObjectId,
        email: &str,
        claimed: &[String],
    ) -> Result<()> {
        let there = self.admin_with_email(email).await?;
        let another = match there {
            Some(there) if there.id != admin => {
                self.org_of_admin(&there).await?.is_some_and(|own| own.id == org.id)
            }
            _ => false,
        };
        if another || claimed.contains(&Claim::of_email(email).to_string()) {
            return Err(admit::own_email(org));
        }
        Ok(())
    }
}

/// The fields of a record that names this admin.
pub(super) fn naming(admin: ObjectId, email: &str) -> Document {
    doc! {
        "admin_id": admin.to_hex(),
        "admin_email": email,
        "seen.admin_email": email,
        "email_key": email_key(email),
    }
}

/// What becomes of the admin, and of its fields.
fn fields(what: AdminEdit, record: &Document, makes_way: bool, edit: &mut Edit) {
    let own = record.get("_id").cloned();
    match what {
        AdminEdit::Add(new) | AdminEdit::Appoint(new) => {
            edit.admin_operation = AdminOperation::Insert;
            edit.admin_set = added(new, own);
        }
        AdminEdit::Remove => edit.admin_operation = AdminOperation::Delete,
        AdminEdit::Set { role, email, password, reset } => {
            let set = &mut edit.admin_set;
            if makes_way {
                set.insert("organization_id", own);
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
                set.extend(with_password(record, &password));
                if reset.is_none() {
                    edit.admin_unset.push("reset".to_owned());
                }
            }
            if let Some(reset) = reset {
                set.insert("reset", code(reset));
            }
        }
        AdminEdit::SecondFactor(Some(factor)) => {
            edit.admin_set.insert("second_factor", factor.to_document());
        }
        AdminEdit::SecondFactor(None) => edit.admin_unset.push("second_factor".to_owned()),
    }
}

/// The fields of a new admin.
pub(super) fn added(new: NewAdmin, org: Option<Bson>) -> Document {
    let NewAdmin { email, role, password, reset, created_at } = new;
    doc! {
        "email": email.as_str(),
        "password": password.as_str(),
        "created_at": created_at,
        "organization_id": org,
        "role": role.word(),
        "reset": code(reset),
    }
}

/// A one-time code, as an admin keeps it.
pub(super) fn code(ResetCode { hash, until }: ResetCode) -> Document {
    doc! { "code": hash, "until": until }
}

//! The admins beside the first, as a record lists them and as they say themselves.

use std::collections::{BTreeSet, HashMap, HashSet};

use mongodb::bson::{Document, doc, oid::ObjectId};

use super::{
    Inner,
    journal::{self, unchanged},
    migrate::ours,
    record::{self, first_of},
    shape,
};
use crate::{
    org::{Admin, Org, email_key},
    store::Result,
};

impl Inner {
    /// The organization with its record, where that still has other e-mails than its admins beside the
    /// first. What was read of both one after the other may only have been changed in between.
    pub(super) async fn has_other_emails(&self, org: ObjectId) -> Result<Option<(Org, Document)>> {
        let itself = doc! { "_id": org };
        let before = self.find_one(&self.orgs, itself.clone()).await?;
        let Some((org, record)) = before.and_then(|r| Some((record::org(&r)?, r))) else {
            return Ok(None);
        };
        let mut others = Others::default();
        others.extend(&self.admins(&org).await?);
        let now = self.find_one(&self.orgs, itself).await?;
        let same = now.as_ref() == Some(&record) && org.under_way.is_none();
        // What another program keeps where ours would be stays.
        let same = same && shape::foreign(&record).is_empty();
        Ok((same && others.are_unlike(&record, &org)).then_some((org, record)))
    }

    /// Gives a record the e-mails that its admins beside the first have, and claims them.
    pub(super) async fn renew_other_emails(&self, org: ObjectId) -> Result<()> {
        let Some((org, record)) = self.has_other_emails(org).await? else { return Ok(()) };
        let mut others = Others::default();
        others.extend(&self.admins(&org).await?);
        let emails: Vec<String> = others.emails_of(&org).into_iter().collect();
        let mut update = doc! { "$unset": ours() };
        journal::set_or_unset(&mut update, "other_emails", &emails);
        let renewed = self.orgs.update_one(unchanged(&record, org.id), update).await;
        renewed.map_err(|error| self.errors.translate(&error))?;
        self.bring_one_along(org.id).await.map(|_| ())
    }
}

/// The admins who say themselves whose they are, and their e-mails as they are compared.
#[derive(Default)]
pub(super) struct Others(HashMap<ObjectId, Vec<(ObjectId, String)>>);

impl Others {
    pub(super) fn extend<'a>(&mut self, admins: impl IntoIterator<Item = &'a Admin>) {
        for admin in admins {
            if let Some(org) = admin.organization {
                let email = email_key(admin.email.raw());
                self.0.entry(org).or_default().push((admin.id, email));
            }
        }
    }

    /// The e-mails of those beside the first.
    pub(super) fn emails_of(&self, org: &Org) -> BTreeSet<String> {
        let others = self.0.get(&org.id).into_iter().flatten();
        let others = others.filter(|(id, _)| first_of(org) != Some(*id));
        others.map(|(_, email)| email.clone()).collect()
    }

    /// Whether the record of an organization, which is not in the trash, has other e-mails.
    pub(super) fn are_unlike(&self, record: &Document, org: &Org) -> bool {
        let known: BTreeSet<String> = record::other_emails(record).into_iter().collect();
        org.in_trash().is_none() && known != self.emails_of(org)
    }

    /// Who they are, by organization.
    pub(super) fn by_org(&self) -> impl Iterator<Item = (&ObjectId, &Vec<(ObjectId, String)>)> {
        self.0.iter()
    }

    /// Those of one of these organizations.
    pub(super) fn of_any(self, orgs: &HashSet<ObjectId>) -> impl Iterator<Item = ObjectId> {
        let theirs = self.0.into_iter().filter(|(org, _)| orgs.contains(org));
        theirs.flat_map(|(_, admins)| admins).map(|(id, _)| id)
    }
}

//! The fields of an admin that an operation changes: written while they are what they were, and given back where
//! the operation is taken back.

use mongodb::bson::{Bson, Document, doc, oid::ObjectId};

use super::{
    accounts::{AdminWrite, as_marked},
    lease::{StepError, StepResult},
};
use crate::store::{
    Result, StoreError,
    mongo::{Inner, field::field_at, journal::Pending},
};

/// What is different about an admin afterwards.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    /// The fields afterwards.
    pub(super) set: &'a Document,
    /// The fields that are gone afterwards.
    pub(super) unset: &'a [String],
    /// What those were; none where an older program did not keep it.
    pub(super) before: Option<&'a Document>,
}

impl Fields<'_> {
    fn names(&self) -> impl Iterator<Item = &String> {
        self.set.keys().chain(self.unset)
    }

    /// What they are in an admin now.
    pub(super) fn values_in(&self, admin: &Document) -> Document {
        let value = |field: &String| Some((field.clone(), field_at(admin, field)?.clone()));
        self.names().filter_map(value).collect()
    }

    /// Changes them, as long as they are what they were; none where they are changed already.
    fn change(
        &self,
        admin: &Document,
        lease: ObjectId,
    ) -> std::result::Result<Option<AdminWrite>, StepError> {
        let is = |field: &str, value: Option<&Bson>| field_at(admin, field) == value;
        if self.set.iter().all(|(field, value)| is(field, Some(value)))
            && self.unset.iter().all(|field| is(field, None))
        {
            return Ok(None);
        }
        let mut only_if = Document::new();
        for field in self.names() {
            let Some(before) = self.before else { continue };
            match before.get(field) {
                // What was not UTF-8 reads as U+FFFD and cannot be compared.
                Some(Bson::String(text)) if text.contains('\u{fffd}') => {}
                before if !is(field, before) => {
                    return Err(StepError::Refused(StoreError::Changed));
                }
                Some(before) => {
                    only_if.insert(field, doc! { "$eq": before.clone() });
                }
                None => {
                    only_if.insert(field, doc! { "$exists": false });
                }
            }
        }
        let mut set = self.set.clone();
        set.insert("operation", lease);
        let mut update = doc! { "$set": set };
        if !self.unset.is_empty() {
            let gone = self.unset.iter().map(|field| (field.clone(), "".into()));
            update.insert("$unset", gone.collect::<Document>());
        }
        Ok(Some(AdminWrite { only_if, update: update.into() }))
    }
}

impl Inner {
    /// Changes an admin as it was read; refused where it is gone, or another one by now.
    pub(super) async fn change_fields(
        &self,
        pending: &Pending,
        there: &Document,
        fields: Fields<'_>,
    ) -> StepResult<()> {
        let changed = self.write_admin(pending, there, |there| fields.change(there, pending.id));
        if changed.await? { Ok(()) } else { Err(StepError::Refused(StoreError::Changed)) }
    }

    /// Gives an admin back what an operation that is taken back has changed; false where another lease has
    /// taken that over.
    pub(super) async fn undo_fields(
        &self,
        pending: &Pending,
        admin: ObjectId,
        fields: Fields<'_>,
    ) -> Result<bool> {
        let there = self.find_one(&self.admins, doc! { "_id": admin }).await?;
        if !self.renewed(pending).await? {
            return Ok(false);
        }
        let (Some(before), Some(there)) = (fields.before, there) else { return Ok(true) };
        let mut filter = as_marked(&there);
        for (field, value) in fields.set {
            filter.insert(field, doc! { "$eq": value.clone() });
        }
        let (mut set, mut unset) = (doc! { "operation": pending.id }, Document::new());
        for field in fields.names() {
            match before.get(field) {
                Some(value) => set.insert(field, value.clone()),
                None => unset.insert(field, ""),
            };
        }
        let mut update = doc! { "$set": set };
        if !unset.is_empty() {
            update.insert("$unset", unset);
        }
        let undone = self.admins.update_one(filter, update).await;
        undone.map(|_| true).map_err(|error| self.errors.translate(&error))
    }
}

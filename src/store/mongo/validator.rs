//! Validators that somebody gave the collections of the master database, and what of ours they refuse.
//!
//! The server is asked what each of them makes of a document that is there, or of one as the service writes
//! it, with our fields added to it one by one. So it does not matter what a validator is made of, and nothing
//! is written.

use std::collections::HashMap;

use mongodb::bson::{Bson, DateTime, Document, doc, oid::ObjectId};

use super::{
    Inner, READ,
    connect::list_collections,
    error::code_of,
    exact::Exact,
    read::Record,
    shape::{ADMIN_FIELDS, FIELDS},
    short_lived,
};
use crate::store::{Inconsistency, Result};

/// What there is to do.
pub(super) const ALLOW: &str =
    "allow them with `collMod`; until then, operations that write them are refused";

/// The document without our fields, and with all of them. No field is called that.
const BARE: &str = "_bare";
const WHOLE: &str = "_whole";

/// The fields of an entry of the audit log, of an account that somebody tried to log in to, and of the
/// agreement to an upgrade.
const ENTRY: [&str; 12] = [
    "entry",
    "at",
    "operator",
    "admin",
    "deed",
    "organization_id",
    "organization_name",
    "outcome",
    "reason",
    "changes",
    "previous",
    "hash",
];
const ATTEMPT: [&str; 7] = ["looked_at", "places", "until", "refused", "granted", "failures", "at"];
const AGREEMENT: [&str; 3] = ["version", "agreed_by", "agreed_at"];

impl Inner {
    /// What of ours the validators refuse that there are.
    pub(super) async fn look_at_validators(&self) -> Result<Vec<Inconsistency>> {
        let all: [(&Exact<Record>, &[&'static str], Option<Document>); 6] = [
            (&self.orgs, &FIELDS, Some(of_service())),
            (&self.admins, &ADMIN_FIELDS, Some(admin_of_service())),
            // These are ours from the first field on.
            (&self.audit.entries, &ENTRY, None),
            (&self.attempts, &ATTEMPT, None),
            (&self.short_lived, &short_lived::FIELDS, None),
            (&self.schema, &AGREEMENT, None),
        ];
        let validators = self.validators(&all.each_ref().map(|(one, ..)| one.name())).await?;
        let mut found = Vec::new();
        for (collection, fields, theirs) in all {
            let Some(validator) = validators.get(collection.name()) else { continue };
            let fields = self.refused_by(validator, collection, fields, theirs).await?;
            if !fields.is_empty() {
                found.push(Inconsistency::Validator {
                    collection: collection.name().into(),
                    fields,
                });
            }
        }
        Ok(found)
    }

    /// The validators of these collections that refuse anything.
    pub(super) async fn validators(&self, names: &[&str]) -> Result<HashMap<String, Document>> {
        let filter = doc! { "name": { "$in": names }, "type": "collection" };
        let found = list_collections(&self.db, filter).await;
        let mut validators = HashMap::new();
        for one in found.map_err(|error| self.errors.translate(&error))? {
            let (Ok(name), Ok(options)) = (one.get_str("name"), one.get_document("options")) else {
                continue;
            };
            let is = |option, word| options.get_str(option).is_ok_and(|said| said == word);
            let idle = is("validationLevel", "off") || is("validationAction", "warn");
            if let Some(validator) = options.get_document("validator").ok().filter(|_| !idle) {
                validators.insert(name.to_owned(), validator.clone());
            }
        }
        Ok(validators)
    }

    /// Which of these fields it refuses; all where it refuses none by itself and yet all together.
    async fn refused_by(
        &self,
        validator: &Document,
        collection: &Exact<Record>,
        fields: &[&'static str],
        theirs: Option<Document>,
    ) -> Result<Vec<&'static str>> {
        let is_theirs = theirs.is_some();
        let refused = doc! { "$match": { "$nor": [validator] } };
        let asked_with = |added: Document| vec![doc! { "$set": added }, refused.clone()];
        let with = |field: &&'static str| doc! { *field: { "$literal": sample(field) } };
        let mut asked: Document = fields
            .iter()
            .map(|field| ((*field).to_owned(), asked_with(with(field)).into()))
            .collect();
        asked.insert(WHOLE, asked_with(fields.iter().flat_map(with).collect()));
        asked.insert(BARE, vec![refused.clone()]);
        // Where there is none that it takes as it is, one as the service writes it is tried.
        let one = theirs.unwrap_or_else(|| doc! { "_id": 1 });
        let there = [doc! { "$match": validator }, doc! { "$limit": 1 }, doc! { "$facet": &asked }];
        let made = [doc! { "$documents": [one] }, doc! { "$facet": asked }];
        let any = is_theirs && self.find_one(collection, validator.clone()).await?.is_some();
        let answer = if any {
            collection.inner().clone_with_type::<Document>().aggregate(there).max_time(READ).await
        } else {
            self.db.aggregate(made).max_time(READ).await
        };
        let mut answer = match answer {
            Ok(answer) => answer,
            // Not every validator can be asked so, nor every server.
            Err(error) if code_of(&error).is_some() => return Ok(Vec::new()),
            Err(error) => return Err(self.errors.translate(&error)),
        };
        if !answer.advance().await.map_err(|error| self.errors.translate(&error))? {
            return Ok(Vec::new());
        }
        let answer = answer.deserialize_current().map_err(|error| self.errors.translate(&error))?;
        let is_refused = |asked: &str| answer.get_array(asked).is_ok_and(|all| !all.is_empty());
        // It wants something that the service does not write either: no field of ours is to blame.
        if !is_refused(WHOLE) || is_theirs && is_refused(BARE) {
            return Ok(Vec::new());
        }
        let alone: Vec<_> = fields.iter().copied().filter(|field| is_refused(field)).collect();
        Ok(if alone.is_empty() { fields.to_vec() } else { alone })
    }
}

/// A record as the service writes it.
fn of_service() -> Document {
    let id = ObjectId::new();
    doc! {
        "_id": id, "organization_name": "a", "collection_name": "org_a", "admin_id": id.to_hex(),
        "admin_email": "a@a.example", "created_at": DateTime::now(),
        "connection_details": { "database": "master_organization_db", "collection": "org_a" },
    }
}

/// An admin as the service writes it.
fn admin_of_service() -> Document {
    doc! {
        "_id": ObjectId::new(), "email": "a@a.example", "password": "$2b$12$",
        "created_at": DateTime::now(),
    }
}

/// What is in one of our fields, or could be.
fn sample(field: &str) -> Bson {
    let (id, at) = (ObjectId::new(), DateTime::now());
    match field {
        "pending" => doc! { "id": id, "at": at, "kind": "update", "by": "a" }.into(),
        "trash" => doc! { "at": at, "days": 30_i64, "by": "a", "email": "a@a.example" }.into(),
        "suspended" => doc! { "at": at, "by": "a" }.into(),
        "suspended_password" => doc! { "at": at, "hash": "$2b$12$" }.into(),
        "reset" => doc! { "code": "a", "until": at }.into(),
        "revision" | "login_epoch" | "looked_at" | "failures" => 1_i64.into(),
        "version" => 1.into(),
        "former" | "claims" | "other_emails" => vec!["a"].into(),
        "other_admins" => vec![id].into(),
        "places" | "changes" => Bson::Array(vec![]),
        "created_key" | "at" | "until" | "agreed_at" | "expires_at" => at.into(),
        "organization_id" | "operation" | "joining" | "entry" | "granted" | "refused"
        | "added_by" => id.into(),
        "seen" | "value" => doc! {}.into(),
        "second_factor" => {
            doc! { "sealed": "a", "last_step": 1_i64, "recovery": ["a"], "since": at }.into()
        }
        "listing" => super::listing::listing("a", "org_a", ["a@a.example"]).into(),
        "role" => crate::org::Role::Admin.word().into(),
        _ => "a".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        Entry, Head,
        mongo::shape::{is_ours, is_ours_of_admin},
    };

    #[test]
    fn what_is_asked_about_is_what_is_written() {
        for field in FIELDS {
            assert!(is_ours(&doc! { field: sample(field) }, field), "{field}");
        }
        for field in ADMIN_FIELDS {
            assert!(is_ours_of_admin(&doc! { field: sample(field) }, field), "{field}");
        }
        let entry = Head::default().followed_by(&Entry::new("a", "b")).unwrap();
        let mut fields: Vec<_> = entry.keys().map(String::as_str).collect();
        fields.retain(|field| *field != "_id");
        assert_eq!(fields, ENTRY);
    }
}

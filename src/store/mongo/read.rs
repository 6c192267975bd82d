//! Looking single things up: organizations, admins, and who holds a claim.
//!
//! Records the old service added a moment ago lack our fields. Each look-up by one of them therefore
//! also goes through those few records, which the index on `name_key` (or `email_key`) finds at once.

use std::{collections::HashSet, sync::Arc};

use futures_util::future::{try_join, try_join3, try_join4};
use mongodb::bson::{Bson, Document, Utf8Lossy, doc, oid::ObjectId};

use super::{
    Inner, READ,
    exact::Exact,
    record::{self, first_of, id_of},
    shape,
};
use crate::{
    org::{Admin, Claim, Org, SecondFactor, email_key, name_key},
    store::{Holder, ListScope, Result},
};

/// A document as it is read here: a string that is not UTF-8 must not make a list fail.
pub(super) type Record = Utf8Lossy<Document>;

/// A longer e-mail, in bytes, is not looked for: a page of them would not fit into one question.
const EMAIL_MOST: usize = 1000;

/// Of how many organizations it is asked at once whether they are there.
const ASKED_AT_ONCE: usize = 10_000;

/// Finds organizations without our fields, among them those that never get any: with an `_id` that is no
/// `ObjectId`, or with something of another program's where ours would be.
pub(super) fn unmigrated_filter() -> Document {
    // No string, in the one way that the index on it can answer.
    let mut filter = doc! { "name_key": { "$not": { "$gte": "" } } };
    filter.extend(shape::is_idle());
    filter
}

impl Inner {
    pub(super) async fn find_one(
        &self,
        collection: &Exact<Record>,
        filter: Document,
    ) -> Result<Option<Document>> {
        let found = collection.find_one(filter).max_time(READ).await;
        Ok(found.map_err(|error| self.errors.translate(&error))?.map(|record| record.0))
    }

    /// Goes through what `filter` finds until `wanted` makes something of a record.
    pub(super) async fn find_map<T>(
        &self,
        collection: &Exact<Record>,
        filter: Document,
        wanted: impl Fn(&Document) -> Option<T>,
    ) -> Result<Option<T>> {
        let say = |error| self.errors.translate(&error);
        let mut cursor = collection.find(filter).max_time(READ).await.map_err(say)?;
        while cursor.advance().await.map_err(say)? {
            if let Some(found) = cursor.deserialize_current().ok().and_then(|r| wanted(&r.0)) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    pub(super) async fn present(&self, ids: &[ObjectId], on: ListScope) -> Result<Vec<ObjectId>> {
        let say = |error| self.errors.translate(&error);
        let mut present = Vec::with_capacity(ids.len());
        for ids in ids.chunks(ASKED_AT_ONCE) {
            let mut filter = match on {
                ListScope::Live => shape::is_live(),
                ListScope::Trash => shape::is_in_trash(),
            };
            filter.insert("_id", doc! { "$in": ids.to_vec() });
            let found = self.orgs.find(filter).projection(doc! { "_id": 1 }).max_time(READ);
            let mut found = found.await.map_err(say)?;
            while found.advance().await.map_err(say)? {
                let record = found.deserialize_current().ok();
                present.extend(record.and_then(|record| record.0.get_object_id("_id").ok()));
            }
        }
        Ok(present)
    }

    pub(super) async fn org(&self, id: ObjectId) -> Result<Option<Org>> {
        let found = self.find_one(&self.orgs, doc! { "_id": id }).await?;
        Ok(found.as_ref().and_then(record::org))
    }

    /// In one look for all of them.
    pub(super) async fn without_admin(&self, orgs: &[Org]) -> Result<Vec<ObjectId>> {
        let say = |error| self.errors.translate(&error);
        // By identity; where the record has none, by e-mail, which the trash hides.
        let by_email = |org: &&Org| {
            let email = org.admin_email.raw();
            let usable = !email.is_empty() && email.len() <= EMAIL_MOST;
            org.admin_id.raw().is_empty() && org.in_trash().is_none() && usable
        };
        let nameless: Vec<&Org> = orgs.iter().filter(by_email).collect();
        let emails: Vec<&str> = nameless.iter().map(|org| org.admin_email.raw()).collect();
        let keys: Vec<String> = emails.iter().map(|email| email_key(email)).collect();
        let ids: Vec<Bson> = orgs.iter().filter_map(first_of).map(Bson::from).collect();
        let mut known = vec![doc! { "_id": { "$in": ids } }];
        if !nameless.is_empty() {
            known.push(doc! { "email_key": { "$in": keys } });
            known.push(doc! { "email": { "$in": emails } });
        }
        let only = doc! { "_id": 1, "email": 1 };
        let found = self.admins.find(doc! { "$or": known }).projection(only).max_time(READ);
        let mut found = found.await.map_err(say)?;
        let (mut ids, mut emails) = (HashSet::new(), HashSet::new());
        while found.advance().await.map_err(say)? {
            let Ok(Utf8Lossy(admin)) = found.deserialize_current() else { continue };
            ids.extend(id_of(&admin));
            emails.extend(admin.get_str("email").ok().map(email_key));
        }
        let is_there = |org: &&Org| match first_of(org) {
            Some(id) => ids.contains(&id),
            None if org.admin_id.raw().is_empty() => {
                !by_email(org) || emails.contains(&email_key(org.admin_email.raw()))
            }
            // What it names is no admin's identity.
            None => false,
        };
        Ok(orgs.iter().filter(|org| !is_there(org)).map(|org| org.id).collect())
    }

    pub(super) async fn org_named(
        self: &Arc<Self>,
        name: &str,
        from: ListScope,
    ) -> Result<Option<Org>> {
        let key = name_key(name);
        if from == ListScope::Trash {
            // A handful at most, and only where the service gave the name away meanwhile.
            let filter = doc! { "trash.name_key": &key };
            let exact = |org: &Org| (org.name.raw() == name, org.in_trash().map(|t| t.since));
            let found = self.orgs.find(filter).max_time(READ).await;
            let found = self.orgs_in(found.map_err(|error| self.errors.translate(&error))?).await?;
            return Ok(found.into_iter().max_by_key(exact));
        }
        let same = |record: &Document| {
            let org = record::org(record).filter(|org| org.in_trash().is_none());
            org.filter(|org| name_key(org.name.raw()) == key)
        };
        // Nearly always it is: one question, and not three.
        if let Some(exact) = self.named_exactly(name).await? {
            return Ok(Some(exact));
        }
        let (known, unmigrated_filter) = try_join(
            self.find_map(&self.orgs, doc! { "name_key": &key }, same),
            self.find_map(&self.orgs, unmigrated_filter(), same),
        )
        .await?;
        Ok(known.or(unmigrated_filter))
    }

    /// An admin belongs to the organization whose record lists it, whatever it says itself.
    pub(super) async fn org_of_admin(&self, admin: &Admin) -> Result<Option<Org>> {
        let found = self.find_one(&self.orgs, has_admin("admin_id", admin.id)).await?;
        if let Some(org) = found.as_ref().and_then(record::org) {
            return Ok(Some(org));
        }
        if let Some(own) = admin.organization {
            let own = self.find_one(&self.orgs, doc! { "_id": own }).await?;
            let own = own.filter(|record| record::lists(record, admin));
            let own = own.as_ref().and_then(record::org);
            if let Some(org) = own.filter(|org| org.in_trash().is_none()) {
                return Ok(Some(org));
            }
        }
        // The service's own field, where the identity is missing.
        let email = email_key(admin.email.raw());
        if email.is_empty() {
            return Ok(None);
        }
        let names = |record: &Document| {
            let org = record::org(record).filter(|org| org.admin_id.raw().is_empty());
            org.filter(|org| email_key(org.admin_email.raw()) == email)
        };
        let nameless = doc! { "email_key": &email, "admin_id": { "$in": [null, ""] } };
        let known = self.find_map(&self.orgs, nameless, names);
        let unmigrated_filter = self.find_map(&self.orgs, unmigrated_filter(), names);
        let (known, unmigrated_filter) = try_join(known, unmigrated_filter).await?;
        Ok(known.or(unmigrated_filter))
    }

    pub(super) async fn admin(&self, id: ObjectId) -> Result<Option<Admin>> {
        let found = self.find_one(&self.admins, doc! { "_id": id }).await?;
        Ok(found.as_ref().and_then(record::admin))
    }

    pub(super) async fn admin_with_email(&self, email: &str) -> Result<Option<Admin>> {
        let key = email_key(email);
        let same = |record: &Document| {
            record::admin(record).filter(|admin| email_key(admin.email.raw()) == key)
        };
        let (exact, known, unmigrated_filter) = try_join3(
            // Whatever our field says of it: another program may have changed it since.
            self.find_map(&self.admins, doc! { "email": email }, same),
            self.find_map(&self.admins, doc! { "email_key": &key }, same),
            self.find_map(&self.admins, doc! { "email_key": null }, same),
        )
        .await?;
        Ok(exact.or(known).or(unmigrated_filter))
    }

    /// By what every code that is used up changes.
    pub(super) async fn spend_second_factor(
        &self,
        admin: &Admin,
        spent: &SecondFactor,
    ) -> Result<bool> {
        let Some(before) = &admin.second_factor else { return Ok(false) };
        let before = before.to_document();
        let mut filter = doc! { "_id": admin.id };
        for field in ["last_step", "recovery", "since"] {
            filter.insert(
                format!("second_factor.{field}"),
                doc! { "$eq": before.get(field).cloned().unwrap_or(Bson::Null) },
            );
        }
        let update = doc! { "$set": { "second_factor": spent.to_document() } };
        let written = self.admins.update_one(filter, update).await;
        let written = written.map_err(|error| self.errors.translate(&error))?;
        Ok(written.matched_count == 1)
    }

    pub(super) async fn holder(&self, claim: &Claim) -> Result<Option<Holder>> {
        let found = self.find_one(&self.orgs, doc! { "claims": claim.to_string() }).await?;
        match found {
            Some(record) => Ok(Some(holder_in(&record))),
            None => self.holder_otherwise(claim, None).await,
        }
    }

    /// Who has what is claimed without having claimed it: an organization without our fields or with
    /// the later of two equal looks, an admin or a collection without an organization.
    pub(super) async fn holder_otherwise(
        &self,
        claim: &Claim,
        except: Option<ObjectId>,
    ) -> Result<Option<Holder>> {
        let except = Bson::from(except);
        let known = async {
            match claim {
                Claim::Look(look) => self.look_holder(look, &except).await,
                Claim::Email(email) => self.email_holder(email, &except).await,
                Claim::Name(_) | Claim::Collection(_) => Ok(None),
            }
        };
        let nobodys_collection = async {
            match claim {
                Claim::Collection(collection) => self.collection_holder(collection, &except).await,
                Claim::Name(_) | Claim::Look(_) | Claim::Email(_) => Ok(None),
            }
        };
        let operators = async {
            match claim {
                Claim::Email(email) => self.is_an_operators(email).await,
                Claim::Name(_) | Claim::Look(_) | Claim::Collection(_) => Ok(false),
            }
        };
        let unmigrated_filter = self.unmigrated_holder(claim, &except);
        let (known, unmigrated_filter, nobodys, is_operators) =
            try_join4(known, unmigrated_filter, nobodys_collection, operators).await?;
        let operator = is_operators.then_some(Holder::OPERATOR);
        Ok(known.or(unmigrated_filter).or(nobodys).or(operator))
    }

    /// A record without our fields that has what is claimed.
    pub(super) async fn unmigrated_holder(
        &self,
        claim: &Claim,
        except: &Bson,
    ) -> Result<Option<Holder>> {
        let mut filter = unmigrated_filter();
        filter.insert("_id", doc! { "$ne": except });
        self.find_map(&self.orgs, filter, |record| {
            record::claims(record).contains(claim).then(|| holder_in(record))
        })
        .await
    }

    /// Who has a collection that exists. Whoever has one holds its claim from before it is made until it
    /// is gone; so it is nobody's only if nobody held that while the same one was there all the time.
    async fn collection_holder(&self, collection: &str, except: &Bson) -> Result<Option<Holder>> {
        let claim = Claim::Collection(collection.to_owned()).to_string();
        let mut there = self.listed_at(collection).await?;
        while there.is_some() {
            let filter = doc! { "claims": &claim, "_id": { "$ne": except } };
            if let Some(record) = self.find_one(&self.orgs, filter).await? {
                return Ok(Some(holder_in(&record)));
            }
            let now = self.listed_at(collection).await?;
            if now == there {
                return Ok(Some(NOBODY));
            }
            there = now;
        }
        Ok(None)
    }

    async fn email_holder(&self, email: &str, except: &Bson) -> Result<Option<Holder>> {
        let Some(admin) = self.admin_with_email(email).await? else { return Ok(None) };
        let mut of = vec![
            has_admin("admin_id", admin.id),
            doc! { "pending.admin_id": admin.id, "pending": { "$exists": true } },
        ];
        of.extend(admin.organization.map(|own| doc! { "_id": own }));
        Ok(match self.find_one(&self.orgs, doc! { "$or": of }).await? {
            Some(record) if record.get("_id") == Some(except) => None,
            Some(record) => Some(holder_in(&record)),
            // An admin goes before its organization does: one that is still there is nobody's.
            None => self.admin(admin.id).await?.map(|_| NOBODY),
        })
    }
}

/// Finds organizations by an admin of theirs. The service wrote the identity in lower case; whoever
/// wrote it in upper case meant the same.
pub(super) fn has_admin(field: &str, admin: ObjectId) -> Document {
    let hex = admin.to_hex();
    let upper = hex.to_uppercase();
    doc! { field: { "$in": [Bson::from(hex), Bson::from(upper), Bson::from(admin)] } }
}

/// Who has what a record of theirs has.
pub(super) fn holder_in(record: &Document) -> Holder {
    Holder {
        org: record.get_object_id("_id").ok(),
        name: Some(record::called(record)),
        in_trash: shape::trash(record).is_some(),
        operator: false,
    }
}

/// Who has a collection that no organization has, or the e-mail of an admin without one.
const NOBODY: Holder = Holder::NOBODY;

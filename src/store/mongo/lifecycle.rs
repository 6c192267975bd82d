//! Creating, changing and deleting, to the trash and back: reserve, record, act, settle.
//!
//! Two documents and a collection cannot change in one transaction (`renameCollection` and `drop` are
//! not allowed in one, and a standalone server has none), so every operation is written into the
//! organization's own document first ([`super::journal`]), in one compare-and-set that also takes the
//! claims, which a unique index keeps apart. From then on it can be finished, or undone while nothing
//! is lost by it, by anyone ([`super::act`], [`super::recover`]). The same way for a standalone
//! server, a replica set and a sharded cluster.

use mongodb::bson::{Bson, Document, doc, oid::ObjectId};

use super::{
    Inner,
    act::Hold,
    admins::values_before,
    collection::Listed,
    elsewhere::refuse_elsewhere,
    error::{code, code_of},
    journal::{
        self, Creation, Deletion, Edit, Fate, Kind, Pending, Return, Shelving, Step, Suspension,
    },
    record, shape,
    suspension::with_password,
};
use crate::{
    org::{
        Claim, ClaimKind, CollectionName, Email, Org, OrgName, OrgState, StoredText, email_key,
        look_as_typed, name_key, name_look,
    },
    store::{Change, Entry, NewOrg, Result, StoreError},
};

/// How often a reservation is tried that the unique index refused for what nobody has any more.
const TRIES: u32 = 10;

impl Inner {
    pub(super) async fn create(&self, new: NewOrg, entry: &Entry) -> Result<Org> {
        let claims = new.claims();
        let step = Step::Create(Creation {
            organization_name: new.name.as_str().to_owned(),
            collection_name: new.collection.as_str().to_owned(),
            admin_id: new.admin_id,
            admin_email: new.email.as_str().to_owned(),
            password: new.password.as_str().to_owned(),
            created_at: new.created_at,
            first_document_id: ObjectId::new(),
        });
        let mut pending = Pending::new(new.id, step, entry, Vec::new());
        // No `organization_name` yet: what is only being created is invisible, to the old service too.
        let fields = doc! { "claims": strings(&claims) };
        let update = pending.reservation(&self.operator, fields).map_err(StoreError::Other)?;
        // As an upsert, since only an update can have the server's clock. The filter finds nothing,
        // unless the driver tries the same write again.
        let (mut hold, mut tries) = (Hold::now(), 1);
        while let Err(error) =
            self.orgs.update_one(pending.filter(), update.clone()).upsert(true).await
        {
            if code_of(&error) != Some(code::DUPLICATE_KEY) {
                (pending, hold) = self.reserved_after_all(&pending, &error).await?;
                break;
            }
            if let Some(taken) = self.who_has(&claims, new.id).await? {
                return Err(taken);
            }
            // Whoever had it has given it up in between.
            if tries == TRIES {
                return Err(StoreError::Changed);
            }
            (hold, tries) = (Hold::now(), tries + 1);
        }
        let made = match self.in_the_way(&claims, new.id).await? {
            Some(taken) => self.give_up(&pending, taken).await,
            None => self.begin(&pending, hold).await,
        };
        match made {
            Ok(Some(org)) => Ok(org),
            Ok(None) => Err(StoreError::Gone),
            // Somebody took it over, because this console was slow, and took it back.
            Err(StoreError::TakenBack(why)) => {
                let taken = self.who_has(&claims, new.id).await?;
                Err(taken.unwrap_or(StoreError::TakenBack(why)))
            }
            Err(error) => Err(error),
        }
    }

    pub(super) async fn update(&self, org: &Org, change: &Change, entry: &Entry) -> Result<Org> {
        let record = self.as_kept(org).await?;
        let before = record::stored_claims(&record);
        let others = record::other_emails(&record);
        // No two of its own admins have the same e-mail either.
        if let Some(email) = &change.email
            && others.contains(&email_key(email.as_str()))
        {
            return Err(email_of(org));
        }
        let mut after = claims_after(org, change, &before, &others);
        if change.undoes {
            self.without_looks_of_others(&mut after, org.id).await?;
        }
        let fresh: Vec<Claim> =
            after.iter().filter(|claim| !before.contains(&claim.to_string())).cloned().collect();
        let from = org.collection.raw().to_owned();
        if org.in_trash().is_some() {
            return Err(StoreError::Changed);
        }
        let to = change.collection.as_ref().map_or(from.clone(), ToString::to_string);
        let uuid = if from == to { None } else { self.uuid_if_ours(&from).await? };
        let mut edit = Edit {
            set: fields_after(change, self.db.name()),
            admin_set: admin_after(&record, change),
            admin_before: None,
            admin_unset: change.password.iter().map(|_| "reset".to_owned()).collect(),
            admin: None,
            fate: Fate::Stays,
            appoints: false,
            other_emails: None,
            other_admins: None,
            claims_before: before.clone(),
            claims_after: strings(&after),
            from,
            to,
            uuid,
        };
        let mut admins = Vec::new();
        if !edit.admin_set.is_empty() {
            let first = self.first_admin(org).await?.ok_or(StoreError::Changed)?;
            let there = self.find_one(&self.admins, doc! { "_id": first }).await?;
            let there = there.ok_or(StoreError::Changed)?;
            (edit.admin, edit.admin_before) = (Some(first), Some(values_before(&there, &edit)));
            admins.push(there);
        }
        let pending = Pending::new(org.id, Step::Update(edit), entry, admins);
        let mut both = before;
        both.extend(strings(&fresh));
        self.carry_out(&pending, &record, &both, &fresh).await?.ok_or(StoreError::Gone)
    }

    pub(super) async fn delete(&self, org: &Org, entry: &Entry) -> Result<()> {
        let record = self.as_read(org).await?;
        let collection = record::held_in(org);
        let first = self.first_admin(org).await?;
        let admins = self.own_admins(org.id, first).await?;
        let step = Step::Delete(Deletion {
            uuid: self.uuid_if_any(collection.as_deref()).await?,
            collection: collection.unwrap_or_default(),
            admin: first,
        });
        let pending = Pending::new(org.id, step, entry, admins);
        let claims = record::stored_claims(&record);
        self.carry_out(&pending, &record, &claims, &[]).await.map(|_| ())
    }

    pub(super) async fn trash(&self, org: &Org, days: u32, entry: &Entry) -> Result<Org> {
        let record = self.as_kept(org).await?;
        if org.in_trash().is_some() {
            return Err(StoreError::Changed);
        }
        let from = record::held_in(org);
        let first = self.first_admin(org).await?;
        let admins = self.to_hide(&record, first).await?;
        let uuid = self.uuid_if_any(from.as_deref()).await?;
        self.ensure_trash_accepted(org.id, &admins, from.as_deref().filter(|_| uuid.is_some()))
            .await?;
        let step = Step::Trash(Shelving {
            uuid,
            from: from.unwrap_or_default(),
            to: record::trash_collection(org.id),
            admin: first,
            days: i64::from(days),
        });
        let pending = Pending::new(org.id, step, entry, admins);
        let claims = record::stored_claims(&record);
        self.carry_out(&pending, &record, &claims, &[]).await?.ok_or(StoreError::Gone)
    }

    pub(super) async fn restore(&self, org: &Org, change: &Change, entry: &Entry) -> Result<Org> {
        let record = self.as_kept(org).await?;
        let Some(shelved) = shape::trash(&record) else { return Err(StoreError::Changed) };
        let (name, collection) = (change.name.clone(), change.collection.clone());
        let change = Change { name, collection, ..Change::default() };
        let before = record::stored_claims(&record);
        // What it looks like it claims again only where it did: an older one may look the same.
        let after = claims_after(org, &change, &before, &record::other_emails(&record));
        let fresh: Vec<Claim> =
            after.iter().filter(|claim| !before.contains(&claim.to_string())).cloned().collect();
        let from = record::held_in(org);
        let to = change.collection.as_ref().map_or(org.collection.raw(), CollectionName::as_str);
        let mut restored = shelved.clone();
        restored.insert("_id", org.id);
        restored.insert("created_at", org.created_at);
        let mut set: Document = fields_after(&change, self.db.name())
            .into_iter()
            .filter(|(field, _)| !field.starts_with("seen."))
            .collect();
        restored.extend(set.clone());
        set.extend(record::derived(&restored));
        let first = self.first_admin(org).await?;
        let admins = self.listed_of(&record, first).await?;
        let step = Step::Restore(Return {
            uuid: self.uuid_if_any(from.as_deref()).await?,
            from: from.unwrap_or_default(),
            to: to.to_owned(),
            admin: first,
            set,
            claims_before: before.clone(),
            claims_after: strings(&after),
        });
        let pending = Pending::new(org.id, step, entry, admins);
        let mut both = before;
        both.extend(strings(&fresh));
        self.carry_out(&pending, &record, &both, &fresh).await?.ok_or(StoreError::Gone)
    }

    pub(super) async fn suspend(&self, org: &Org, suspended: bool, entry: &Entry) -> Result<Org> {
        let record = self.as_read(org).await?;
        if org.in_trash().is_some() {
            return Err(StoreError::Changed);
        }
        // What another program calls suspended is not done yet.
        shape::writable(&record, Kind::Suspend)?;
        if suspended == (org.state == OrgState::Suspended) {
            self.append(entry).await?;
            return Ok(org.clone());
        }
        let first = self.first_admin(org).await?;
        let admins = self.listed_of(&record, first).await?;
        let step = Step::Suspend(Suspension { suspended, renewed: false, admin: first });
        let pending = Pending::new(org.id, step, entry, admins);
        let claims = record::stored_claims(&record);
        self.carry_out(&pending, &record, &claims, &[]).await?.ok_or(StoreError::Gone)
    }

    /// The record, if it is still as in `org` and nothing else is under way with it.
    pub(super) async fn as_read(&self, org: &Org) -> Result<Document> {
        let record = self.bring_one_along(org.id).await?.ok_or(StoreError::Gone)?;
        let now = record::org(&record).ok_or(StoreError::Gone)?;
        // Whatever had expired is settled by now, so this is somebody at work.
        if let Some(what) = now.under_way {
            return Err(StoreError::Busy { what, by: journal::by(&record) });
        }
        let same = now.name == org.name
            && now.collection == org.collection
            && now.admin_id == org.admin_id
            && now.admin_email == org.admin_email
            && now.in_trash().is_some() == org.in_trash().is_some()
            && now.revision == org.revision;
        if same { Ok(record) } else { Err(StoreError::Changed) }
    }

    /// Reserves, and takes the operation to its end, or back where something is in its way.
    pub(super) async fn carry_out(
        &self,
        pending: &Pending,
        read: &Document,
        claims: &[String],
        fresh: &[Claim],
    ) -> Result<Option<Org>> {
        // Deleting one of two that clash is a way out.
        if pending.step.kind() != Kind::Delete && shape::trash(read).is_none() {
            self.is_held_back(read).await?;
        }
        let (hold, again) = (Hold::now(), self.reserve(pending, read, claims, fresh).await?);
        let reserved;
        let (pending, hold) = match again {
            None => (pending, hold),
            Some((again, hold)) => {
                reserved = again;
                (&reserved, hold)
            }
        };
        match self.in_the_way(fresh, pending.org).await? {
            Some(taken) => self.give_up(pending, taken).await,
            None => self.begin(pending, hold).await,
        }
    }

    /// Writes the journal and the claims, if the record still is the one that was read. Where the answer
    /// was lost and it is done after all, the operation under another lease.
    async fn reserve(
        &self,
        pending: &Pending,
        read: &Document,
        claims: &[String],
        fresh: &[Claim],
    ) -> Result<Option<(Pending, Hold)>> {
        let filter = unchanged(read, pending.org);
        let mut update =
            pending.reservation(&self.operator, Document::new()).map_err(StoreError::Other)?;
        let kind = pending.step.kind();
        shape::writable(read, kind)?;
        refuse_elsewhere(read, &pending.step, self.db.name())?;
        pending.admins.iter().try_for_each(|admin| shape::writable_admin(admin, kind))?;
        journal::set_claims(&mut update, claims);
        for _ in 0..TRIES {
            match self.orgs.update_one(filter.clone(), update.clone()).await {
                Ok(done) if done.matched_count == 1 => return Ok(None),
                Ok(_) => {
                    let now = self.find_one(&self.orgs, doc! { "_id": pending.org }).await?;
                    let now = now.ok_or(StoreError::Gone)?;
                    return Err(match record::org(&now).and_then(|org| org.under_way) {
                        Some(what) => StoreError::Busy { what, by: journal::by(&now) },
                        None => StoreError::Changed,
                    });
                }
                Err(error) if code_of(&error) == Some(code::DUPLICATE_KEY) => {
                    if let Some(taken) = self.who_has(fresh, pending.org).await? {
                        return Err(taken);
                    }
                    // Whoever had it has given it up in between.
                }
                Err(error) => return self.reserved_after_all(pending, &error).await.map(Some),
            }
        }
        Err(StoreError::Changed)
    }

    /// Which claim the unique index refused, and whose it is; none when it has become free since.
    async fn who_has(&self, claims: &[Claim], except: ObjectId) -> Result<Option<StoreError>> {
        for claim in claims {
            if let Some(holder) = self.holder(claim).await?
                && holder.org != Some(except)
            {
                return Ok(Some(StoreError::Taken {
                    what: claim.kind(),
                    by: holder.name,
                    in_trash: holder.in_trash,
                }));
            }
        }
        Ok(None)
    }

    /// What no index keeps apart.
    pub(super) async fn in_the_way(
        &self,
        claims: &[Claim],
        except: ObjectId,
    ) -> Result<Option<StoreError>> {
        let holders = claims.iter().map(|claim| self.holder_otherwise(claim, Some(except)));
        let holders = futures_util::future::try_join_all(holders).await?;
        Ok(claims.iter().zip(holders).find_map(|(claim, holder)| {
            holder.map(|holder| StoreError::Taken {
                what: claim.kind(),
                by: holder.name,
                in_trash: holder.in_trash,
            })
        }))
    }

    /// Leaves out the looks that others have.
    async fn without_looks_of_others(&self, claims: &mut Vec<Claim>, own: ObjectId) -> Result<()> {
        let mut mine = Vec::with_capacity(claims.len());
        for claim in claims.drain(..) {
            let of_others = claim.kind() == ClaimKind::Look
                && self.who_has(std::slice::from_ref(&claim), own).await?.is_some();
            if !of_others {
                mine.push(claim);
            }
        }
        *claims = mine;
        Ok(())
    }

    pub(super) async fn ensure_movable(&self, org: &Org) -> Result<()> {
        self.uuid_if_any(record::held_in(org).as_deref()).await.map(|_| ())
    }

    async fn uuid_if_ours(&self, collection: &str) -> Result<Option<mongodb::bson::Binary>> {
        self.uuid_if_any(Some(collection).filter(|collection| record::is_ours(collection))).await
    }

    async fn uuid_if_any(&self, collection: Option<&str>) -> Result<Option<mongodb::bson::Binary>> {
        let Some(collection) = collection else { return Ok(None) };
        match self.listed_at(collection).await? {
            Some(Listed::Other(kind)) => Err(StoreError::Misconfigured {
                problem: format!(
                    "nothing was done: {} is {kind}, which cannot be moved safely",
                    StoredText::from(collection)
                ),
                help: "put its documents into a collection of that name in its place, then try again",
            }),
            listed => Ok(listed.and_then(|listed| listed.uuid().cloned())),
        }
    }
}

/// Finds the record while it is as it was read, with nothing under way.
pub(super) fn unchanged(read: &Document, id: ObjectId) -> Document {
    let mut filter = doc! { "_id": id, "pending": { "$exists": false } };
    for field in ["organization_name", "collection_name", "admin_id", "admin_email", "revision"] {
        match read.get(field) {
            // What was not UTF-8 reads as U+FFFD and cannot be compared.
            Some(Bson::String(text)) if text.contains('\u{fffd}') => {}
            Some(value) => {
                filter.insert(field, doc! { "$eq": value.clone() });
            }
            None => {
                filter.insert(field, doc! { "$exists": false });
            }
        }
    }
    filter
}

/// An e-mail that another admin of the same organization has.
pub(super) fn email_of(org: &Org) -> StoreError {
    StoreError::Taken { what: ClaimKind::Email, by: Some(org.name.clone()), in_trash: false }
}

fn strings(claims: &[Claim]) -> Vec<String> {
    claims.iter().map(Claim::to_string).collect()
}

/// What the organization keeps for itself after the change. A look it has already but may not claim,
/// because an older organization looks the same, does not stand in its way.
fn claims_after(org: &Org, change: &Change, before: &[String], others: &[String]) -> Vec<Claim> {
    let own = Claim::looks_of(org.name.raw());
    let unclaimed = |look: &Claim| own.contains(look) && !before.contains(&look.to_string());
    change
        .claims_of(org)
        .into_iter()
        .chain(others.iter().cloned().map(Claim::Email))
        .filter(|claim| match claim {
            Claim::Look(_) if unclaimed(claim) => false,
            Claim::Collection(name) => record::can_be(name),
            Claim::Name(value) | Claim::Look(value) | Claim::Email(value) => !value.is_empty(),
        })
        .collect()
}

fn fields_after(change: &Change, database: &str) -> Document {
    let mut set = Document::new();
    if let Some(name) = change.name.as_ref().map(OrgName::as_str) {
        set.insert("organization_name", name);
        set.insert("name_key", name_key(name));
        set.insert("look", name_look(name));
        set.insert("look_as_typed", look_as_typed(name));
        set.insert("seen.organization_name", name);
    }
    if let Some(collection) = &change.collection {
        set.insert("collection_name", collection.as_str());
        set.insert("seen.collection_name", collection.as_str());
        set.insert(
            "connection_details",
            doc! { "database": database, "collection": collection.as_str() },
        );
    }
    if let Some(email) = change.email.as_ref().map(Email::as_str) {
        set.insert("admin_email", email);
        set.insert("seen.admin_email", email);
        set.insert("email_key", email_key(email));
    }
    set
}

fn admin_after(record: &Document, change: &Change) -> Document {
    let mut set = Document::new();
    if let Some(email) = change.email.as_ref().map(Email::as_str) {
        set.insert("email", email);
        set.insert("seen.email", email);
        set.insert("email_key", email_key(email));
    }
    if let Some(password) = &change.password {
        set.extend(with_password(record, password));
    }
    set
}

/// The record of a new organization, as the old service wrote it, and our fields beside them.
pub(super) fn new_record(creation: &Creation, database: &str) -> Document {
    let collection = &creation.collection_name;
    let mut record = doc! {
        "organization_name": &creation.organization_name,
        "collection_name": collection,
        "admin_id": creation.admin_id.to_hex(),
        "admin_email": &creation.admin_email,
        "created_at": creation.created_at,
        "connection_details": { "database": database, "collection": collection },
        "revision": 0_i64,
    };
    record.extend(record::derived(&record));
    let seen = record::SEEN.map(|field| (field.to_owned(), record[field].clone()));
    record.insert("seen", seen.into_iter().collect::<Document>());
    record.insert("created_key", creation.created_at);
    record
}

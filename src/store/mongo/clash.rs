//! Records of the old service that cannot both keep what they have: which, and what they have in common.
//! Of two, the one that was brought along keeps it, and the other one is held back ([`super::migrate`]).

use std::collections::HashMap;

use mongodb::bson::{Document, doc, oid::ObjectId};

use super::{Inner, field::text, migrate::Kind, read::unmigrated_filter, record, shape};
use crate::{
    org::{Claim, ClaimKind, StoredText, email_key},
    store::{Result, StoreError},
};

impl Inner {
    /// Refuses a record that was not given our fields: with the identities of both where two clash. One
    /// that has something of another program's where ours would be is refused by what needs that.
    pub(super) async fn is_held_back(&self, record: &Document) -> Result<()> {
        if record.contains_key("name_key") || !shape::foreign(record).is_empty() {
            return Ok(());
        }
        let Ok(id) = record.get_object_id("_id") else { return Ok(()) };
        for claim in record::claims(record) {
            if claim.kind() == ClaimKind::Look {
                continue;
            }
            let other = match self.claimed_by(&claim, id).await? {
                None => self.unclaimed_by(&claim, id).await?,
                claimed => claimed,
            };
            // Whoever is only being created sees the other record and gives way.
            let other = other.filter(|other| record::org(other).is_some());
            if let Some(other) = other.filter(|other| shape::trash(other).is_none()) {
                return Err(StoreError::HeldBack(clash(&other, record, &claim)));
            }
        }
        Err(StoreError::InTheWay {
            problem:
                "the validator of the collection organizations refuses the fields that Tenantry \
                      adds to it"
                    .to_owned(),
            help: "allow name_key, look, look_as_typed, email_key, created_key, listing, claims and seen in its properties \
                   (`tenantry upgrade --dry-run` lists all fields), then try again",
        })
    }

    /// A record without our fields that has what would be claimed.
    async fn unclaimed_by(&self, claim: &Claim, except: ObjectId) -> Result<Option<Document>> {
        let mut filter = unmigrated_filter();
        filter.insert("_id", doc! { "$ne": except });
        self.find_map(&self.orgs, filter, |other| {
            record::claims(other).contains(claim).then(|| other.clone())
        })
        .await
    }

    /// Which records cannot both keep what they have, in words. All of those without our fields are
    /// compared with each other, and with what the others have claimed.
    pub(super) async fn clashes(&self) -> Result<Vec<String>> {
        let mut clashes = Vec::new();
        let mut holders: HashMap<String, ObjectId> = HashMap::new();
        let mut found: Vec<(ObjectId, Option<ObjectId>, Claim)> = Vec::new();
        let mut lacking = Kind::Orgs.lacking();
        lacking.extend(shape::is_idle());
        self.each(&self.orgs, lacking, |record| {
            let Ok(id) = record.get_object_id("_id") else { return };
            for claim in record::claims(&record) {
                if claim.kind() == ClaimKind::Look {
                    continue;
                }
                let other = *holders.entry(claim.to_string()).or_insert(id);
                if other != id {
                    found.push((id, Some(other), claim));
                }
            }
        })
        .await?;
        if !holders.is_empty() {
            let claimed = doc! { "claims": { "$exists": true } };
            let mut taken = Vec::new();
            self.each(&self.orgs, claimed, |record| {
                if shape::trash(&record).is_some() || record::org(&record).is_none() {
                    return;
                }
                let own = record.get_object_id("_id").ok();
                for claim in record::stored_claims(&record) {
                    if let Some(id) = holders.get(&claim) {
                        taken.extend(own.map(|own| (own, *id, claim)));
                    }
                }
            })
            .await?;
            for (own, id, claim) in taken {
                let record = self.find_one(&self.orgs, doc! { "_id": id }).await?;
                let other = self.find_one(&self.orgs, doc! { "_id": own }).await?;
                let of = record.as_ref().map(record::claims).unwrap_or_default();
                let claim = of.iter().find(|own| own.to_string() == claim);
                if let (Some(other), Some(record), Some(claim)) = (other, &record, claim) {
                    clashes.push(clash(&other, record, claim));
                }
            }
        }
        for (id, other, claim) in found {
            let record = self.find_one(&self.orgs, doc! { "_id": id }).await?;
            let other = self.find_one(&self.orgs, doc! { "_id": other }).await?;
            if let (Some(other), Some(record)) = (other, record) {
                clashes.push(clash(&other, &record, &claim));
            }
        }
        let mut emails: HashMap<String, ObjectId> = HashMap::new();
        self.each(&self.admins, Kind::Admins.lacking(), |admin| {
            let email = email_key(text(&admin, "email"));
            if let Ok(id) = admin.get_object_id("_id")
                && !email.is_empty()
            {
                let other = *emails.entry(email).or_insert(id);
                if other != id {
                    clashes.push(clash_of_admins(&admin, other, id));
                }
            }
        })
        .await?;
        if !emails.is_empty() {
            self.each(&self.admins, doc! { "email_key": { "$type": "string" } }, |admin| {
                let known = emails.get(&email_key(text(&admin, "email")));
                if let (Ok(other), Some(id)) = (admin.get_object_id("_id"), known) {
                    clashes.push(clash_of_admins(&admin, other, *id));
                }
            })
            .await?;
        }
        Ok(clashes)
    }
}

/// Two organizations that cannot both keep what they have.
fn clash(one: &Document, other: &Document, claim: &Claim) -> String {
    let what = match claim {
        Claim::Name(_) => "name",
        Claim::Look(_) => "look",
        Claim::Collection(_) => "collection",
        Claim::Email(_) => "e-mail",
    };
    let named = |record: &Document| {
        let id = record.get_object_id("_id").map(ObjectId::to_hex).unwrap_or_default();
        format!("“{}” ({id})", record::called(record))
    };
    format!("{} and {} have the same {what}", named(one), named(other))
}

fn clash_of_admins(admin: &Document, one: ObjectId, other: ObjectId) -> String {
    let email = StoredText::from(text(admin, "email"));
    format!("two admins have the e-mail “{email}” ({one} and {other})")
}

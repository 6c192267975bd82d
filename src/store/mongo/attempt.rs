//! Attempts to log in: counted, and made to wait, in one write by the server's clock.

use std::time::Duration;

use mongodb::{
    bson::{Bson, Document, doc, oid::ObjectId},
    options::ReturnDocument,
};
use sha2::{Digest, Sha256};

use super::{
    Inner,
    act::one_more,
    error::{code, code_of},
};
use crate::{
    org::{email_key, hex},
    store::{Attempt, FREE_ATTEMPTS, LONGEST_WAIT, Result, StoreError},
};

/// After how long an account that nobody tried any more is forgotten.
pub(super) const KEPT: Duration = Duration::from_hours(30 * 24);

/// How often an attempt is counted that the first one of another console came in the way of.
const TRIES: u32 = 10;

impl Inner {
    pub(super) async fn attempt(&self, email: &str) -> Result<Attempt> {
        self.may_write()?;
        let own = ObjectId::new();
        let filter = doc! { "_id": account(email) };
        for _ in 0..TRIES {
            let counted = self
                .attempts
                .find_one_and_update(filter.clone(), counted(own))
                .upsert(true)
                .return_document(ReturnDocument::After)
                .await;
            match counted {
                Ok(Some(account)) if account.get_object_id("granted").is_ok_and(|id| id == own) => {
                    return Ok(Attempt::Granted);
                }
                Ok(account) => {
                    let time = |field| {
                        let account = account.as_ref()?;
                        account.get_datetime(field).ok().map(|time| time.timestamp_millis())
                    };
                    let left = time("until").zip(time("at")).map(|(until, now)| until - now);
                    // Whoever is not granted has at least a moment to wait.
                    let left = left.and_then(|left| u64::try_from(left).ok()).unwrap_or(1).max(1);
                    return Ok(Attempt::Wait(Duration::from_millis(left)));
                }
                Err(error) if code_of(&error) == Some(code::DUPLICATE_KEY) => {}
                Err(error) => return Err(self.words.of(&error)),
            }
        }
        Err(StoreError::Changed)
    }

    pub(super) async fn forget_attempts(&self, email: &str) -> Result<u64> {
        self.may_write()?;
        let forgotten = self.attempts.find_one_and_delete(doc! { "_id": account(email) }).await;
        let forgotten = forgotten.map_err(|error| self.words.of(&error))?;
        let failures = forgotten.and_then(|account| account.get_i64("failures").ok());
        Ok(failures.and_then(|failures| failures.try_into().ok()).unwrap_or(0))
    }
}

/// The update that counts an attempt, and puts `own` into `granted` where that is granted.
fn counted(own: ObjectId) -> Vec<Document> {
    let looked_at = doc! { "$ifNull": ["$looked_at", 0_i64] };
    // A clock that was put back since makes nobody wait longer than the last attempt did.
    let longest = doc! { "$add": ["$$NOW", wait_after(looked_at)] };
    let until = doc! { "$min": [{ "$ifNull": ["$until", "$$NOW"] }, longest] };
    let over = doc! { "$lte": ["$until", "$$NOW"] };
    let granted = doc! { "$eq": ["$granted", own] };
    let when =
        |yes: Document, then: Bson, otherwise: &str| doc! { "$cond": [yes, then, otherwise] };
    let after = doc! { "$add": ["$$NOW", wait_after("$looked_at")] };
    vec![
        doc! { "$set": { "failures": one_more("failures"), "at": "$$NOW", "until": until } },
        doc! { "$set": { "granted": when(over, own.into(), "$granted") } },
        doc! { "$set": {
            "looked_at": when(granted.clone(), one_more("looked_at").into(), "$looked_at"),
        } },
        doc! { "$set": { "until": when(granted, after.into(), "$until") } },
    ]
}

/// [`crate::store::wait_after`] in milliseconds, as an expression.
fn wait_after(looked_at: impl Into<Bson>) -> Document {
    let longest = i64::try_from(LONGEST_WAIT.as_millis()).unwrap_or(i64::MAX);
    // As many doublings are more than the longest wait, and not too many for a number.
    let doublings = doc! { "$min": [{ "$subtract": [looked_at.into(), FREE_ATTEMPTS] }, 31_i64] };
    let doubled = doc! { "$multiply": [1000_i64, { "$pow": [2_i64, "$$doublings"] }] };
    doc! { "$let": {
        "vars": { "doublings": doublings },
        "in": { "$cond": [
            { "$lt": ["$$doublings", 0_i64] }, 0_i64, { "$min": [doubled, longest] },
        ] },
    } }
}

/// People type passwords where their e-mail belongs: nothing of it can be read here.
fn account(email: &str) -> String {
    hex(&Sha256::digest(email_key(email)))
}

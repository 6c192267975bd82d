//! Attempts to log in: counted, and made to wait, in one write by the server's clock.

use std::time::Duration;

use mongodb::{
    bson::{Bson, DateTime, Document, doc, oid::ObjectId},
    options::ReturnDocument,
};
use sha2::{Digest, Sha256};

use super::{
    Inner,
    error::{code, code_of},
};
use crate::{
    org::email_key,
    store::{
        Attempt, AttemptResult, FREE_ATTEMPTS, LONGEST_WAIT, Line, Result, SHORTEST_HOLD,
        StoreError, hold_of,
    },
};

/// After how long an account that nobody tried any more is forgotten.
pub(super) const KEPT: Duration = Duration::from_hours(30 * 24);

/// Who is noted as agreeing where an attempt is the very first write to an empty database: it is nobody's.
const NOBODY: &str = "";

/// How often an attempt is counted that the first one of another console came in the way of.
const TRIES: u32 = 10;

impl Inner {
    pub(super) async fn attempt(&self, email: &str, line: Option<Line>) -> Result<Attempt> {
        self.ready(NOBODY).await?;
        let own = ObjectId::new();
        let filter = doc! { "_id": account(email) };
        for _ in 0..TRIES {
            let counted = self
                .attempts
                .find_one_and_update(filter.clone(), counted(own, line))
                .upsert(true)
                .return_document(ReturnDocument::After)
                .await;
            match counted {
                Ok(account) => return Ok(answer(&account.unwrap_or_default(), own)),
                Err(error) if code_of(&error) == Some(code::DUPLICATE_KEY) => {}
                Err(error) => return Err(self.errors.translate(&error)),
            }
        }
        Err(StoreError::Changed)
    }

    pub(super) async fn answer_attempt(
        &self,
        email: &str,
        granted: ObjectId,
        result: AttemptResult,
    ) -> Result<u64> {
        let update = match result {
            AttemptResult::Right => return self.forget(email, Some(granted)).await,
            AttemptResult::Wrong => failed(granted),
            AttemptResult::Unfinished => withdrawn(granted),
        };
        self.ready(NOBODY).await?;
        let answered = self.attempts.update_one(doc! { "_id": account(email) }, update);
        answered.await.map_err(|error| self.errors.translate(&error))?;
        Ok(0)
    }

    pub(super) async fn forget_attempts(&self, email: &str) -> Result<u64> {
        self.forget(email, None).await
    }

    /// Forgets an account's failures, and one place. Others who are being answered keep theirs.
    async fn forget(&self, email: &str, place: Option<ObjectId>) -> Result<u64> {
        self.ready(NOBODY).await?;
        let say = |error| self.errors.translate(&error);
        let others = doc! { "$elemMatch": { "id": { "$ne": place } } };
        let alone = doc! { "_id": account(email), "places": { "$not": others } };
        let mut forgotten = self.attempts.find_one_and_delete(alone).await.map_err(say)?;
        if forgotten.is_none() {
            let cleared = cleared(place);
            let itself = doc! { "_id": account(email) };
            forgotten = self.attempts.find_one_and_update(itself, cleared).await.map_err(say)?;
            // The last two may each have seen the other there.
            let empty = doc! {
                "_id": account(email), "places": [], "failures": 0_i64, "looked_at": 0_i64,
            };
            self.attempts.delete_one(empty).await.map_err(say)?;
        }
        let failures = forgotten.and_then(|account| account.get_i64("failures").ok());
        Ok(failures.and_then(|failures| failures.try_into().ok()).unwrap_or(0))
    }
}

/// What an account says to the attempt that has just been counted there.
fn answer(account: &Document, own: ObjectId) -> Attempt {
    let is_own = |field| account.get_object_id(field).is_ok_and(|id| id == own);
    if is_own("granted") {
        return Attempt::Granted(own);
    }
    let time = |field| account.get_datetime(field).ok().map(|time| time.timestamp_millis());
    if is_own("refused") {
        let left = time("until").zip(time("at")).map(|(until, now)| until - now);
        // Whoever is not granted has at least a moment to wait.
        let left = left.and_then(|left| u64::try_from(left).ok()).unwrap_or(1).max(1);
        return Attempt::Wait(Duration::from_millis(left));
    }
    // Its clock says how long that is, and is not asked just to say so.
    let waited = DateTime::from_millis(time("until").unwrap_or(0));
    Attempt::InLine(Line { waited, left: hold_of(account.get_i64("looked_at").unwrap_or(0)) })
}

/// The update that counts an attempt: `own` becomes `granted` and has a place, or becomes `refused`, or
/// neither where it is in line.
fn counted(own: ObjectId, line: Option<Line>) -> Vec<Document> {
    // What another program may have written is never less than it could be.
    let looked_at = doc! { "$switch": {
        "branches": [
            { "case": is("missing", "$looked_at"), "then": 0_i64 },
            { "case": is("long", "$looked_at"), "then": { "$max": [0_i64, "$looked_at"] } },
        ],
        "default": FREE_ATTEMPTS + 31,
    } };
    let places = doc! { "$cond": [{ "$isArray": "$places" }, "$places", []] };
    // A clock that was put back since makes nobody wait longer than the last attempt did.
    let longest = doc! { "$add": ["$$NOW", wait_after("$looked_at")] };
    let until = doc! { "$switch": {
        "branches": [
            { "case": is("missing", "$until"), "then": DateTime::from_millis(0) },
            { "case": is("date", "$until"), "then": { "$min": ["$until", &longest] } },
        ],
        "default": longest,
    } };
    let last = doc! { "$add": ["$$NOW", millis(LONGEST_WAIT)] };
    let held = doc! { "$and": [
        { "$gt": ["$$place.until", "$$NOW"] }, { "$lte": ["$$place.until", last] },
    ] };
    let held = doc! { "$filter": { "input": "$places", "as": "place", "cond": held } };
    // Those who never answered count.
    let expired = doc! { "$subtract": [{ "$size": "$places" }, { "$size": &held }] };
    let waited = line.map_or(DateTime::MAX, |line| line.waited);
    let waits = doc! { "$or": [{ "$gt": ["$until", "$$NOW"] }, { "$gt": ["$until", waited] }] };
    let taken = doc! { "$size": "$places" };
    let free = doc! { "$max": [{ "$subtract": [FREE_ATTEMPTS, "$looked_at"] }, 1_i64] };
    let full = doc! { "$gte": [&taken, free] };
    let number = doc! { "$add": ["$looked_at", &taken, 1_i64] };
    let lasts = doc! { "$max": [wait_after(number), millis(SHORTEST_HOLD)] };
    let place = doc! { "id": own, "until": { "$add": ["$$NOW", lasts] } };
    let more = doc! { "$concatArrays": ["$places", [place]] };
    let granted = doc! { "$eq": ["$granted", own] };
    let refused = doc! { "$eq": ["$refused", own] };
    let at = doc! { "$or": [&granted, &refused] };
    let failures = one_more_if(&refused, "failures");
    vec![
        doc! { "$set": { "looked_at": looked_at, "places": places } },
        doc! { "$set": { "until": until } },
        doc! { "$set": { "looked_at": { "$add": ["$looked_at", expired] }, "places": held } },
        doc! { "$set": { "refused": when(&waits, own, "$refused") } },
        doc! { "$set": {
            "granted": when(&doc! { "$or": [waits, full] }, "$granted", own),
        } },
        doc! { "$set": {
            "places": when(&granted, more, "$places"),
            "failures": failures,
            "at": when(&at, "$$NOW", doc! { "$ifNull": ["$at", "$$NOW"] }),
        } },
    ]
}

/// The update that makes a failure of a place. One that it had no longer is counted already.
fn failed(place: ObjectId) -> Vec<Document> {
    let places = doc! { "$cond": [{ "$isArray": "$places" }, "$places", []] };
    let held = doc! { "$in": [place, "$places.id"] };
    let wait = wait_after("$looked_at");
    let waits = doc! { "$and": ["$held", { "$gt": [&wait, 0_i64] }] };
    vec![
        doc! { "$set": { "places": places, "at": "$$NOW" } },
        doc! { "$set": {
            "held": &held,
            "looked_at": one_more_if(&held, "looked_at"),
            "failures": one_more_if(&doc! { "$literal": true }, "failures"),
            "places": others("$places", place),
        } },
        doc! { "$set": { "until": when(&waits, doc! { "$add": ["$$NOW", wait] }, "$until") } },
        doc! { "$unset": "held" },
    ]
}

/// The update that gives a place back, as if it had never been taken.
fn withdrawn(place: ObjectId) -> Vec<Document> {
    let places = doc! { "$cond": [{ "$isArray": "$places" }, "$places", []] };
    vec![doc! { "$set": { "places": others(places, place) } }]
}

/// All places but this one.
fn others(places: impl Into<Bson>, place: ObjectId) -> Document {
    doc! { "$filter": {
        "input": places.into(), "as": "place", "cond": { "$ne": ["$$place.id", place] },
    } }
}

/// The update that clears an account in which others are being answered.
fn cleared(place: Option<ObjectId>) -> Vec<Document> {
    let live = doc! { "$and": [
        { "$gt": ["$$place.until", "$$NOW"] }, { "$ne": ["$$place.id", place] },
    ] };
    let places = doc! { "$cond": [{ "$isArray": "$places" }, "$places", []] };
    let others = doc! { "$filter": { "input": places, "as": "place", "cond": live } };
    let none = DateTime::from_millis(0);
    vec![doc! { "$set": {
        "failures": 0_i64, "looked_at": 0_i64, "until": none, "places": others, "at": "$$NOW",
    } }]
}

fn when(yes: &Document, then: impl Into<Bson>, otherwise: impl Into<Bson>) -> Document {
    doc! { "$cond": [yes, then.into(), otherwise.into()] }
}

fn is(kind: &str, field: &str) -> Document {
    doc! { "$eq": [{ "$type": field }, kind] }
}

/// A counter of ours, and one more where that is so.
fn one_more_if(yes: &Document, field: &str) -> Document {
    let field = format!("${field}");
    let number = doc! { "$cond": [is("long", &field), field, 0_i64] };
    doc! { "$add": [number, { "$cond": [yes, 1_i64, 0_i64] }] }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// [`crate::store::wait_after`] in milliseconds, as an expression.
fn wait_after(looked_at: impl Into<Bson>) -> Document {
    // As many doublings are more than the longest wait, and not too many for a number.
    let doublings = doc! { "$min": [{ "$subtract": [looked_at.into(), FREE_ATTEMPTS] }, 31_i64] };
    let doubled = doc! { "$multiply": [1000_i64, { "$pow": [2_i64, "$$doublings"] }] };
    doc! { "$let": {
        "vars": { "doublings": doublings },
        "in": { "$cond": [
            { "$lt": ["$$doublings", 0_i64] }, 0_i64, { "$min": [doubled, millis(LONGEST_WAIT)] },
        ] },
    } }
}

/// People type passwords where their e-mail belongs: nothing of it can be read here.
fn account(email: &str) -> String {
    hex::encode(Sha256::digest(email_key(email)))
}

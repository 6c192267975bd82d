//! Requests that clients repeat because they lost the answer: each is done once, whichever instance receives it.
//!
//! The client chooses a key for the request. A fingerprint of the request and its outcome are kept for a day, but never
//! the key, the body or the answer. The key and the fingerprint are HMACs, so that neither can be guessed from the database.

use std::time::Duration;

use bson::{DateTime, Document, doc, oid::ObjectId};
use zeroize::Zeroizing;

use super::{TokenOf, ValidToken, refresh_token::hmac};
use crate::tenancy::{Refusal, Result, Tenancy};

/// How long the outcome of a request is kept.
const KEPT: Duration = Duration::from_hours(24);

/// How long a request may take. An instance that has not reported its outcome by then was killed.
const LEASE: Duration = Duration::from_mins(1);

/// The fingerprint.
const REQUEST: &str = "request";
const ID: &str = "id";
const LEASED_UNTIL: &str = "leased_until";
const OUTCOME: &str = "outcome";

/// Makes what is kept of keys and requests.
pub(super) struct OnceKey(Zeroizing<[u8; 32]>);

impl OnceKey {
    pub(super) fn derive(key: &[u8]) -> Self {
        Self(Zeroizing::new(hmac(key, &[b"tenantry idempotency keys, version 1"])))
    }

    fn digest(&self, parts: &[&[u8]]) -> String {
        // With their lengths, so that none runs into the next.
        let lengths: Vec<[u8; 8]> = parts.iter().map(|part| part.len().to_le_bytes()).collect();
        let all: Vec<&[u8]> =
            lengths.iter().zip(parts).flat_map(|(length, part)| [&length[..], part]).collect();
        hex::encode(hmac(self.0.as_ref(), &all))
    }
}

/// The state of a request under its key.
#[derive(Debug)]
pub enum Once {
    /// It has to be done: for the first time, or again because the first instance was killed.
    Do(Attempt),
    /// It was done, with this outcome.
    Done(Document),
    /// An instance is working on it.
    UnderWay,
    /// The key was used for another request.
    Differs,
}

/// A request that is to be done, and reported with [`Tenancy::done`] or [`Tenancy::not_done`].
#[derive(Debug)]
pub struct Attempt {
    /// The id of what it creates: the same one each time, so that it is created once.
    pub id: ObjectId,
    /// Whether an earlier attempt was interrupted.
    pub again: bool,
    key: String,
    kept: Document,
}

impl Tenancy {
    /// Claims a request of this caller. `request` is everything that tells it from another request.
    ///
    /// # Errors
    /// [`NotAllowed`](crate::tenancy::Error::NotAllowed) without a session or a key,
    /// [`ReadOnly`](crate::tenancy::Error::ReadOnly), or the database's.
    pub async fn once(&self, key: &str, request: &[&[u8]]) -> Result<Once> {
        self.writable()?;
        let session = self.session().await?.ok_or(Refusal::OperatorsOnly)?;
        let once_key = &self.shared.sessions.once_key;
        let key = format!("once {}", once_key.digest(&[&who(&session), key.as_bytes()]));
        let request = once_key.digest(request);
        let (leased_until, end) = (self.after(LEASE), self.after(KEPT));
        let id = ObjectId::new();
        let new = doc! { REQUEST: &request, ID: id, LEASED_UNTIL: leased_until };
        let Some(before) = self.store.claim(&key, &new, end).await? else {
            return Ok(Once::Do(Attempt { id, again: false, key, kept: new }));
        };
        if before.get_str(REQUEST).ok() != Some(request.as_str()) {
            return Ok(Once::Differs);
        }
        if let Ok(outcome) = before.get_document(OUTCOME) {
            return Ok(Once::Done(outcome.clone()));
        }
        let until = before.get_datetime(LEASED_UNTIL);
        if until.is_ok_and(|until| *until > self.after(Duration::ZERO)) {
            return Ok(Once::UnderWay);
        }
        let id = before.get_object_id(ID).unwrap_or(id);
        let mut kept = new;
        kept.insert(ID, id);
        if self.store.replace(&key, &before, &kept, end).await? {
            Ok(Once::Do(Attempt { id, again: true, key, kept }))
        } else {
            Ok(Once::UnderWay)
        }
    }

    /// Keeps the outcome, for the client that repeats the request.
    ///
    /// # Errors
    /// The database's.
    pub async fn done(&self, attempt: &Attempt, outcome: Document) -> Result<()> {
        let mut after = attempt.kept.clone();
        after.remove(LEASED_UNTIL);
        after.insert(OUTCOME, outcome);
        // Where another instance has taken over, its outcome counts.
        self.store.replace(&attempt.key, &attempt.kept, &after, self.after(KEPT)).await?;
        Ok(())
    }

    /// Lets the request be tried again. Unless it is known `for_sure` that nothing was done, the next attempt creates what
    /// it creates with the same id.
    ///
    /// # Errors
    /// The database's.
    pub async fn not_done(&self, attempt: &Attempt, for_sure: bool) -> Result<()> {
        // A record whose end has come is none.
        let end = if for_sure && !attempt.again { DateTime::MIN } else { self.after(KEPT) };
        let mut after = attempt.kept.clone();
        after.insert(LEASED_UNTIL, DateTime::MIN);
        self.store.replace(&attempt.key, &attempt.kept, &after, end).await?;
        Ok(())
    }

    /// The organization with this id, after interrupted operations were settled.
    ///
    /// # Errors
    /// As [`Tenancy::org`].
    pub async fn settled_org(&self, id: ObjectId) -> Result<Option<crate::org::Org>> {
        self.store.recover(&self.caller.operator).await?;
        self.org(id).await
    }

    fn after(&self, duration: Duration) -> DateTime {
        let now = self.shared.sessions.now();
        DateTime::from_system_time(now.checked_add(duration).unwrap_or(now))
    }
}

/// The account or API key, whichever session it has.
fn who(session: &ValidToken) -> Vec<u8> {
    let own = match &session.whose {
        TokenOf::Admin { admin, .. } => ["admin ", &admin.to_hex()].concat(),
        TokenOf::Operator { operator, .. } => ["operator ", &operator.to_hex()].concat(),
    };
    let key = session.key_name().map(|name| [" key ", name].concat());
    [own, key.unwrap_or_default()].concat().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        org::Secret,
        store::Target,
        tenancy::{Caller, Opened, Rules, open},
    };

    async fn tenancy() -> Tenancy {
        let opened = open(&Target::Demo, &Caller::new("ada@here"), Rules::default()).await;
        let Opened { tenancy, demo } = opened.unwrap();
        let demo = demo.unwrap();
        let session = tenancy.login(&demo.email, &Secret::from(demo.password)).await.unwrap();
        tenancy.in_session(Some(session.token()))
    }

    async fn to_do(tenancy: &Tenancy, key: &str, request: &[u8]) -> Attempt {
        match tenancy.once(key, &[request]).await.unwrap() {
            Once::Do(attempt) => attempt,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn what_was_interrupted_is_done_again_with_the_same_id() {
        let tenancy = tenancy().await;
        let first = to_do(&tenancy, "k", b"create").await;
        assert!(!first.again);
        assert!(matches!(tenancy.once("k", &[b"create"]).await, Ok(Once::UnderWay)));
        // A minute passes.
        let mut late = first.kept.clone();
        late.insert(LEASED_UNTIL, DateTime::MIN);
        let end = tenancy.after(KEPT);
        assert!(tenancy.store.replace(&first.key, &first.kept, &late, end).await.unwrap());
        assert!(matches!(tenancy.once("k", &[b"another"]).await, Ok(Once::Differs)));
        let second = to_do(&tenancy, "k", b"create").await;
        assert_eq!((second.again, second.id), (true, first.id));
        // The first attempt, which counted as killed, does not overrule the second.
        tenancy.done(&first, doc! { "by": "first" }).await.unwrap();
        assert!(matches!(tenancy.once("k", &[b"create"]).await, Ok(Once::UnderWay)));
        tenancy.done(&second, doc! { "by": "second" }).await.unwrap();
        let Ok(Once::Done(outcome)) = tenancy.once("k", &[b"create"]).await else {
            panic!("it is done");
        };
        assert_eq!(outcome, doc! { "by": "second" });
        assert!(matches!(tenancy.once("k", &[b"another"]).await, Ok(Once::Differs)));
    }

    #[tokio::test]
    async fn what_was_not_done_leaves_the_key_to_another_request_only_if_that_is_sure() {
        let tenancy = tenancy().await;
        let refused = to_do(&tenancy, "k", b"mistake").await;
        tenancy.not_done(&refused, true).await.unwrap();
        let corrected = to_do(&tenancy, "k", b"corrected").await;
        assert!(!corrected.again && corrected.id != refused.id);
        tenancy.not_done(&corrected, false).await.unwrap();
        assert!(matches!(tenancy.once("k", &[b"mistake"]).await, Ok(Once::Differs)));
        let again = to_do(&tenancy, "k", b"corrected").await;
        assert_eq!((again.again, again.id), (true, corrected.id));
        // What may have been done before may have been done all the same.
        tenancy.not_done(&again, true).await.unwrap();
        assert_eq!(to_do(&tenancy, "k", b"corrected").await.id, corrected.id);
    }

    #[tokio::test]
    async fn whoever_has_no_login_has_no_keys() {
        let tenancy = tenancy().await.in_session(None);
        assert!(tenancy.once("k", &[b"create"]).await.is_err());
    }
}

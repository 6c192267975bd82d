//! Who calls, by a session or by an API key; and what a key is good for.

use std::time::{Duration, Instant};

use bson::{DateTime, oid::ObjectId};

use super::{TokenOf, ValidToken, may, whose};
use crate::{
    org::{ApiKey, GivenApiKey, OperationKind, Operator},
    store::Directory,
    tenancy::{Refusal, Result, Tenancy, poisoned},
};

/// How exactly it is known when a key was last used.
const USE: Duration = Duration::from_hours(1);

/// Whose key it is. Only for who is recorded: whether it still may be used is asked of the directory, each time.
#[derive(Clone)]
pub(in crate::tenancy) struct KeyOwner {
    operator: ObjectId,
    email: String,
    key: String,
}

impl Tenancy {
    /// What the caller's session or API key says; none where there is neither.
    pub(in crate::tenancy) async fn session(&self) -> Result<Option<ValidToken>> {
        let Some(token) = self.caller.token() else { return Ok(None) };
        if !self.caller.has_key() {
            let session = self.shared.sessions.verify(token)?;
            self.ensure_not_ended(&session).await?;
            return Ok(Some(session));
        }
        let given = GivenApiKey::parse(token).ok_or(Refusal::KeyNotValid)?;
        let owner = self.key_owner.get_or_try_init(|| self.owner_of(&given)).await?.clone();
        let whose = TokenOf::Operator { operator: owner.operator, email: owner.email };
        Ok(Some(ValidToken::of_key(whose, given, owner.key)))
    }

    async fn owner_of(&self, given: &GivenApiKey) -> Result<KeyOwner> {
        let directory = self.store.directory().await?;
        let (operator, key) = directory.with_key(given).ok_or(Refusal::KeyNotValid)?;
        if usable(&directory, operator, given).is_ok() {
            self.note_use(key);
        }
        let (email, key) = (operator.email.raw().to_owned(), key.name.raw().to_owned());
        Ok(KeyOwner { operator: operator.id, email, key })
    }

    /// Refuses what no API key does, or not this one; nothing to a caller without one.
    pub(in crate::tenancy) async fn ensure_key_may(&self, operation: &OperationKind) -> Result<()> {
        if !self.caller.has_key() {
            return Ok(());
        }
        let session = self.session().await?.ok_or(Refusal::KeyNotValid)?;
        let TokenOf::Operator { operator, .. } = session.whose else {
            return Err(Refusal::KeyNotValid.into());
        };
        may(&self.store.directory().await?, operator, &session, operation)?;
        Ok(())
    }

    /// Refuses a caller with an API key: for what needs more than the operation says.
    pub(in crate::tenancy) fn ensure_no_key(&self) -> Result<()> {
        if self.caller.has_key() { Err(Refusal::NotWithKey.into()) } else { Ok(()) }
    }

    /// Notes behind the call that a key is used, where that was not noted within the last hour. Where it cannot be
    /// written, nothing is lost but that.
    fn note_use(&self, key: &ApiKey) {
        let (id, at) = (key.id, DateTime::now());
        let since = |then: DateTime| at.timestamp_millis().abs_diff(then.timestamp_millis());
        let is_fresh = key.last_used.is_some_and(|then| u128::from(since(then)) < USE.as_millis());
        if is_fresh || self.read_only().is_some() {
            return;
        }
        let mut noted = self.shared.noted.lock().unwrap_or_else(poisoned);
        noted.retain(|_, since| since.elapsed() < USE);
        if noted.contains_key(&id) {
            return;
        }
        noted.insert(id, Instant::now());
        drop(noted);
        let store = std::sync::Arc::clone(&self.store);
        let mut behind = self.shared.behind.lock().unwrap_or_else(poisoned);
        // Those that are done would only take room.
        while behind.try_join_next().is_some() {}
        behind.spawn(async move {
            let _ = store.note_key_use(id, at).await;
        });
    }
}

/// The key that an operator was called with, if it still can be used.
pub(super) fn usable<'a>(
    directory: &Directory,
    operator: &'a Operator,
    given: &GivenApiKey,
) -> std::result::Result<&'a ApiKey, Refusal> {
    let key = operator.keys.iter().find(|key| key.is(given)).ok_or(Refusal::KeyNotValid)?;
    if key.has_expired(DateTime::now()) {
        return Err(Refusal::KeyExpired(key.name.clone()));
    }
    if operator.disabled {
        return Err(Refusal::Disabled);
    }
    if directory.lacks_second_factor(operator) {
        return Err(Refusal::SecondFactorRequired);
    }
    Ok(key)
}

/// The operator of a session who has just logged in: for what changes how they log in, or lets others act for them.
pub(in crate::tenancy) fn logged_in_operator(
    session: &Result<Option<ValidToken>>,
    directory: &Directory,
) -> Result<Operator> {
    let session = session.as_ref().map_err(Clone::clone)?;
    let session = session.as_ref().ok_or(Refusal::OperatorsOnly)?;
    let TokenOf::Operator { operator, .. } = session.whose else {
        return Err(Refusal::OperatorsOnly.into());
    };
    let operator = whose(directory, operator, session)?;
    if session.key().is_some() {
        return Err(Refusal::NotWithKey.into());
    }
    if !session.is_recent() {
        return Err(Refusal::NotRecent.into());
    }
    Ok(operator.clone())
}

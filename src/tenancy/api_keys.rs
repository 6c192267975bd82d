//! API keys: an operator creates and revokes their own, and a manager revokes anybody's. They are kept with their
//! operator, in the same document: whatever changes about the operator holds for the keys at once.

use bson::{DateTime, oid::ObjectId};

use super::{
    Error, Refusal, Result, Tenancy,
    audit::NAME,
    rights::may_as,
    session::{TokenOf, ValidToken, logged_in_operator, may},
};
use crate::{
    org::{ApiKey, ApiKeyName, OperationKind, Operator, OperatorRole, Secret, StoredText, rfc3339},
    store::Directory,
};

/// The most API keys of an operator.
pub const API_KEYS_MOST: usize = 20;

/// An API key, and whose it is.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnedApiKey {
    /// The operator's e-mail.
    pub operator: StoredText,
    /// The key, without its secret.
    pub key: ApiKey,
}

impl OwnedApiKey {
    fn new(operator: &Operator, key: &ApiKey) -> Self {
        Self { operator: operator.email.clone(), key: key.clone() }
    }
}

impl Tenancy {
    /// Creates an API key of the operator who is logged in, after a recent login. It may do at most what this role may,
    /// and never more than the operator. The secret is shown once and stored nowhere.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::KeyNameTaken`], [`Error::TooManyKeys`], [`Error::NotAllowed`] where no operator is
    /// logged in, not within the last minutes, with a key, or with a lower role; [`Error::ReadOnly`], or the database's.
    pub async fn create_key(
        &self,
        name: &str,
        role: OperatorRole,
        expires_at: Option<DateTime>,
    ) -> Result<(OwnedApiKey, Secret)> {
        let mut entry = self.entry(OperationKind::CreateKey, None).await;
        let done = async {
            let name = ApiKeyName::parse(name)?;
            entry = entry.clone().with(NAME, "", name.as_str()).with("role", "", role.word());
            if let Some(until) = expires_at.and_then(rfc3339) {
                entry = entry.clone().with("valid until", "", &until);
            }
            let made = ApiKey::generate(&name, role, DateTime::now(), expires_at);
            let (key, secret) = made.map_err(|error| Error::Machine(error.to_string()))?;
            let session = self.session().await;
            let creates = |directory: &mut Directory| {
                let own = logged_in_operator(&session, directory)?;
                if directory.lacks_second_factor(&own) {
                    return Err(Refusal::SecondFactorRequired.into());
                }
                may_as(own.role, &OperationKind::CreateKey)?;
                if own.role < role {
                    return Err(Refusal::Role { role: own.role, least: role }.into());
                }
                let place = directory.operators.iter_mut().find(|other| other.id == own.id);
                let own = place.ok_or(Refusal::OperatorChanged)?;
                if own.keys.iter().any(|other| same_name(other, name.as_str())) {
                    return Err(Error::KeyNameTaken(name.as_str().into()));
                }
                if own.keys.len() >= API_KEYS_MOST {
                    return Err(Error::TooManyKeys);
                }
                own.keys.push(key.clone());
                Ok(OwnedApiKey::new(own, &key))
            };
            Ok((self.write_operators(&entry, "", creates).await?, secret))
        }
        .await;
        self.recorded(&entry, done).await
    }

    /// The API keys of the operator who is logged in; a manager's are all.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] where no operator is logged in, or with a key; or the database's.
    pub async fn keys(&self) -> Result<Vec<OwnedApiKey>> {
        let session = self.session().await;
        let directory = self.store.directory().await?;
        let own = key_holder(&session, &directory, &OperationKind::CreateKey)?;
        Ok(known_to(&own, &directory).collect())
    }

    /// Revokes an API key, by name or identity: one's own; a manager revokes any. It is refused from then on.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`], [`Error::AmbiguousKey`], [`Error::NotAllowed`] where no operator is logged in, or with a
    /// key; [`Error::ReadOnly`], or the database's.
    pub async fn revoke_key(&self, name_or_id: &str) -> Result<OwnedApiKey> {
        let mut entry = self.entry(OperationKind::RevokeKey, None).await;
        let done = async {
            let session = self.session().await;
            let directory = self.directory_to_write().await?;
            let own = key_holder(&session, &directory, &entry.action)?;
            let found = find(&own, &directory, name_or_id)?;
            let (id, operator) = (found.key.id, found.operator.raw());
            entry = entry.clone().with(NAME, found.key.name.raw(), "");
            entry = entry.clone().with("operator", operator, operator);
            let revokes = |directory: &mut Directory| {
                let own = key_holder(&session, directory, &OperationKind::RevokeKey)?;
                let gone = || Error::NoSuchKey(name_or_id.into());
                let found = known_to(&own, directory).find(|known| known.key.id == id);
                let found = found.ok_or_else(gone)?;
                for operator in &mut directory.operators {
                    operator.keys.retain(|key| key.id != id);
                }
                Ok(found)
            };
            self.write_operators(&entry, "", revokes).await
        }
        .await;
        self.recorded(&entry, done).await
    }
}

/// The operator who is logged in, who may do this with their keys.
fn key_holder(
    session: &Result<Option<ValidToken>>,
    directory: &Directory,
    operation: &OperationKind,
) -> Result<Operator> {
    let session = session.as_ref().map_err(Clone::clone)?;
    let session = session.as_ref().ok_or(Refusal::OperatorsOnly)?;
    match session.whose {
        TokenOf::Operator { operator, .. } => Ok(may(directory, operator, session, operation)?),
        TokenOf::Admin { .. } => Err(Refusal::OperatorsOnly.into()),
    }
}

/// The keys that an operator may see and revoke: their own first.
fn known_to(own: &Operator, directory: &Directory) -> impl Iterator<Item = OwnedApiKey> {
    let others = directory
        .operators
        .iter()
        .filter(|other| own.role == OperatorRole::Manager && other.id != own.id);
    let all: Vec<_> = std::iter::once(own)
        .chain(others)
        .flat_map(|operator| operator.keys.iter().map(|key| OwnedApiKey::new(operator, key)))
        .collect();
    all.into_iter()
}

/// One's own with this name, or else the one with this identity, or else the only one with this name.
fn find(own: &Operator, directory: &Directory, typed: &str) -> Result<OwnedApiKey> {
    let typed = typed.trim();
    if let Some(key) = own.keys.iter().find(|key| same_name(key, typed)) {
        return Ok(OwnedApiKey::new(own, key));
    }
    let id = ObjectId::parse_str(typed).ok();
    if let Some(known) = known_to(own, directory).find(|known| Some(known.key.id) == id) {
        return Ok(known);
    }
    let mut named = known_to(own, directory).filter(|known| same_name(&known.key, typed));
    match (named.next(), named.next()) {
        (Some(known), None) => Ok(known),
        (Some(_), Some(_)) => Err(Error::AmbiguousKey(typed.into())),
        (None, _) => Err(Error::NoSuchKey(typed.into())),
    }
}

/// In any case: two that differ in nothing else are mistaken for each other.
fn same_name(key: &ApiKey, name: &str) -> bool {
    key.name.raw().to_lowercase() == name.to_lowercase()
}

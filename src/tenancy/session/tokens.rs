//! The tokens of sessions: issued at a login, verified by every protected operation.
//!
//! A token is a JWT (RFC 7519) signed with HS256 and nothing else, kept in memory only. The signature
//! says that this console issued it; whether it still counts is asked of the database each time.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bson::{DateTime, Document, doc, oid::ObjectId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Session, clock::Clock, once::OnceKey, refresh_token::RefreshKey};
use crate::{
    org::{Admin, GivenApiKey, Operator, Org, PasswordHash, SecondFactor, Secret},
    tenancy::{Error, Refusal, Result},
};

const ISSUER: &str = "tenantry";
const AUDIENCE: &str = "tenantry-session";

/// The fewest bytes of a `SECRET_KEY`: as many as HS256 puts out (RFC 7518, 3.2).
pub const SECRET_KEY_LEAST_BYTES: usize = 32;

/// How old a login may be that changes how its account logs in: an unattended session must not take it over.
pub(in crate::tenancy) const RECENT: Duration = Duration::from_mins(5);

/// By how much the clocks of this machine and of the database may differ: so long it is known of an expired session that
/// it was logged out.
const CLOCKS: Duration = Duration::from_mins(5);

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    exp: u64,
    iat: u64,
    jti: String,
    #[serde(flatten)]
    whose: Whose,
    /// The login that it comes of, where refresh tokens go on with that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    family: Option<String>,
    /// When that login was, where it was before this token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    auth_time: Option<u64>,
    /// A fingerprint of what was verified: another password or second factor is another fingerprint, whoever
    /// changed it and with whatever program.
    password: String,
}

/// Whose session it is.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Whose {
    Admin {
        admin_id: String,
        organization_id: String,
        /// [`Org::login_epoch`] at the login.
        epoch: i64,
    },
    Operator {
        operator_id: String,
        /// For the audit log.
        email: String,
    },
}

/// Issues and verifies tokens.
pub(in crate::tenancy) struct Sessions {
    encoding: EncodingKey,
    decoding: DecodingKey,
    length: Duration,
    clock: Clock,
    pub(super) refresh_key: RefreshKey,
    pub(super) once_key: OnceKey,
    /// When each session would have expired that was ended before: forgotten from then on.
    ended: Mutex<HashMap<String, u64>>,
}

impl Sessions {
    /// Signs with `key`, or with 256 random bits when there is none.
    pub(in crate::tenancy) fn new(key: Option<&Secret>, length: Duration) -> Result<Self> {
        let mut random = Zeroizing::new([0_u8; 32]);
        let bytes = if let Some(key) = key {
            key.reveal().as_bytes()
        } else {
            getrandom::fill(random.as_mut()).map_err(|e| Error::Machine(e.to_string()))?;
            random.as_slice()
        };
        Ok(Self {
            encoding: EncodingKey::from_secret(bytes),
            decoding: DecodingKey::from_secret(bytes),
            length,
            clock: Clock::system(),
            refresh_key: RefreshKey::derive(bytes),
            once_key: OnceKey::derive(bytes),
            ended: Mutex::default(),
        })
    }

    /// A session for an admin whose password was just verified.
    pub(in crate::tenancy) fn issue(
        &self,
        admin: &Admin,
        org: &Org,
        failures: u64,
    ) -> Result<Session> {
        let whose = Whose::Admin {
            admin_id: admin.id.to_hex(),
            organization_id: org.id.to_hex(),
            epoch: org.login_epoch,
        };
        let verified = fingerprint(&admin.password, admin.second_factor.as_ref());
        let (token, expires_at) = self.token(admin.id, whose, verified)?;
        Ok(Session { failures, ..Session::new(token, admin, org, expires_at) })
    }

    /// A session for an operator whose password was just verified.
    pub(in crate::tenancy) fn issue_to_operator(
        &self,
        operator: &Operator,
        failures: u64,
    ) -> Result<Session> {
        let email = operator.email.raw().to_owned();
        let whose = Whose::Operator { operator_id: operator.id.to_hex(), email };
        let verified = fingerprint(&operator.password, operator.second_factor.as_ref());
        let (token, expires_at) = self.token(operator.id, whose, verified)?;
        Ok(Session { failures, ..Session::of_operator(token, operator, expires_at) })
    }

    /// A token, and when it expires.
    fn token(&self, id: ObjectId, whose: Whose, password: String) -> Result<(String, SystemTime)> {
        let now = self.clock.now();
        let expires_at = now + self.length;
        let mut jti = [0_u8; 16];
        getrandom::fill(&mut jti).map_err(|e| Error::Machine(e.to_string()))?;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: id.to_hex(),
            aud: AUDIENCE.to_owned(),
            exp: seconds(expires_at),
            iat: seconds(now),
            jti: hex::encode(jti),
            whose,
            family: None,
            auth_time: None,
            password,
        };
        // What the token says, to the second.
        Ok((self.sign(&claims)?, UNIX_EPOCH + Duration::from_secs(seconds(expires_at))))
    }

    fn sign(&self, claims: &Claims) -> Result<String> {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.encoding)
            .map_err(|e| Error::Machine(e.to_string()))
    }

    /// The same session, of a login that was then and that refresh tokens go on with.
    pub(super) fn of_family(
        &self,
        session: Session,
        family: ObjectId,
        since: SystemTime,
    ) -> Result<Session> {
        let mut claims = self.decode(session.token())?;
        claims.family = Some(family.to_hex());
        claims.auth_time = Some(seconds(since));
        Ok(Session { token: Zeroizing::new(self.sign(&claims)?), ..session })
    }

    /// The time, by a clock that is never put back.
    pub(super) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// What a token of ours that has neither expired nor been ended says.
    pub(in crate::tenancy) fn verify(
        &self,
        token: &str,
    ) -> std::result::Result<ValidToken, Refusal> {
        let claims = self.decode(token)?;
        if claims.exp <= seconds(self.clock.now()) {
            return Err(Refusal::Expired);
        }
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.contains_key(&claims.jti) {
            return Err(Refusal::LoggedOut);
        }
        let id = |hex: &str| ObjectId::parse_str(hex).map_err(|_| Refusal::Foreign);
        let whose = match claims.whose {
            Whose::Admin { admin_id, organization_id, epoch } => {
                TokenOf::Admin { admin: id(&admin_id)?, organization: id(&organization_id)?, epoch }
            }
            Whose::Operator { operator_id, email } => {
                TokenOf::Operator { operator: id(&operator_id)?, email }
            }
        };
        let since = claims.auth_time.unwrap_or(claims.iat);
        let age = Duration::from_secs(seconds(self.clock.now()).saturating_sub(since));
        let ended_by = match claims.family {
            Some(family) => EndedBy::Family(id(&family)?),
            None => EndedBy::Itself {
                id: claims.jti,
                expires_at: DateTime::from_system_time(
                    UNIX_EPOCH + Duration::from_secs(claims.exp) + CLOCKS,
                ),
            },
        };
        let expires_at = UNIX_EPOCH + Duration::from_secs(claims.exp);
        let proof = Proof::Login {
            verified: claims.password,
            age,
            expires_at: Some(DateTime::from_system_time(expires_at)),
            ended_by: Some(ended_by),
        };
        Ok(ValidToken { whose, proof })
    }

    /// Ends a session: its token is refused from now on.
    pub(super) fn end(&self, token: &str) {
        let Ok(claims) = self.decode(token) else { return };
        let now = seconds(self.clock.now());
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.insert(claims.jti, claims.exp);
        ended.retain(|_, expires| *expires > now);
    }

    /// What a token of ours says, whether it has expired or not: the time is ours to compare.
    fn decode(&self, token: &str) -> std::result::Result<Claims, Refusal> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_exp = false;
        jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation)
            .map(|data| data.claims)
            .map_err(|_| Refusal::Foreign)
    }
}

/// What a valid token or an API key says.
pub(in crate::tenancy) struct ValidToken {
    pub(in crate::tenancy) whose: TokenOf,
    proof: Proof,
}

/// How somebody has proved who they are.
enum Proof {
    /// With what was verified at the login, so long ago.
    Login {
        verified: String,
        age: Duration,
        expires_at: Option<DateTime>,
        ended_by: Option<EndedBy>,
    },
    /// With a key that is called so.
    Key { given: GivenApiKey, name: String },
}

/// Whose session a valid token is.
pub(in crate::tenancy) enum TokenOf {
    Admin {
        admin: ObjectId,
        organization: ObjectId,
        /// [`Org::login_epoch`] at the login: another one has ended the session.
        epoch: i64,
    },
    Operator {
        operator: ObjectId,
        email: String,
    },
}

/// What ends a session before its time.
#[derive(Clone)]
pub(super) enum EndedBy {
    /// The end of the login that it comes of.
    Family(ObjectId),
    /// Its own log-out.
    Itself { id: String, expires_at: DateTime },
}

impl ValidToken {
    /// What a login said that is kept to go on with it.
    pub(super) fn from_document(kept: &Document) -> Option<Self> {
        let verified = kept.get_str("verified").ok()?.to_owned();
        let whose = match kept.get_object_id("operator") {
            Ok(operator) => {
                TokenOf::Operator { operator, email: kept.get_str("email").ok()?.to_owned() }
            }
            Err(_) => TokenOf::Admin {
                admin: kept.get_object_id("admin").ok()?,
                organization: kept.get_object_id("organization").ok()?,
                epoch: kept.get_i64("epoch").ok()?,
            },
        };
        // It is no session, and no recent login.
        let (age, expires_at, ended_by) = (Duration::MAX, None, None);
        Some(Self { whose, proof: Proof::Login { verified, age, expires_at, ended_by } })
    }

    /// Who logged in, and what was verified of them then.
    pub(super) fn to_document(&self) -> Document {
        let mut document = match &self.whose {
            TokenOf::Operator { operator, email } => doc! { "operator": operator, "email": email },
            TokenOf::Admin { admin, organization, epoch } => {
                doc! { "admin": admin, "organization": organization, "epoch": epoch }
            }
        };
        if let Proof::Login { verified, .. } = &self.proof {
            document.insert("verified", verified);
        }
        document
    }

    /// What ends it; nothing where that is asked of the directory, each time.
    pub(super) fn ended_by(&self) -> Option<EndedBy> {
        match &self.proof {
            Proof::Login { ended_by, .. } => ended_by.clone(),
            Proof::Key { .. } => None,
        }
    }

    /// What an API key of this operator says.
    pub(super) fn of_key(whose: TokenOf, given: GivenApiKey, name: String) -> Self {
        Self { whose, proof: Proof::Key { given, name } }
    }

    /// The API key, where it is none of a login.
    pub(in crate::tenancy) fn key(&self) -> Option<&GivenApiKey> {
        match &self.proof {
            Proof::Login { .. } => None,
            Proof::Key { given, .. } => Some(given),
        }
    }

    /// What the key is called.
    pub(in crate::tenancy) fn key_name(&self) -> Option<&str> {
        match &self.proof {
            Proof::Login { .. } => None,
            Proof::Key { name, .. } => Some(name),
        }
    }

    /// Whether these are still the password and the second factor that the session was opened with.
    pub(in crate::tenancy) fn same_credentials(
        &self,
        password: &PasswordHash,
        factor: Option<&SecondFactor>,
    ) -> bool {
        match &self.proof {
            Proof::Login { verified, .. } => *verified == fingerprint(password, factor),
            Proof::Key { .. } => false,
        }
    }

    /// When it ends by itself; none where the key says that.
    pub(super) fn expires_at(&self) -> Option<DateTime> {
        match &self.proof {
            Proof::Login { expires_at, .. } => *expires_at,
            Proof::Key { .. } => None,
        }
    }

    /// Whether the login was so long ago at the most.
    pub(in crate::tenancy) fn is_recent(&self) -> bool {
        match &self.proof {
            Proof::Login { age, .. } => *age <= RECENT,
            Proof::Key { .. } => false,
        }
    }
}

fn fingerprint(hash: &PasswordHash, factor: Option<&SecondFactor>) -> String {
    let mut verified = Sha256::new_with_prefix(hash.as_str().as_bytes());
    if let Some(factor) = factor {
        verified.update(factor.since.timestamp_millis().to_be_bytes());
    }
    hex::encode(&verified.finalize()[..16])
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Instant};

    use super::*;
    use crate::orgs;

    fn somebody() -> (Admin, Org) {
        let org = orgs::org(1, "acme", "ada@acme.com");
        (orgs::admin_of(&org), org)
    }

    /// Sessions of half an hour by a clock that says what it is told.
    fn sessions() -> (Sessions, impl Fn(u64, u64)) {
        let start = Instant::now();
        let at = move |passed: u64, wall: u64| {
            (start + Duration::from_secs(passed), UNIX_EPOCH + Duration::from_secs(wall))
        };
        let shown = Arc::new(Mutex::new(at(0, 1_000_000)));
        let mut sessions = Sessions::new(None, Duration::from_mins(30)).unwrap();
        let read = Arc::clone(&shown);
        sessions.clock = Clock::reading(move || *read.lock().unwrap());
        (sessions, move |passed, wall| *shown.lock().unwrap() = at(passed, wall))
    }

    #[test]
    fn a_session_ends_by_a_clock_that_cannot_be_put_back() {
        let ((admin, org), (sessions, set)) = (somebody(), sessions());
        let session = sessions.issue(&admin, &org, 0).unwrap();
        assert!(sessions.verify(session.token()).is_ok());
        // Half an hour later, and a day earlier by the wall clock.
        set(1_799, 1_000_000 - 86_400);
        assert!(sessions.verify(session.token()).is_ok());
        set(1_800, 1_000_000 - 86_400);
        assert!(matches!(sessions.verify(session.token()), Err(Refusal::Expired)));
    }

    #[test]
    fn a_login_is_recent_for_five_minutes() {
        let ((admin, org), (sessions, set)) = (somebody(), sessions());
        let session = sessions.issue(&admin, &org, 0).unwrap();
        let is_recent = || sessions.verify(session.token()).map(|valid| valid.is_recent()).ok();
        assert_eq!(is_recent(), Some(true));
        set(300, 1_000_300);
        assert_eq!(is_recent(), Some(true));
        // Also where the wall clock is put back.
        set(301, 1_000_000);
        assert_eq!(is_recent(), Some(false));
    }

    #[test]
    fn a_session_that_goes_on_with_a_login_is_as_recent_as_that() {
        let ((admin, org), (sessions, set)) = (somebody(), sessions());
        let login = sessions.now();
        set(301, 1_000_301);
        let session = sessions.issue(&admin, &org, 0).unwrap();
        let (family, ends) = (ObjectId::new(), session.expires_at);
        let session = sessions.of_family(session, family, login).unwrap();
        let valid = sessions.verify(session.token()).unwrap_or_else(|why| panic!("{why}"));
        assert!(!valid.is_recent());
        assert!(matches!(valid.ended_by(), Some(EndedBy::Family(own)) if own == family));
        assert_eq!(session.expires_at, ends);
        let kept = ValidToken::from_document(&valid.to_document()).unwrap();
        assert!(kept.same_credentials(&admin.password, None) && !kept.is_recent());
        set(2_101, 1_002_101);
        assert!(matches!(sessions.verify(session.token()), Err(Refusal::Expired)));
    }

    #[test]
    fn ended_sessions_are_forgotten_once_they_would_have_expired() {
        let ((admin, org), (sessions, set)) = (somebody(), sessions());
        let first = sessions.issue(&admin, &org, 0).unwrap();
        sessions.end(first.token());
        assert!(matches!(sessions.verify(first.token()), Err(Refusal::LoggedOut)));
        assert_eq!(sessions.ended.lock().unwrap().len(), 1);
        set(1_801, 1_001_801);
        let second = sessions.issue(&admin, &org, 0).unwrap();
        sessions.end(second.token());
        assert_eq!(sessions.ended.lock().unwrap().len(), 1, "the first is no longer kept");
        assert!(matches!(sessions.verify(first.token()), Err(Refusal::Expired)));
        assert!(matches!(sessions.verify(second.token()), Err(Refusal::LoggedOut)));
    }
}

//! Sessions: what a login hands out, and what every protected deed asks of it.
//!
//! A session is a JWT (RFC 7519) signed with HS256 and nothing else, kept in memory only. The signature
//! says that this console issued it; whether it still counts is asked of the database each time.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, errors::ErrorKind};
use mongodb::bson::oid::ObjectId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Error, Refusal, Result};
use crate::org::{Admin, Org, PasswordHash, Secret, StoredText, hex};

const ISSUER: &str = "tenantry";
const AUDIENCE: &str = "tenantry-session";

/// The fewest bytes of a `SECRET_KEY`: as many as HS256 puts out (RFC 7518, 3.2).
pub const SECRET_KEY_LEAST_BYTES: usize = 32;

/// A successful login. The token prints only through [`Session::token`].
#[derive(Clone)]
pub struct Session {
    token: Zeroizing<String>,
    /// Who is logged in.
    pub admin_id: ObjectId,
    /// Their e-mail.
    pub admin_email: StoredText,
    /// Whose admin that is.
    pub organization_id: ObjectId,
    /// What it is called, as far as this console knows.
    pub organization_name: StoredText,
    /// When the session ends by itself.
    pub expires_at: SystemTime,
    /// How many logins with that e-mail failed since the last that did not: somebody may have guessed.
    pub failures: u64,
}

impl Session {
    /// What a login hands out. It opens nothing by being made: each protected deed asks the token.
    #[must_use]
    pub fn new(token: String, admin: &Admin, org: &Org, expires_at: SystemTime) -> Self {
        Self {
            failures: 0,
            token: Zeroizing::new(token),
            admin_id: admin.id,
            admin_email: admin.email.clone(),
            organization_id: org.id,
            organization_name: org.name.clone(),
            expires_at,
        }
    }

    /// The same session, with the organization's name and admin as they are called now.
    #[must_use]
    pub fn now_of(self, org: &Org) -> Self {
        let first = self.admin_id.to_hex() == org.admin_id.raw().to_lowercase();
        let admin_email = if first { org.admin_email.clone() } else { self.admin_email };
        Self { admin_email, organization_name: org.name.clone(), ..self }
    }

    /// The token itself: only for whoever asked for it.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Session({})", self.admin_email)
    }
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    exp: u64,
    iat: u64,
    jti: String,
    admin_id: String,
    organization_id: String,
    /// A fingerprint of the hash that was verified: another password is another fingerprint, whoever
    /// changed it and with whatever program.
    password: String,
    /// [`Org::login_epoch`] at the login.
    epoch: i64,
}

/// Issues and checks sessions.
pub(super) struct Sessions {
    encoding: EncodingKey,
    decoding: DecodingKey,
    length: Duration,
    ended: Mutex<HashSet<String>>,
    /// When each session began, by a clock nobody can set: the time in a token is the wall clock's,
    /// and a wall clock that is put back must not make a session longer.
    begun: Mutex<HashMap<String, Instant>>,
}

impl Sessions {
    /// Signs with `key`, or with 256 random bits when there is none.
    pub(super) fn new(key: Option<&Secret>, length: Duration) -> Result<Self> {
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
            ended: Mutex::default(),
            begun: Mutex::default(),
        })
    }

    /// A session for an admin whose password was just verified.
    pub(super) fn issue(&self, admin: &Admin, org: &Org, failures: u64) -> Result<Session> {
        let now = SystemTime::now();
        let expires_at = now + self.length;
        let mut id = [0_u8; 16];
        getrandom::fill(&mut id).map_err(|e| Error::Machine(e.to_string()))?;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: admin.id.to_hex(),
            aud: AUDIENCE.to_owned(),
            exp: seconds(expires_at),
            iat: seconds(now),
            jti: hex(&id),
            admin_id: admin.id.to_hex(),
            organization_id: org.id.to_hex(),
            password: fingerprint(&admin.password),
            epoch: org.login_epoch,
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .map_err(|e| Error::Machine(e.to_string()))?;
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.insert(claims.jti, Instant::now());
        // What the token says, to the second.
        let expires_at = UNIX_EPOCH + Duration::from_secs(seconds(expires_at));
        Ok(Session { failures, ..Session::new(token, admin, org, expires_at) })
    }

    /// What a token of ours that has neither expired nor been ended says.
    pub(super) fn verify(&self, token: &str) -> std::result::Result<Verified, Refusal> {
        let claims = self.decode(token, true)?;
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.contains(&claims.jti) {
            return Err(Refusal::LoggedOut);
        }
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        if begun.get(&claims.jti).is_some_and(|begun| begun.elapsed() >= self.length) {
            return Err(Refusal::Expired);
        }
        let id = |hex: &str| ObjectId::parse_str(hex).map_err(|_| Refusal::Foreign);
        Ok(Verified {
            admin: id(&claims.admin_id)?,
            organization: id(&claims.organization_id)?,
            password: claims.password,
            epoch: claims.epoch,
        })
    }

    /// Ends a session: its token counts no longer.
    pub(super) fn end(&self, token: &str) {
        if let Ok(claims) = self.decode(token, false) {
            self.ended.lock().unwrap_or_else(PoisonError::into_inner).insert(claims.jti);
        }
    }

    fn decode(&self, token: &str, expires: bool) -> std::result::Result<Claims, Refusal> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.leeway = 0;
        validation.validate_exp = expires;
        match jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation) {
            Ok(data) => Ok(data.claims),
            Err(error) if matches!(error.kind(), ErrorKind::ExpiredSignature) => {
                Err(Refusal::Expired)
            }
            Err(_) => Err(Refusal::Foreign),
        }
    }
}

/// What a valid token says.
pub(super) struct Verified {
    pub(super) admin: ObjectId,
    pub(super) organization: ObjectId,
    password: String,
    epoch: i64,
}

impl Verified {
    /// Whether nothing has ended all logins to the organization since this one.
    pub(super) fn same_epoch(&self, org: &Org) -> bool {
        self.epoch == org.login_epoch
    }

    /// Whether the admin still has the password the session was opened with.
    pub(super) fn same_password(&self, admin: &Admin) -> bool {
        self.password == fingerprint(&admin.password)
    }
}

fn fingerprint(hash: &PasswordHash) -> String {
    hex(&Sha256::digest(hash.as_str().as_bytes())[..16])
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use mongodb::bson::DateTime;

    use super::*;
    use crate::org::{Connection, OrgState, Role};

    #[test]
    fn a_session_ends_by_a_clock_that_cannot_be_put_back() {
        let created_at = DateTime::now();
        let admin = Admin {
            id: ObjectId::new(),
            email: "ada@acme.com".into(),
            password: PasswordHash::nobodys(),
            created_at,
            role: Role::Owner,
            organization: None,
            reset: None,
        };
        let org = Org {
            id: ObjectId::new(),
            name: "acme".into(),
            collection: "org_acme".into(),
            admin_id: admin.id.to_hex().into(),
            admin_email: admin.email.clone(),
            created_at,
            connection: Connection::default(),
            state: OrgState::Active,
            under_way: None,
            admin_gone: false,
            login_epoch: 0,
            revision: 0,
        };
        let mut sessions = Sessions::new(None, Duration::from_mins(30)).unwrap();
        let session = sessions.issue(&admin, &org, 0).unwrap();
        assert!(sessions.verify(session.token()).is_ok());
        // The token's own time is far from over, as it is when the wall clock was put back.
        sessions.length = Duration::ZERO;
        assert!(matches!(sessions.verify(session.token()), Err(Refusal::Expired)));
    }
}

//! Sessions that hold for all instances of a service: what was logged out is refused by each of them, and a refresh token
//! goes on with a login for as long as whoever logged in could.
//!
//! A *family* is a login with all refresh tokens and sessions that come of it. It is one record that ends by itself:
//! where that is gone, all of them are refused. Each refresh puts the hash of a new token in the place of the old one's,
//! if that is still there, so that one of several at once does it. A token is good once, and for [`GRACE`] longer for
//! just the same answer: a client whose answer was lost asks again. A thief gains nothing by that, since both have the
//! same token then, and whichever of them uses it second is found out. A token that was good earlier ends the family.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bson::{DateTime, Document, doc, oid::ObjectId};

use super::{
    Session, TokenOf, ValidToken,
    refresh_token::{RefreshKey, RefreshToken},
    tokens::EndedBy,
    whose,
};
use crate::{
    org::{Admin, OperationKind, Operator, Org, Role, Secret},
    tenancy::{Error, Refusal, Result, Tenancy},
};

/// How long a refresh token that was just used is answered as before.
const GRACE: Duration = Duration::from_secs(10);

/// How often a refresh is tried again that another one came in the way of.
const TRIES: u32 = 10;

/// A session that a refresh token goes on with.
#[derive(Clone, Debug)]
pub struct RefreshableSession {
    /// The session.
    pub session: Session,
    /// What the next one is opened with, once: a secret.
    pub refresh_token: Secret,
    /// When that, and all that come after it, end at the latest.
    pub refresh_until: SystemTime,
}

/// Whose login it is, as the database has it now.
enum Now {
    Admin(Box<Admin>, Box<Org>),
    Operator(Operator),
}

impl Tenancy {
    /// As [`Tenancy::login_with_code`], with a refresh token.
    ///
    /// # Errors
    /// As [`Tenancy::login_with_code`].
    pub async fn login_for_refresh(
        &self,
        email: &str,
        password: &Secret,
        code: Option<&Secret>,
    ) -> Result<RefreshableSession> {
        let session = self.login_with_code(email, password, code).await?;
        let verified = self.shared.sessions.verify(session.token())?;
        let token = RefreshKey::first(ObjectId::new())?;
        let now = self.shared.sessions.now();
        let end = now.checked_add(self.shared.rules.refresh).unwrap_or(now);
        let mut family = verified.to_document();
        family.insert("since", DateTime::from_system_time(now));
        family.insert("current", token.hash());
        family.insert("end", DateTime::from_system_time(end));
        let end = DateTime::from_system_time(end);
        if self.store.claim(&record_of(token.family), &family, end).await?.is_some() {
            return Err(Error::Machine("two logins have the same identity".into()));
        }
        self.handed_out(session, &token, &family)
    }

    /// Opens another session with a refresh token, which is used up by it, and gives the next one. The same checks as
    /// of a session are made of whoever logged in. It counts as no recent login.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] where the token is not ours, was used before (which ends its login and all sessions of it,
    /// and is recorded), its login has ended, or a session of it would be refused; [`Error::ReadOnly`], or the
    /// database's.
    pub async fn refresh(&self, refresh_token: &Secret) -> Result<RefreshableSession> {
        self.writable()?;
        let sessions = &self.shared.sessions;
        let given = sessions.refresh_key.read(refresh_token).ok_or(Refusal::Foreign)?;
        let key = record_of(given.family);
        for _ in 0..TRIES {
            let before = self.store.kept(&key).await?.ok_or(Refusal::LoggedOut)?;
            let said = |field| before.get_str(field).unwrap_or_default();
            let login = ValidToken::from_document(&before).ok_or(Refusal::LoggedOut)?;
            if given.hash() == said("current") {
                let session = self.go_on(&login, &key).await?;
                let salt = RefreshKey::salt()?;
                let next = sessions.refresh_key.next(&given, &salt);
                let mut after = before.clone();
                after.insert("current", next.hash());
                after.insert("previous", given.hash());
                after.insert("salt", salt);
                after.insert("used_at", DateTime::from_system_time(sessions.now()));
                let end = *before.get_datetime("end").map_err(|_| Refusal::LoggedOut)?;
                if self.store.replace(&key, &before, &after, end).await? {
                    return self.handed_out(session, &next, &after);
                }
                // Another instance did it a moment ago, or it was logged out.
                continue;
            }
            if given.hash() == said("previous") && self.was_just_used(&before) {
                let session = self.go_on(&login, &key).await?;
                let next = sessions.refresh_key.next(&given, said("salt"));
                return self.handed_out(session, &next, &before);
            }
            return self.used_again(&key, &login).await;
        }
        Err(Error::Overloaded)
    }

    /// Ends a login by one of its refresh tokens: it, and every session of it. Nothing where that has ended.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] where the token is not ours, [`Error::ReadOnly`], or the database's.
    pub async fn end_family(&self, refresh_token: &Secret) -> Result<()> {
        self.writable()?;
        let given = self.shared.sessions.refresh_key.read(refresh_token).ok_or(Refusal::Foreign)?;
        Ok(self.store.forget(&record_of(given.family)).await?)
    }

    /// Ends the caller's session: its token is refused from now on, by every instance that shares sessions; and with it
    /// the refresh tokens and the other sessions of its login. Nothing where it has ended.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] with an API key, or where the token is not ours; [`Error::ReadOnly`], or the database's.
    pub async fn end_session(&self) -> Result<()> {
        self.ensure_no_key()?;
        let Some(token) = self.caller.token() else { return Ok(()) };
        let ended = match self.shared.sessions.verify(token) {
            Ok(verified) => verified.ended_by(),
            Err(Refusal::Expired | Refusal::LoggedOut) => return Ok(()),
            Err(refusal) => return Err(refusal.into()),
        };
        if self.shared.rules.shared_sessions {
            self.writable()?;
            match ended {
                Some(EndedBy::Family(family)) => self.store.forget(&record_of(family)).await?,
                Some(EndedBy::Itself { id, expires_at }) => {
                    self.store.claim(&ended_record_of(&id), &doc! {}, expires_at).await?;
                }
                None => {}
            }
        }
        self.shared.sessions.end(token);
        Ok(())
    }

    /// Refuses a session that another instance has ended. Asked once for each caller: see [`Tenancy::called_by`].
    pub(super) async fn ensure_not_ended(&self, session: &ValidToken) -> Result<()> {
        if !self.shared.rules.shared_sessions {
            return Ok(());
        }
        let asked = async || -> Result<bool> {
            Ok(match session.ended_by() {
                Some(EndedBy::Family(family)) => {
                    self.store.kept(&record_of(family)).await?.is_none()
                }
                Some(EndedBy::Itself { id, .. }) => {
                    self.store.kept(&ended_record_of(&id)).await?.is_some()
                }
                None => false,
            })
        };
        if *self.ended.get_or_try_init(asked).await? {
            Err(Refusal::LoggedOut.into())
        } else {
            Ok(())
        }
    }

    /// A session for whoever logged in then, with the same checks as of a session. Where they fail, nothing goes on.
    async fn go_on(&self, login: &ValidToken, key: &str) -> Result<Session> {
        let session = match self.still(login).await {
            Ok(Now::Admin(admin, org)) => self.shared.sessions.issue(&admin, &org, 0)?,
            Ok(Now::Operator(operator)) => self.shared.sessions.issue_to_operator(&operator, 0)?,
            Err(refused @ Error::NotAllowed(_)) => {
                self.store.forget(key).await?;
                return Err(refused);
            }
            Err(error) => return Err(error),
        };
        Ok(session)
    }

    async fn still(&self, login: &ValidToken) -> Result<Now> {
        match login.whose {
            TokenOf::Operator { operator, .. } => {
                let directory = self.store.directory().await?;
                Ok(Now::Operator(whose(&directory, operator, login)?.clone()))
            }
            TokenOf::Admin { admin, organization, epoch } => {
                let org = self.store.org(organization).await?.ok_or(Refusal::AdminChanged)?;
                let session = (admin, organization, epoch);
                let admin = self.admin_allowed(login, session, &org, Role::Admin).await?;
                Ok(Now::Admin(Box::new(admin), Box::new(org)))
            }
        }
    }

    fn was_just_used(&self, family: &Document) -> bool {
        let now = DateTime::from_system_time(self.shared.sessions.now()).timestamp_millis();
        let since = family.get_datetime("used_at").map(|at| now.abs_diff(at.timestamp_millis()));
        since.is_ok_and(|since| u128::from(since) < GRACE.as_millis())
    }

    /// Whoever used it first, or this one, has stolen it: the login ends, and that is recorded.
    async fn used_again(&self, key: &str, login: &ValidToken) -> Result<RefreshableSession> {
        self.store.forget(key).await?;
        let entry = self.entry(OperationKind::LogIn, None).await;
        let entry = match &login.whose {
            TokenOf::Operator { email, .. } => entry.of_operator(email),
            TokenOf::Admin { admin, organization, .. } => {
                let admin = self.store.admin(*admin).await.ok().flatten();
                let org = self.store.org(*organization).await.ok().flatten();
                let admin = admin.map(|admin| admin.email).unwrap_or_default();
                let mut entry = entry.of_admin(admin.raw());
                if let Some(org) = org {
                    entry = entry.called(org.name.raw());
                    entry.organization = Some(org.id);
                }
                entry
            }
        };
        self.recorded(&entry, Err(Refusal::UsedAgain.into())).await
    }

    fn handed_out(
        &self,
        session: Session,
        token: &RefreshToken,
        family: &Document,
    ) -> Result<RefreshableSession> {
        let at = |field| family.get_datetime(field).map_or(UNIX_EPOCH, |at| at.to_system_time());
        let sessions = &self.shared.sessions;
        Ok(RefreshableSession {
            session: sessions.of_family(session, token.family, at("since"))?,
            refresh_token: sessions.refresh_key.text(token),
            refresh_until: at("end"),
        })
    }
}

/// The record of a family, without which nothing of it is good any more.
fn record_of(family: ObjectId) -> String {
    format!("login {}", family.to_hex())
}

/// The record of a session that was logged out.
fn ended_record_of(id: &str) -> String {
    format!("ended {id}")
}

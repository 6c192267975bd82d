//! What can be done with organizations, and by whom. Every rule is here, once: the console and the
//! commands call the same functions, so what one refuses the other refuses too.

mod admins;
mod change;
mod demo;
mod error;
mod login;
mod open;
mod record;
mod session;
mod trash;
mod upgrade;

use std::{sync::Arc, time::Duration};

use mongodb::bson::{DateTime, Document, oid::ObjectId};
use record::typed_email;
use tokio::sync::OnceCell;

pub use admins::AdminWish;
pub use change::{Confirmation, Edit, NewOrganization};
pub use error::{Error, Refusal, Result};
pub use open::{DemoAdmin, Opened, open};
pub use record::{Recorded, Verified};
pub use session::{SECRET_KEY_LEAST_BYTES, Session};
pub use trash::Believe;

use crate::{
    org::{
        Admin, NAME_MOST, Org, OrgState, PasswordHash, PasswordPolicy, Role, Secret, StoredText,
        UnderWay, escaped,
    },
    store::{Action, Count, Entry, Page, PageQuery, Place, Shelf, Statistics, Store, StoreError},
};

/// What an operator may set.
#[derive(Clone, Debug)]
pub struct Rules {
    /// What new passwords must be like.
    pub passwords: PasswordPolicy,
    /// How long a session lasts.
    pub session: Duration,
    /// What sessions are signed with; random for this run when there is none.
    pub secret_key: Option<Secret>,
    /// How long the trash keeps what is moved there from now on, in days.
    pub trash_days: u32,
    /// Whether everything that writes is refused.
    pub read_only: bool,
}

impl Rules {
    /// A random password that an admin with this e-mail of an organization with this name can have.
    ///
    /// # Errors
    /// [`Error::Machine`], where the operating system gives no random bytes.
    pub fn generate_password(&self, name: &str, email: &str) -> Result<Secret> {
        Secret::generate(self.passwords, &change::about(name, email))
            .map_err(|e| Error::Machine(e.to_string()))
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            passwords: PasswordPolicy::default(),
            session: Duration::from_mins(30),
            secret_key: None,
            trash_days: 30,
            read_only: false,
        }
    }
}

/// The deeds, over one database.
pub struct Tenancy {
    store: Arc<dyn Store>,
    rules: Rules,
    sessions: session::Sessions,
    /// Whether what was in the trash for too long is purged, as before the first write it is.
    purged: OnceCell<()>,
}

impl Tenancy {
    /// The deeds over `store`, under `rules`.
    ///
    /// # Errors
    /// [`Error::Machine`] when a signing key is needed and there are no random bytes.
    pub fn new(store: Arc<dyn Store>, rules: Rules) -> Result<Self> {
        let sessions = session::Sessions::new(rules.secret_key.as_ref(), rules.session)?;
        Ok(Self { store, rules, sessions, purged: OnceCell::new() })
    }

    /// What the database is called in front of people.
    #[must_use]
    pub fn place(&self) -> &Place {
        self.store.place()
    }

    /// How long the trash keeps what is moved there now, in days.
    #[must_use]
    pub fn trash_days(&self) -> u32 {
        self.rules.trash_days
    }

    /// Why nothing can be written, when that is so: a whole sentence.
    #[must_use]
    pub fn read_only(&self) -> Option<&str> {
        if self.rules.read_only {
            return Some("this console was opened read-only");
        }
        self.store.only_readable_because()
    }

    /// Brings up to date what lists and searches are made of, where another program has changed an
    /// organization since. Takes the longer the more there are; nothing has to wait for it. Answers how
    /// many those were.
    ///
    /// # Errors
    /// The database's.
    pub async fn catch_up(&self) -> Result<u64> {
        match self.read_only() {
            Some(_) => Ok(0),
            None => Ok(self.store.catch_up().await?),
        }
    }

    /// Ends once the database cannot be reached any more, and says why; or where it is `lost`, once it can be
    /// again.
    pub async fn link_changed(&self, lost: bool) -> Option<Error> {
        self.store.link_changed(lost).await.map(Error::Store)
    }

    /// One page of the list.
    ///
    /// # Errors
    /// The database's.
    pub async fn page(&self, query: &PageQuery) -> Result<Page> {
        let mut page = self.store.page(query).await?;
        self.note_gone_admins(&mut page.orgs).await?;
        Ok(page)
    }

    /// How many organizations match, counting no further than `most`.
    ///
    /// # Errors
    /// The database's.
    pub async fn count(&self, of: Shelf, search: Option<&str>, most: u64) -> Result<Count> {
        Ok(self.store.count(of, search, most).await?)
    }

    /// The organization with this name, in any case.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::InTrash`], or the database's.
    pub async fn named(&self, name: &str) -> Result<Org> {
        if let Some(org) = self.store.org_named(name, Shelf::Live).await? {
            return Ok(org);
        }
        Err(match self.store.org_named(name, Shelf::Trash).await? {
            Some(org) => Error::InTrash(org.name),
            None => Error::NotFound(name.into()),
        })
    }

    /// The organization with this name in the trash; of several, the one that was put there last.
    ///
    /// # Errors
    /// [`Error::NotInTrash`], or the database's.
    pub async fn named_in_trash(&self, name: &str) -> Result<Org> {
        let found = self.store.org_named(name, Shelf::Trash).await?;
        found.ok_or_else(|| Error::NotInTrash(name.into()))
    }

    /// The organization with this identity, also in the trash; none when it is gone.
    ///
    /// # Errors
    /// The database's.
    pub async fn org(&self, id: ObjectId) -> Result<Option<Org>> {
        let mut org = self.store.org(id).await?;
        self.note_gone_admins(org.as_mut_slice()).await?;
        Ok(org)
    }

    /// Notes of each organization whether the admin is gone whom its record names. Whoever may not read the
    /// admins sees the organizations all the same.
    async fn note_gone_admins(&self, orgs: &mut [Org]) -> Result<()> {
        if orgs.is_empty() {
            return Ok(());
        }
        let gone = match self.store.without_admin(orgs).await {
            Err(StoreError::Refused { .. }) => return Ok(()),
            gone => gone?,
        };
        for org in orgs {
            org.admin_gone = gone.contains(&org.id);
        }
        Ok(())
    }

    /// How much the organization holds: what a deletion would take.
    ///
    /// # Errors
    /// The database's.
    pub async fn statistics(&self, org: &Org) -> Result<Statistics> {
        Ok(self.store.statistics(org).await?)
    }

    /// The organization's first `most` documents.
    ///
    /// # Errors
    /// The database's.
    pub async fn documents(&self, org: &Org, most: u32) -> Result<Vec<Document>> {
        Ok(self.store.documents(org, most).await?)
    }

    /// Opens a session for an admin. Takes as long, and says the same, whether the e-mail is known or
    /// not. The attempt is counted before anything is looked at; after a few that were wrong, the next
    /// ones have to wait.
    ///
    /// # Errors
    /// [`Error::WrongLogin`], [`Error::Waiting`], [`Error::NotAllowed`] where nobody can log in,
    /// [`Error::ReadOnly`] where attempts cannot be counted, or the database's.
    pub async fn login(&self, email: &str, password: &Secret) -> Result<Session> {
        let mut entry = self.entry(Action::LogIn, None).of_admin(typed_email(email));
        let done = self.log_in(email, password, &mut entry).await;
        if matches!(done, Err(Error::WrongLogin | Error::Waiting(_))) {
            self.note_whose(email, &mut entry).await;
        }
        self.recorded(&entry, done).await
    }

    /// Notes whose account was tried, for those who look into that organization. Asks as much where
    /// nobody has the e-mail: the time it takes must not tell.
    pub(super) async fn note_whose(&self, email: &str, entry: &mut Entry) {
        let nobody = || Admin {
            id: ObjectId::new(),
            email: StoredText::default(),
            password: PasswordHash::nobodys(),
            created_at: DateTime::now(),
            role: Role::Admin,
            organization: None,
            reset: None,
        };
        let admin = self.store.admin_with_email(email).await.ok().flatten().unwrap_or_else(nobody);
        if let Ok(Some(org)) = self.store.org_of_admin(&admin).await {
            *entry = entry.clone().called(org.name.raw());
            entry.organization = Some(org.id);
        }
    }

    async fn log_in(&self, email: &str, password: &Secret, entry: &mut Entry) -> Result<Session> {
        self.writing().await?;
        let (admin, failures) = self.verified(email, None, password).await?;
        let Some(org) = self.store.org_of_admin(&admin).await? else {
            return Err(Error::WrongLogin);
        };
        *entry = entry.clone().of_admin(admin.email.raw()).called(org.name.raw());
        entry.organization = Some(org.id);
        // Whoever knows the password may know this.
        may_be_in(&org)?;
        let session = self.sessions.issue(&admin, &org, failures)?;
        self.store.record(entry).await?;
        Ok(session)
    }

    /// Ends a session at once: its token is refused from now on.
    pub fn logout(&self, session: &Session) {
        self.sessions.end(session.token());
    }

    /// Whether the bearer of `token` may do what only an owner of `org` may: asked of the token and
    /// of the database, each time. Whoever would need another login is told when nobody can have it.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] with the reason, or the database's.
    pub async fn authorize(&self, org: &Org, token: Option<&str>) -> Result<()> {
        let done = self.allowed(org, token, Role::Owner).await.map(|_| ());
        if token.is_none() {
            // Nobody has tried anything yet.
            return done;
        }
        self.recorded(&self.entry(Action::Authorize, Some(org)), done).await
    }

    /// The admin who bears `token`, who may do what one with this role may in `org`.
    async fn allowed(&self, org: &Org, token: Option<&str>, least: Role) -> Result<Admin> {
        let Some(token) = token else {
            may_be_in(org)?;
            // A login that nobody can have is not asked for.
            return Err(if self.has_owner(org).await? {
                Refusal::NoSession(org.name.clone()).into()
            } else {
                Error::NoOwner(org.name.clone())
            });
        };
        let verified = self.sessions.verify(token)?;
        let admin = self.store.admin(verified.admin).await?;
        let Some(admin) = admin.filter(|admin| verified.same_password(admin)) else {
            return Err(self.ended(verified.organization).await?);
        };
        let own = self.store.org_of_admin(&admin).await?;
        let Some(own) = own.filter(|own| own.id == verified.organization) else {
            return Err(self.ended(verified.organization).await?);
        };
        may_be_in(&own)?;
        // It was suspended or in the trash meanwhile, and is no longer.
        if !verified.same_epoch(&own) {
            return Err(Refusal::LoggedOut.into());
        }
        if own.id != org.id {
            may_be_in(org)?;
            let (admin, of, wanted) = (admin.email, own.name, org.name.clone());
            return Err(Refusal::OtherOrganization { admin, of, wanted }.into());
        }
        if admin.role > least {
            if !self.has_owner(org).await? {
                return Err(Error::NoOwner(org.name.clone()));
            }
            return Err(Refusal::OwnersOnly(org.name.clone()).into());
        }
        Ok(admin)
    }

    /// Why a session's admin is no longer who they were. Looked at last: the trash hides them too, at any time.
    async fn ended(&self, organization: ObjectId) -> Result<Error> {
        Ok(match self.store.org(organization).await? {
            Some(own) if own.in_trash().is_some() || own.under_way == Some(UnderWay::Trashing) => {
                Refusal::Trashed(own.name).into()
            }
            Some(_) | None => Refusal::AdminChanged.into(),
        })
    }

    /// Refuses where nothing may be written, and makes ready what a write stands on. The first time, what has
    /// been in the trash for too long is purged; whether that can be is no reason to refuse anything else.
    async fn writing(&self) -> Result<()> {
        self.writable()?;
        self.store.prepare().await?;
        let purge = async || match self.store.purge_expired(false).await {
            // Whatever is to be written would only wait for the same server once more.
            Err(gone @ StoreError::Unreachable { .. }) => Err(gone),
            Ok(_) | Err(_) => Ok(()),
        };
        self.purged.get_or_try_init(purge).await?;
        Ok(())
    }

    fn writable(&self) -> Result<()> {
        match self.read_only() {
            Some(reason) => Err(Error::ReadOnly(reason.to_owned())),
            None => Ok(()),
        }
    }
}

/// The text an organization's deletion is confirmed with: its name as it is shown, so that one with
/// characters no keyboard has can be typed too; of one that is longer than any should be, its
/// beginning.
#[must_use]
pub fn confirmation_of(name: &StoredText) -> String {
    escaped(&name.raw().chars().take(NAME_MOST).collect::<String>()).into_owned()
}

/// Refuses a deletion that was not confirmed.
fn confirms(confirmation: &Confirmation, name: &StoredText) -> Result<()> {
    match confirmation {
        Confirmation::Typed(typed) if !is_typed(typed, name) => Err(Error::NotConfirmed),
        Confirmation::Typed(_) | Confirmation::Given => Ok(()),
    }
}

/// Whether that text was typed. Spaces at its ends, and more than one between words, cannot be seen.
fn is_typed(typed: &str, name: &StoredText) -> bool {
    typed.split_whitespace().eq(confirmation_of(name).split_whitespace())
}

/// Whether anybody may be logged in to an organization now.
fn may_be_in(org: &Org) -> Result<()> {
    match org.state {
        OrgState::Active => Ok(()),
        OrgState::Suspended => Err(Refusal::Suspended(org.name.clone()).into()),
        OrgState::InTrash(_) => Err(Refusal::Trashed(org.name.clone()).into()),
    }
}

/// Runs what would block on a thread where that is allowed.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Error::Machine(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Access, Target};

    #[tokio::test]
    async fn a_login_nobody_can_have_is_not_asked_for() {
        let access = Access { operator: "ada@here".to_owned(), read_only: false };
        let Opened { tenancy, demo } =
            open(&Target::Demo, &access, Rules::default()).await.unwrap();
        let demo = demo.unwrap();
        let session = tenancy.login(&demo.email, &Secret::from(demo.password)).await.unwrap();
        let zephyr = tenancy.named("Zephyr").await.unwrap();
        let refused = async |org: &Org, token| match tenancy.authorize(org, token).await {
            Err(Error::NotAllowed(refusal)) => refusal,
            other => panic!("{other:?}"),
        };
        let token = Some(session.token());
        assert!(matches!(refused(&zephyr, None).await, Refusal::NoSession(_)));
        assert!(matches!(refused(&zephyr, token).await, Refusal::OtherOrganization { .. }));
        let zephyr = tenancy.suspend(&zephyr).await.unwrap();
        for token in [None, token] {
            assert_eq!(refused(&zephyr, token).await, Refusal::Suspended("Zephyr".into()));
        }
        let own = tenancy.named(&demo.organization).await.unwrap();
        assert_eq!(tenancy.authorize(&own, token).await, Ok(()));
    }

    #[test]
    fn any_stored_name_can_be_confirmed_by_typing_what_is_seen() {
        let long = "\u{202e}".repeat(10_000);
        for (name, typed) in [
            ("acme_corp", "acme_corp"),
            (" acme  corp ", "acme corp"),
            ("a\u{3000}b", "a b"),
            ("\u{202e}x", "\\u{202e}x"),
            ("", ""),
            (&long, &"\\u{202e}".repeat(63)),
        ] {
            assert!(is_typed(typed, &name.into()), "{name:?}");
            assert!(!is_typed("other", &name.into()), "{name:?}");
        }
        assert!(!is_typed("", &"acme".into()));
        assert!(!is_typed("Acme", &"acme".into()));
    }
}

//! What can be done with organizations, and by whom. Every rule is here, once: the console and the
//! commands call the same functions, so what one refuses the other refuses too.

mod admins;
mod api_keys;
mod audit;
mod caller;
mod change;
mod copy;
mod demo;
mod doctor;
mod documents;
mod error;
mod error_code;
mod export;
mod export_target;
mod fields;
mod hashing;
mod import;
mod mailing;
mod nearest;
mod open;
mod operators;
mod refusal;
mod rights;
mod second_factor;
mod session;
mod sizes;
mod survey;
mod suspension;
mod transfer;
mod trash;
mod typed;
mod upgrade;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bson::{Document, oid::ObjectId};
use hashing::Hashing;
use session::{KeyOwner, Sessions, TokenOf, may};
use tokio::{sync::OnceCell, task::JoinSet};

pub use admins::{AdminChanges, IssuedCode};
pub use api_keys::{API_KEYS_MOST, OwnedApiKey};
pub use audit::{AuditPage, NumberedEntry, Verified};
pub use caller::Caller;
pub use change::{Confirmation, Edit, NewOrganization};
pub use copy::{Copied, CopyError, CopyWatch, CopyWish};
pub use doctor::Believe;
pub use error::{Error, Result};
pub use error_code::ErrorCode;
pub use export::{ArchiveProgress, ArchiveWatch, Export};
pub use export_target::ExportTarget;
pub use fields::{
    ApiKeyFields, ApiKeysFields, AuditPageFields, OperatorFields, OperatorsFields, SizeFields,
    VerifiedFields,
};
pub use hashing::HashQueue;
pub use import::{Import, ImportWish};
pub use open::{DemoAdmin, Opened, open};
pub use operators::OperatorChanges;
pub use refusal::Refusal;
pub use rights::{least_role, may_as, rights, with_key};
pub use second_factor::{FASTAPI_ASKS_FOR_NONE, Own, REPLACES};
pub use session::{
    Account, Attempt, FactorState, LoggedIn, Once, RefreshableSession, SECRET_KEY_LEAST_BYTES,
    Session,
};
pub use survey::{Counts, FailedLogins, NAMED, Named, Survey, SurveyPart};
pub use typed::{id_text, place_text};

use crate::{
    mail::MailSettings,
    org::{
        FactorKey, NAME_MOST, OperationKind, Org, PasswordPolicy, Reason, Search, Secret,
        StoredText, escaped,
    },
    store::{
        Count, ListScope, News, Page, PageQuery, Place, Purge, Required, Seen, Statistics, Store,
        StoreError,
    },
};

/// What an operator may set.
#[derive(Clone, Debug)]
pub struct Rules {
    /// What new passwords must be like.
    pub passwords: PasswordPolicy,
    /// How long a session lasts.
    pub session: Duration,
    /// Whether several programs share the sessions: what one of them has ended, all refuse. It takes a question to the
    /// database for each call in a session.
    pub shared_sessions: bool,
    /// How long refresh tokens go on with a login.
    pub refresh: Duration,
    /// What sessions are signed with; random for this run when there is none.
    pub secret_key: Option<Secret>,
    /// How long the trash keeps what is moved there from now on, in days.
    pub trash_days: u32,
    /// Whether trashing, purging and transferring an organization has to say why.
    pub reason_required: bool,
    /// How one-time codes are mailed; none where they are not.
    pub mail: Option<MailSettings>,
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

    /// Why something is done, of what was typed.
    ///
    /// # Errors
    /// [`Error::Invalid`] where it is too long, [`Error::ReasonRequired`] where there is none and there has to be.
    pub fn reason(&self, typed: &str) -> Result<Reason> {
        reason(typed, self.reason_required)
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            passwords: PasswordPolicy::default(),
            session: Duration::from_mins(30),
            shared_sessions: false,
            refresh: Duration::from_hours(30 * 24),
            secret_key: None,
            trash_days: 30,
            reason_required: false,
            mail: None,
        }
    }
}

/// For how long it is believed that looking needs no account.
const LOOKING: Duration = Duration::from_secs(5);

/// What can be done with one database, as one caller. All that a database has of it is shared, so that
/// one for another caller is made for each call.
#[derive(Clone)]
pub struct Tenancy {
    store: Arc<dyn Store>,
    shared: Arc<Shared>,
    caller: Caller,
    /// Whose API key the caller has, once that was asked.
    key_owner: Arc<OnceCell<KeyOwner>>,
    /// Whether the caller's session was ended, once that was asked.
    ended: Arc<OnceCell<bool>>,
}

/// What all callers share.
struct Shared {
    rules: Rules,
    sessions: Sessions,
    /// What the secrets of second factors are encrypted with, where there is a `SECRET_KEY`.
    factor_key: Option<Arc<FactorKey>>,
    hashing: Hashing,
    /// Since when it is known that looking needs no account.
    looking: Mutex<Option<Instant>>,
    /// Since when it is noted of each API key that it is used.
    noted: Mutex<HashMap<ObjectId, Instant>>,
    /// What was purged before the first write, since it had been in the trash for too long.
    purged: OnceCell<Purge>,
    /// What removes what cancelled operations have left.
    behind: Mutex<JoinSet<()>>,
}

impl Tenancy {
    /// The operations over `store`, under `rules`, as `caller`.
    ///
    /// # Errors
    /// [`Error::Machine`] when a signing key is needed and there are no random bytes.
    pub fn new(store: Arc<dyn Store>, rules: Rules, caller: Caller) -> Result<Self> {
        let sessions = Sessions::new(rules.secret_key.as_ref(), rules.session)?;
        let factor_key = rules.secret_key.as_ref().map(FactorKey::derive).map(Arc::new);
        let (hashing, looking, purged) = (Hashing::new(), Mutex::default(), OnceCell::new());
        let (noted, behind) = (Mutex::default(), Mutex::default());
        let shared =
            Shared { rules, sessions, factor_key, hashing, looking, noted, purged, behind };
        Ok(Self {
            store,
            shared: Arc::new(shared),
            caller,
            key_owner: Arc::default(),
            ended: Arc::default(),
        })
    }

    /// The same operations as somebody else. Where many call, one for each call: who has an API key,
    /// and whether a shared session was ended, is asked once.
    #[must_use]
    pub fn called_by(&self, caller: Caller) -> Self {
        let (key_owner, ended) = (Arc::default(), Arc::default());
        Self { caller, key_owner, ended, ..self.clone() }
    }

    /// The same caller, with the token of an admin's session or without one.
    #[must_use]
    pub fn in_session(&self, token: Option<&str>) -> Self {
        self.called_by(self.caller.clone().with_session(token))
    }

    /// The same caller, who says why they do it: it is recorded of what takes an organization away, or gives it to
    /// another owner.
    #[must_use]
    pub fn because(&self, reason: &str) -> Self {
        Self { caller: self.caller.clone().with_reason(reason), ..self.clone() }
    }

    /// The same caller, for one call: what it creates gets this id.
    #[must_use]
    pub fn creating(&self, id: ObjectId) -> Self {
        Self { caller: self.caller.clone().with_new_id(id), ..self.clone() }
    }

    /// Whether that has to be said.
    #[must_use]
    pub fn reason_required(&self) -> bool {
        self.shared.rules.reason_required
    }

    /// How many passwords are looked at, and how many wait for it.
    #[must_use]
    pub fn hash_queue(&self) -> HashQueue {
        self.shared.hashing.load()
    }

    /// What the database is called in front of people.
    #[must_use]
    pub fn place(&self) -> &Place {
        self.store.place()
    }

    /// How long the trash keeps what is moved there now, in days.
    #[must_use]
    pub fn trash_days(&self) -> u32 {
        self.shared.rules.trash_days
    }

    /// Why nothing can be written, when that is so: a whole sentence.
    #[must_use]
    pub fn read_only(&self) -> Option<&str> {
        if self.caller.read_only {
            return Some("read-only mode");
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
            None => Ok(self.store.catch_up(&self.caller.operator).await?),
        }
    }

    /// Ends once the database cannot be reached any more, and says why; or where it is `lost`, once it can be
    /// again.
    pub async fn link_changed(&self, lost: bool) -> Option<Error> {
        self.store.link_changed(lost).await.map(Error::Store)
    }

    /// Ends once something was changed after `seen`, by whomever: see [`crate::store::Changes::changed`]. It says no
    /// more of it than which organizations that was done to, and needs no login.
    ///
    /// # Errors
    /// The database's.
    pub async fn changed(&self, seen: Option<Seen>) -> Result<News> {
        Ok(self.store.changed(seen).await?)
    }

    /// Waits until what cancelled operations have left is removed, as far as that can be: before the program ends.
    pub async fn cleaned_up(&self) {
        let behind = || self.shared.behind.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = std::mem::take(&mut *behind());
        while all.join_next().await.is_some() {}
    }

    /// One page of the list; if a search by words has no match, with the nearest names.
    ///
    /// # Errors
    /// The database's.
    pub async fn page(&self, query: &PageQuery) -> Result<Page> {
        self.reading().await?;
        let mut page = self.store.page(query).await?;
        self.note_gone_admins(&mut page.orgs).await?;
        if let Some(search) = query.search.as_deref().filter(|_| page.orgs.is_empty()) {
            let parsed = Search::parse(search);
            // Filters have no nearest name.
            if parsed.has_words() && parsed.filter().is_empty() && parsed.fault().is_none() {
                page.nearest = self.nearest(search, query.scope).await?;
            }
        }
        Ok(page)
    }

    /// How many organizations match, counting no further than `most`.
    ///
    /// # Errors
    /// The database's.
    pub async fn count(&self, of: ListScope, search: Option<&str>, most: u64) -> Result<Count> {
        self.reading().await?;
        Ok(self.store.count(of, search, most).await?)
    }

    /// Those of these organizations that are no longer on this list.
    ///
    /// # Errors
    /// The database's.
    pub async fn gone(&self, mut ids: Vec<ObjectId>, from: ListScope) -> Result<Vec<ObjectId>> {
        self.reading().await?;
        let present: HashSet<_> = self.store.present(&ids, from).await?.into_iter().collect();
        ids.retain(|id| !present.contains(id));
        Ok(ids)
    }

    /// The organization with this name, in any case.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::InTrash`], or the database's.
    pub async fn named(&self, name: &str) -> Result<Org> {
        let found = self.find_named(name).await;
        self.reading_of(found.as_ref().ok().map(|org| org.id)).await?;
        found
    }

    async fn find_named(&self, name: &str) -> Result<Org> {
        if let Some(org) = self.store.org_named(name, ListScope::Live).await? {
            return Ok(org);
        }
        let with_id = self.with_id(name).await?;
        if let Some(org) = with_id.clone().filter(|org| org.in_trash().is_none()) {
            return Ok(org);
        }
        let trashed = self.store.org_named(name, ListScope::Trash).await?;
        if let Some(org) = trashed.or(with_id) {
            return Err(Error::InTrash(org.name));
        }
        let nearest = if self.caller.is_discreet() {
            None
        } else {
            self.nearest(name, ListScope::Live).await?.into_iter().next()
        };
        Err(Error::NotFound { name: name.into(), nearest: nearest.map(|org| org.name) })
    }

    /// As [`Tenancy::named`], for an operation that changes the organization.
    ///
    /// # Errors
    /// [`Error::Ambiguous`] where it is the name of one and the id of another, or those of [`Tenancy::named`].
    pub async fn named_to_change(&self, name: &str) -> Result<Org> {
        let org = self.named(name).await?;
        self.certainly(name, org).await
    }

    /// The organization with this name, or else this id, in the trash; of several, the one that was put there
    /// last.
    ///
    /// # Errors
    /// [`Error::NotInTrash`], [`Error::Ambiguous`], or the database's.
    pub async fn named_in_trash(&self, name: &str) -> Result<Org> {
        self.reading().await?;
        if let Some(org) = self.store.org_named(name, ListScope::Trash).await? {
            return self.certainly(name, org).await;
        }
        let with_id = self.with_id(name).await?.filter(|org| org.in_trash().is_some());
        with_id.ok_or_else(|| Error::NotInTrash(name.into()))
    }

    /// Refuses a text that is the name of this organization and the id of another.
    async fn certainly(&self, name: &str, org: Org) -> Result<Org> {
        match self.with_id(name).await?.filter(|other| other.id != org.id) {
            Some(other) => Err(Error::Ambiguous { name: org.name, other: other.name }),
            None => Ok(org),
        }
    }

    async fn with_id(&self, text: &str) -> Result<Option<Org>> {
        match ObjectId::parse_str(text.trim()) {
            Ok(id) => Ok(self.store.org(id).await?),
            Err(_) => Ok(None),
        }
    }

    /// The organization with this identity, also in the trash; none when it is gone.
    ///
    /// # Errors
    /// The database's.
    pub async fn org(&self, id: ObjectId) -> Result<Option<Org>> {
        self.reading_of(Some(id)).await?;
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
        self.reading_of(Some(org.id)).await?;
        Ok(self.store.statistics(org).await?)
    }

    /// The organization's first `most` documents.
    ///
    /// # Errors
    /// The database's.
    pub async fn documents(&self, org: &Org, most: u32) -> Result<Vec<Document>> {
        self.reading_of(Some(org.id)).await?;
        Ok(self.store.first_documents(org, most).await?)
    }

    /// Refuses where nothing may be written, or not by the caller, and makes ready what a write stands on. The first time, what has
    /// been in the trash for too long is purged; whether that can be is no reason to refuse anything else.
    async fn writing(&self, operation: &OperationKind, org: Option<&Org>) -> Result<()> {
        self.writable()?;
        self.store.prepare(&self.caller.operator).await?;
        self.ensure_may(operation, org).await?;
        let purge = async || match self.store.purge_expired(&self.caller.operator, false).await {
            // Whatever is to be written would only wait for the same server once more.
            Err(gone @ StoreError::Unreachable { .. }) => Err(gone),
            purged => Ok(purged.unwrap_or_default()),
        };
        self.shared.purged.get_or_try_init(purge).await?;
        Ok(())
    }

    /// Refuses to look without a login where the database requires one even for that. An open console notices a few
    /// seconds after it was turned on.
    async fn reading(&self) -> Result<()> {
        self.reading_of(None).await
    }

    /// The same for one organization, which its own admins may look at as well.
    async fn reading_of(&self, org: Option<ObjectId>) -> Result<()> {
        if self.caller.has_key() {
            // Whatever the database requires, a key that is not valid opens nothing.
            return self.ensure_key_may(&OperationKind::LogIn).await;
        }
        let asked = || self.shared.looking.lock().unwrap_or_else(PoisonError::into_inner);
        let open = self.caller.required() < Required::Everything;
        if open && asked().is_some_and(|since| since.elapsed() < LOOKING) {
            return Ok(());
        }
        let directory = self.store.directory().await?;
        if open && directory.required < Required::Everything {
            *asked() = Some(Instant::now());
            return Ok(());
        }
        let verified = self.session().await?.ok_or(Refusal::OperatorsRequired)?;
        match (&verified.whose, org) {
            (TokenOf::Operator { operator, .. }, _) => {
                may(&directory, *operator, &verified, &OperationKind::LogIn)?;
                Ok(())
            }
            (TokenOf::Admin { organization, .. }, Some(org)) if *organization == org => {
                let own = self.store.org(org).await?.ok_or(Refusal::OperatorsRequired)?;
                self.permitted(&OperationKind::ChangeAdmin, &own).await.map(drop)
            }
            (TokenOf::Admin { .. }, _) => Err(Refusal::OperatorsOnly.into()),
        }
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

/// What was behind a lock, also where a thread panicked that had it: nothing of ours is left half-done there.
fn poisoned<T>(error: PoisonError<MutexGuard<'_, T>>) -> MutexGuard<'_, T> {
    error.into_inner()
}

/// Runs what would block on a thread where that is allowed.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Error::Machine(e.to_string()))
}

/// The reason that was typed, where one may be required.
///
/// # Errors
/// As [`Rules::reason`].
pub fn reason(typed: &str, required: bool) -> Result<Reason> {
    let reason = Reason::parse(typed)?;
    if required && reason.is_empty() { Err(Error::ReasonRequired) } else { Ok(reason) }
}

#[cfg(test)]
mod tests {
    use super::*;

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

//! The operations that write: create, update, delete, and the checks a form makes before it.

use bson::{DateTime, oid::ObjectId};

use super::{
    Error, Refusal, Result, Tenancy, admins::is_first, audit::NAME, blocking, confirms,
    session::Actor,
};
use crate::{
    org::{
        COLLECTION_PREFIX, Claim, ClaimKind, CollectionName, Email, OperationKind, Org, OrgName,
        Password, PasswordHash, PasswordPolicy, Secret, StoredText, Strength, letters_look,
        name_letters, slug,
    },
    store::{Change, Entry, Holder, NewOrg, Operation},
};

/// A wish for an organization, as it was typed.
#[derive(Clone, Debug, Default)]
pub struct NewOrganization {
    /// The name.
    pub name: String,
    /// The admin's e-mail.
    pub email: String,
    /// The admin's password.
    pub password: Secret,
}

/// A wish for changes, as it was typed; `None`, and what is as it was, stays.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// The new name.
    pub name: Option<String>,
    /// The admin's new e-mail.
    pub email: Option<String>,
    /// The admin's new password.
    pub password: Option<Secret>,
}

impl Edit {
    /// Whether `org` would be just as it is.
    #[must_use]
    pub fn changes_nothing(&self, org: &Org) -> bool {
        self.password.is_none()
            && self.email.as_deref().is_none_or(|email| email.trim() == org.admin_email.raw())
            && self.name.as_deref().is_none_or(|name| name == org.name.raw())
    }

    /// Whether it touches what only an admin of the organization may change.
    #[must_use]
    pub fn needs_login(&self, org: &Org) -> bool {
        self.password.is_some()
            || self.email.as_deref().is_some_and(|email| email.trim() != org.admin_email.raw())
    }
}

/// How an operator confirms a deletion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// By typing the name as it is shown.
    Typed(String),
    /// By saying so beforehand (`--yes`).
    Given,
}

impl Tenancy {
    /// Whether an organization can be called so; `except` is the one that is to be renamed.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Taken`] with who has it, or the database's.
    pub async fn check_name(&self, name: &str, except: Option<&Org>) -> Result<()> {
        self.reading_of(except.map(|org| org.id)).await?;
        if except.is_some_and(|org| org.name.raw() == name) {
            return Ok(());
        }
        let name = OrgName::parse(name)?;
        let collection = self.collection_for(&name, except).await?;
        let collection = collection
            .as_ref()
            .map_or_else(|| except.map_or("", |org| org.collection.raw()), CollectionName::as_str);
        let claims = Claim::of_name(name.as_str(), collection);
        self.ensure_unclaimed(&claims, except.map(|org| org.id), name.as_str()).await
    }

    /// Whether an admin can have this e-mail; `except` is the organization whose admin has it now.
    ///
    /// # Errors
    /// As [`Tenancy::check_name`].
    pub async fn check_email(&self, email: &str, except: Option<&Org>) -> Result<()> {
        self.reading_of(except.map(|org| org.id)).await?;
        if except.is_some_and(|org| org.admin_email.raw() == email.trim()) {
            return Ok(());
        }
        let email = Email::parse(email)?;
        let claims = Claim::of_spellings(&email);
        self.ensure_unclaimed(&claims, except.map(|org| org.id), email.as_str()).await
    }

    /// Whether an admin with this name and e-mail can have this password.
    ///
    /// # Errors
    /// [`Error::Invalid`].
    pub async fn check_password(&self, password: &Secret, name: &str, email: &str) -> Result<()> {
        self.judge(password, name, email, |_| Ok(())).await
    }

    /// How good a password would be for an admin with this name and e-mail.
    ///
    /// # Errors
    /// [`Error::Machine`].
    pub async fn strength(&self, password: &Secret, name: &str, email: &str) -> Result<Strength> {
        let policy = self.shared.rules.passwords;
        let (password, name, email) = (password.clone(), name.to_owned(), email.to_owned());
        blocking(move || Strength::measure(&password, policy, &about(&name, &email))).await
    }

    /// What a new password must be like.
    #[must_use]
    pub fn password_policy(&self) -> PasswordPolicy {
        self.shared.rules.passwords
    }

    /// Makes an organization with its admin, its collection and the collection's first document.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Taken`], [`Error::ReadOnly`], or the database's. Nothing was made.
    pub async fn create(&self, changes: &NewOrganization) -> Result<Org> {
        let mut entry = self.entry(OperationKind::Create, None).await;
        let done = self.make(changes, &mut entry).await;
        self.recorded(&entry, done).await
    }

    async fn make(&self, changes: &NewOrganization, entry: &mut Entry) -> Result<Org> {
        *entry = entry.clone().called(&changes.name);
        self.writable()?;
        // What is refused whatever is stored makes no database.
        let name = OrgName::parse(&changes.name)?;
        let email = Email::parse(&changes.email)?;
        // A new one, where none was chosen.
        let id = self.caller.new_id().unwrap_or_default();
        *entry = entry.clone().called(name.as_str()).with("admin", "", email.as_str());
        entry.organization = Some(id);
        let password = self.hash(&changes.password, name.as_str(), email.as_str()).await?;
        self.writing(&entry.action, None).await?;
        // The store decides in the end.
        let plain = || CollectionName::from_name(&name);
        let collection = self.collection_for(&name, None).await?.unwrap_or_else(plain);
        let claims = Claim::of_name(name.as_str(), collection.as_str());
        self.ensure_unclaimed(&claims, None, name.as_str()).await?;
        self.ensure_unclaimed(&Claim::of_spellings(&email), None, email.as_str()).await?;
        let new = NewOrg {
            id,
            collection,
            admin_id: ObjectId::new(),
            password,
            created_at: DateTime::now(),
            name: name.clone(),
            email: email.clone(),
        };
        let stored_name = StoredText::from(name.as_str());
        self.perform(Operation::Create(Box::new(new)), entry)
            .await
            .map_err(|error| Error::of_store(error, &stored_name, wanted(&name, Some(&email))))
    }

    /// Changes name, e-mail and password in one go, or any of them alone. E-mail and password need
    /// the session of an owner. Answers the organization as it is then.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Taken`], [`Error::NotAllowed`], [`Error::Changed`] when `org` is
    /// no longer what it was, [`Error::ReadOnly`], or the database's. Nothing was changed.
    pub async fn update(&self, org: &Org, edit: &Edit) -> Result<Org> {
        if edit.changes_nothing(org) {
            return Ok(org.clone());
        }
        let mut entry = self.entry(OperationKind::Update, Some(org)).await;
        let done = self.change(org, edit, &mut entry).await;
        self.recorded(&entry, done).await
    }

    async fn change(&self, org: &Org, edit: &Edit, entry: &mut Entry) -> Result<Org> {
        self.writing(&entry.action, Some(org)).await?;
        if org.in_trash().is_some() {
            return Err(Error::InTrash(org.name.clone()));
        }
        let name = match edit.name.as_deref() {
            Some(name) if name != org.name.raw() => Some(OrgName::parse(name)?),
            _ => None,
        };
        let email = match edit.email.as_deref() {
            Some(email) if email.trim() != org.admin_email.raw() => Some(Email::parse(email)?),
            _ => None,
        };
        if edit.needs_login(org) {
            let actor = self.permitted(&entry.action, org).await?;
            *entry = entry.clone().of_admin(actor.admin_email().raw());
            if let (Actor::Operator(_), Some(_)) = (&actor, &email) {
                // As for any other admin.
                self.permitted(&OperationKind::ChangeAdmin, org).await?;
            }
            let is_own = matches!(&actor, Actor::Admin(admin) if is_first(admin, org));
            if edit.password.is_some() && !is_own {
                return Err(Refusal::OwnPassword(org.admin_email.clone()).into());
            }
        }
        if let Some(name) = &name {
            *entry = entry.clone().with(NAME, org.name.raw(), name.as_str());
            self.check_name(name.as_str(), Some(org)).await?;
        }
        if let Some(email) = &email {
            *entry = entry.clone().with("e-mail", org.admin_email.raw(), email.as_str());
            self.check_email(email.as_str(), Some(org)).await?;
        }
        let password = match &edit.password {
            Some(password) => {
                *entry = entry.clone().with("password", "", "");
                let name = name.as_ref().map_or(org.name.raw(), OrgName::as_str);
                let email = email.as_ref().map_or(org.admin_email.raw(), Email::as_str);
                Some(self.hash(password, name, email).await?)
            }
            None => None,
        };
        let collection = match &name {
            Some(name) => self.collection_for(name, Some(org)).await?,
            None => None,
        };
        let change = Change { name, collection, email, password, undoes: false };
        let operation = Operation::Update(Box::new(org.clone()), change.clone());
        self.perform(operation, entry).await.map_err(|error| {
            Error::of_store(error, &org.name, |what| match (what, &change.name, &change.email) {
                (ClaimKind::Email, _, Some(email)) => email.as_str().into(),
                (
                    ClaimKind::Email | ClaimKind::Name | ClaimKind::Look | ClaimKind::Collection,
                    Some(name),
                    _,
                ) => name.as_str().into(),
                (
                    ClaimKind::Email | ClaimKind::Name | ClaimKind::Look | ClaimKind::Collection,
                    None,
                    _,
                ) => org.name.clone(),
            })
        })
    }

    /// Undoes a rename: gives the organization the name and the collection back that it had `before`,
    /// exactly as they were, also where neither could be chosen today. Needs no login, as a rename does not.
    ///
    /// # Errors
    /// [`Error::Taken`] where somebody else has the name or the collection by now, [`Error::Changed`] when
    /// `org` is no longer what it was, [`Error::InTrash`], [`Error::ReadOnly`], or the database's. Nothing
    /// was changed.
    pub async fn undo_rename(&self, org: &Org, before: &Org) -> Result<Org> {
        let entry = self.entry(OperationKind::Update, Some(org)).await;
        let entry = entry.with(NAME, org.name.raw(), before.name.raw());
        let done = async {
            self.writing(&entry.action, Some(org)).await?;
            if org.in_trash().is_some() {
                return Err(Error::InTrash(org.name.clone()));
            }
            let moved = !before.collection.raw().is_empty() && before.collection != org.collection;
            let change = Change {
                name: Some(OrgName::had_by(before)),
                collection: moved.then(|| CollectionName::had_by(before)),
                undoes: true,
                ..Change::default()
            };
            let operation = Operation::Update(Box::new(org.clone()), change);
            let done = self.perform(operation, &entry).await;
            done.map_err(|error| Error::of_store(error, &org.name, |_| before.name.clone()))
        }
        .await;
        self.recorded(&entry, done).await
    }

    /// Purges the organization with everything it has at once, without the trash. Needs the session of an owner.
    ///
    /// # Errors
    /// [`Error::NotConfirmed`], [`Error::NotAllowed`], [`Error::Changed`], [`Error::ReadOnly`], or the
    /// database's.
    pub async fn delete(&self, org: &Org, confirmation: &Confirmation) -> Result<()> {
        let mut entry = self.entry(OperationKind::Delete, Some(org)).await;
        let done = async {
            self.writing(&entry.action, Some(org)).await?;
            self.say_why(&mut entry)?;
            entry.admin = self.permitted(&entry.action, org).await?.admin_email();
            confirms(confirmation, &org.name)?;
            let gone = self.store.perform(&Operation::Delete(Box::new(org.clone())), &entry).await;
            gone.map_err(|error| Error::of_store(error, &org.name, |_| org.name.clone()))?;
            Ok(())
        }
        .await;
        self.recorded(&entry, done).await
    }

    /// Refuses the first claim somebody else holds.
    pub(super) async fn ensure_unclaimed(
        &self,
        claims: &[Claim],
        except: Option<ObjectId>,
        wanted: &str,
    ) -> Result<()> {
        for claim in claims {
            if let Some(holder) = self.store.holder(claim).await?
                && (holder.org.is_none() || holder.org != except)
            {
                if holder.operator {
                    return Err(Error::OperatorsEmail(wanted.into()));
                }
                let (what, by, in_trash) = (claim.kind(), holder.name, holder.in_trash);
                return Err(Error::Taken { what, wanted: wanted.into(), by, in_trash });
            }
        }
        Ok(())
    }

    /// The collection for a name; none if the organization keeps its own. If an organization with different letters
    /// has the usual one, it is the one with a suffix. Names with equal letters count as one name: theirs is taken.
    /// Letters that only look equal are refused.
    pub(super) async fn collection_for(
        &self,
        name: &OrgName,
        org: Option<&Org>,
    ) -> Result<Option<CollectionName>> {
        let Some(plain) = collection_for(name, org) else { return Ok(None) };
        let beside = CollectionName::beside(name);
        if org.is_some_and(|org| org.collection.raw() == beside.as_str()) {
            return Ok(None);
        }
        let own = org.map(|org| org.id);
        let holder = async |collection: &CollectionName| {
            let holder = self.store.holder(&Claim::Collection(collection.to_string())).await?;
            Ok::<_, Error>(holder.filter(|holder| holder.org.is_none() || holder.org != own))
        };
        let letters = name_letters(name.as_str());
        Ok(Some(match holder(&plain).await? {
            Some(Holder { name: Some(theirs), in_trash, .. })
                if name_letters(theirs.raw()) != letters =>
            {
                if letters_look(theirs.raw()) == letters_look(name.as_str()) {
                    let (what, wanted) = (ClaimKind::Look, name.as_str().into());
                    return Err(Error::Taken { what, wanted, by: Some(theirs), in_trash });
                }
                beside
            }
            // A name with equal letters has the suffix, and the usual one has become free since.
            None if holder(&beside).await?.is_some() => beside,
            Some(_) | None => plain,
        }))
    }

    pub(super) async fn hash(
        &self,
        password: &Secret,
        name: &str,
        email: &str,
    ) -> Result<PasswordHash> {
        self.judge(password, name, email, |password| {
            password.hash().map_err(|e| Error::Machine(e.to_string()))
        })
        .await
    }

    async fn judge<T: Send + 'static>(
        &self,
        password: &Secret,
        name: &str,
        email: &str,
        then: impl FnOnce(&Password) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let policy = self.shared.rules.passwords;
        let (password, name, email) = (password.clone(), name.to_owned(), email.to_owned());
        self.shared
            .hashing
            .enter()?
            .run(move || {
                let judged = Password::judge(&password, policy, &about(&name, &email))?;
                then(&judged)
            })
            .await?
    }
}

/// The words that a password must not contain: the organization's name and the e-mail's local part.
pub(super) fn about<'a>(name: &'a str, email: &'a str) -> [&'a str; 2] {
    [name, email.rsplit_once('@').map_or(email, |(local, _)| local)]
}

/// The collection a new name leads to; none when it stays where it is, because the slug does, or
/// because it is in a collection that is no organization's and never moved: the new name would lead
/// away from its documents.
fn collection_for(name: &OrgName, org: Option<&Org>) -> Option<CollectionName> {
    let collection = CollectionName::from_name(name);
    match org {
        Some(org) if slug(org.name.raw()) == slug(name.as_str()) => None,
        Some(org) if org.collection.raw() == collection.as_str() => None,
        Some(Org { collection, .. })
            if !collection.raw().is_empty() && !collection.raw().starts_with(COLLECTION_PREFIX) =>
        {
            None
        }
        _ => Some(collection),
    }
}

fn wanted<'a>(
    name: &'a OrgName,
    email: Option<&'a Email>,
) -> impl FnOnce(ClaimKind) -> StoredText + 'a {
    move |what| match (what, email) {
        (ClaimKind::Email, Some(email)) => email.as_str().into(),
        (ClaimKind::Email, None)
        | (ClaimKind::Name | ClaimKind::Look | ClaimKind::Collection, _) => name.as_str().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orgs;

    fn org(name: &str, collection: &str) -> Org {
        Org { collection: collection.into(), ..orgs::org(1, name, "ada@acme.com") }
    }

    #[tokio::test]
    async fn names_with_other_letters_and_the_same_collection_get_two() {
        let store = crate::store::sqlite::SqliteStore::in_memory().unwrap();
        let rules = super::super::Rules::default();
        let caller = super::super::Caller::new("tester@here");
        let tenancy = Tenancy::new(std::sync::Arc::new(store), rules, caller).unwrap();
        let mut email = 0;
        let mut create = async |name: &str| {
            email += 1;
            let password = Secret::from("violet harbor lantern 42".to_owned());
            let email = format!("a{email}@example.com");
            let done =
                tenancy.create(&NewOrganization { name: name.into(), email, password }).await;
            done.map(|org| org.collection.raw().to_owned())
        };
        assert_eq!(create("Müller").await.unwrap(), "org_muller");
        let beside = create("Muller").await.unwrap();
        assert!(beside.starts_with("org_muller_") && beside.len() == "org_muller_".len() + 8);
        assert_eq!(create("C++").await.unwrap(), "org_c");
        for taken in ["C#", "c", "MULLER", "Müller!", "Muller, "] {
            let refused = create(taken).await;
            assert!(matches!(refused, Err(Error::Taken { .. })), "{taken}: {refused:?}");
        }
        assert_eq!(create("北京").await.unwrap(), "org_bei_jing");
        assert_ne!(create("背景").await.unwrap(), "org_bei_jing");
    }

    #[test]
    fn a_rename_never_leads_away_from_documents_that_do_not_move_along() {
        let name = OrgName::parse("globex").unwrap();
        let leads_to = |collection: &str| collection_for(&name, Some(&org("acme", collection)));
        assert_eq!(leads_to("org_acme"), Some(CollectionName::from_name(&name)));
        assert_eq!(leads_to(""), Some(CollectionName::from_name(&name)));
        assert_eq!(leads_to("customers"), None);
        assert_eq!(leads_to("org_globex"), None);
    }

    #[test]
    fn blanks_around_an_email_change_nothing() {
        let org = crate::orgs::org(1, "Acme", "ada@acme.com");
        let edit = |email: &str| Edit { email: Some(email.to_owned()), ..Edit::default() };
        let same = edit(" ada@acme.com ");
        assert!(same.changes_nothing(&org) && !same.needs_login(&org));
        let another = edit("eve@acme.com");
        assert!(!another.changes_nothing(&org) && another.needs_login(&org));
    }
}

//! Who runs an organization: its owners decide who else does, and nobody chooses a password for
//! somebody else. Whoever has none, or has forgotten it, is given a one-time code by an operator or an
//! owner, and chooses a password with it.

use bson::{DateTime, oid::ObjectId};

use super::{
    Error, Refusal, Result, Tenancy,
    audit::typed_email,
    second_factor::{SECOND_FACTOR, factor_word},
};
use crate::{
    org::{
        Admin, Claim, ClaimKind, Email, Invalid, OperationKind, Org, PasswordHash, ResetCode, Role,
        Secret, StoredText, email_as_stored, email_forms, email_key,
    },
    store::{AdminChange, AdminEdit, Change, Entry, NewAdmin, Operation, Store, StoreError},
};

/// The admin with this e-mail, in any spelling. All spellings are looked up, even after a match: the time must not
/// tell.
pub(super) async fn admin_with_email(
    store: &dyn Store,
    typed: &str,
) -> std::result::Result<Option<Admin>, StoreError> {
    let mut found = None;
    for form in email_forms(typed) {
        let admin = store.admin_with_email(&form).await?;
        found = found.or(admin);
    }
    Ok(found)
}

/// The same, among the admins of an organization in the trash.
pub(super) async fn admin_in_trash(
    store: &dyn Store,
    org: &Org,
    typed: &str,
) -> std::result::Result<Option<Admin>, StoreError> {
    let mut found = None;
    for form in email_forms(typed) {
        let admin = store.admin_in_trash(org, &form).await?;
        found = found.or(admin);
    }
    Ok(found)
}

/// A one-time code, as it is shown once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedCode {
    /// Of the admin who redeems it.
    pub email: StoredText,
    /// What is typed.
    pub code: Secret,
    /// When it stops working.
    pub until: DateTime,
}

/// What is to change about an admin; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct AdminChanges {
    /// The new role.
    pub role: Option<Role>,
    /// The new e-mail, as it was typed.
    pub email: Option<String>,
    /// The new password. Only ever one's own.
    pub password: Option<Secret>,
    /// Whether the second factor goes: an owner's or a manager's answer to a lost one.
    pub resets_second_factor: bool,
}

impl Tenancy {
    /// The organization's admins, also of one in the trash: the one its record names first.
    ///
    /// # Errors
    /// The database's.
    pub async fn admins(&self, org: &Org) -> Result<Vec<Admin>> {
        self.reading_of(Some(org.id)).await?;
        Ok(self.store.admins(org).await?)
    }

    /// The admin of the organization with this e-mail.
    ///
    /// # Errors
    /// [`Error::NoSuchAdmin`], or the database's.
    pub async fn admin_of(&self, org: &Org, email: &str) -> Result<Admin> {
        let keys: Vec<_> = email_forms(email).iter().map(|form| email_key(form)).collect();
        let mut admins = self.store.admins(org).await?.into_iter();
        admins.find(|admin| keys.contains(&email_key(admin.email.raw()))).ok_or_else(|| {
            Error::NoSuchAdmin { email: email.into(), organization: org.name.clone() }
        })
    }

    /// Adds an admin, who chooses a password with the code that is answered: shown once, stored
    /// nowhere. Needs the session of an owner; where the organization has no owner at all, an owner can be
    /// added without one, which is recorded as an appointment.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Taken`], [`Error::NotAllowed`], [`Error::NoOwner`],
    /// [`Error::Changed`], [`Error::ReadOnly`], or the database's. Nothing was changed.
    pub async fn add_admin(&self, org: &Org, email: &str, role: Role) -> Result<(Org, IssuedCode)> {
        let entry = self.entry(OperationKind::AddAdmin, Some(org)).await.with(
            "admin",
            "",
            typed_email(email),
        );
        let mut entry = entry.with("role", "", role.word());
        let done = async {
            self.may_change(&entry.action, org).await?;
            let email = Email::parse(email)?;
            let appoints = !self.has_owner(org).await?;
            let claims = Claim::of_spellings(&email);
            if appoints {
                entry.action = OperationKind::AppointOwner;
                self.ensure_may(&entry.action, Some(org)).await?;
                if role != Role::Owner {
                    return Err(Error::NoOwner(org.name.clone()));
                }
                // The e-mail of the one who is gone is the organization's still.
                self.ensure_unclaimed(&claims, Some(org.id), email.as_str()).await?;
            } else {
                entry.admin = self.permitted(&entry.action, org).await?.admin_email();
                self.ensure_unclaimed(&claims, None, email.as_str()).await?;
            }
            let (issued, reset) = new_code(email.as_str())?;
            let password = PasswordHash::nobodys();
            let created_at = DateTime::now();
            let new = NewAdmin { email: email.clone(), role, password, reset, created_at };
            let what = if appoints { AdminEdit::Appoint(new) } else { AdminEdit::Add(new) };
            let change = AdminChange { admin: ObjectId::new(), what, successor: None };
            let org = self.change_admin(org, change, &entry, &email).await?;
            Ok((org, issued))
        }
        .await;
        self.recorded(&entry, done).await
    }

    /// Refuses to remove the admin if the removal would be refused after the login and the confirmation anyway.
    /// The refusal is recorded.
    ///
    /// # Errors
    /// As [`Tenancy::remove_admin`], but for what only a login shows.
    pub async fn ensure_removable(&self, org: &Org, email: &str) -> Result<Admin> {
        let mut entry = self.entry(OperationKind::RemoveAdmin, Some(org)).await.with(
            "admin",
            typed_email(email),
            "",
        );
        let done = async {
            self.writable()?;
            not_in_trash(org)?;
            let admin = self.admin_of(org, email).await?;
            name_admin(&mut entry, &admin, "");
            self.successor(org, &admin).await?;
            Ok(admin)
        }
        .await;
        self.recorded(&entry, done).await
    }

    /// Refuses to change the admin so where looking shows that it would be refused in the end. Recorded as
    /// the refusal that it is.
    ///
    /// # Errors
    /// As [`Tenancy::update_admin`], but for what only a login shows, and the password.
    pub async fn ensure_changeable(
        &self,
        org: &Org,
        email: &str,
        changes: &AdminChanges,
    ) -> Result<()> {
        let typed = typed_email(email);
        let mut entry =
            self.entry(OperationKind::ChangeAdmin, Some(org)).await.with("admin", typed, typed);
        let done = async {
            self.writable()?;
            not_in_trash(org)?;
            let admin = self.admin_of(org, email).await?;
            name_admin(&mut entry, &admin, admin.email.raw());
            self.possible(org, &admin, changes).await.map(|_| ())
        }
        .await;
        self.recorded(&entry, done).await
    }

    /// The new role, the new e-mail, and whoever the record names then, where an admin can be changed so.
    async fn possible(
        &self,
        org: &Org,
        admin: &Admin,
        changes: &AdminChanges,
    ) -> Result<(Option<Role>, Option<Email>, Option<Admin>)> {
        let role = changes.role.filter(|role| *role != admin.role);
        let email = changes.email.as_deref().filter(|email| email.trim() != admin.email.raw());
        let email = email.map(Email::parse).transpose()?;
        if let Some(email) = &email {
            self.ensure_unclaimed(&Claim::of_spellings(email), Some(org.id), email.as_str())
                .await?;
        }
        let successor = match role {
            Some(Role::Admin) => self.successor(org, admin).await?,
            Some(Role::Owner) | None => None,
        };
        if role.is_some() && email.is_some() && is_first(admin, org) {
            // Its e-mail is the record's, which then names another.
            return Err(Error::OneAtATime);
        }
        Ok((role, email, successor))
    }

    /// Removes an admin: they cannot log in any more, and their sessions end. Needs the session of an
    /// owner.
    ///
    /// # Errors
    /// [`Error::LastOwner`], [`Error::NoSuchAdmin`], [`Error::NotAllowed`], [`Error::Changed`],
    /// [`Error::ReadOnly`], or the database's. Nothing was changed.
    pub async fn remove_admin(&self, org: &Org, email: &str) -> Result<Org> {
        let mut entry = self.entry(OperationKind::RemoveAdmin, Some(org)).await.with(
            "admin",
            typed_email(email),
            "",
        );
        let done = async {
            self.may_change(&entry.action, org).await?;
            entry.admin = self.permitted(&entry.action, org).await?.admin_email();
            let admin = self.admin_of(org, email).await?;
            name_admin(&mut entry, &admin, "");
            let successor = self.successor(org, &admin).await?;
            let change = AdminChange { admin: admin.id, what: AdminEdit::Remove, successor };
            self.change_admin(org, change, &entry, &admin.email).await
        }
        .await;
        self.recorded(&entry, done).await
    }

    /// Changes an admin's role or e-mail, which needs the session of an owner; or one's own e-mail or
    /// password, which every admin may.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Taken`], [`Error::LastOwner`], [`Error::NoSuchAdmin`],
    /// [`Error::NotAllowed`], [`Error::Changed`], [`Error::ReadOnly`], or the database's. Nothing was
    /// changed.
    pub async fn update_admin(
        &self,
        org: &Org,
        email: &str,
        changes: &AdminChanges,
    ) -> Result<Org> {
        let typed = typed_email(email);
        let mut entry =
            self.entry(OperationKind::ChangeAdmin, Some(org)).await.with("admin", typed, typed);
        let done = self.change_one(org, email, changes, &mut entry).await;
        self.recorded(&entry, done).await
    }

    async fn change_one(
        &self,
        org: &Org,
        email: &str,
        changes: &AdminChanges,
        entry: &mut Entry,
    ) -> Result<Org> {
        self.may_change(&entry.action, org).await?;
        let by = self.permitted(&entry.action, org).await?;
        *entry = entry.clone().of_admin(by.admin_email().raw());
        let admin = self.admin_of(org, email).await?;
        name_admin(entry, &admin, admin.email.raw());
        let own = by.is_admin(admin.id);
        if !by.decides() && (!own || changes.role.is_some()) {
            return Err(Refusal::OwnersOnly(org.name.clone()).into());
        }
        if changes.password.is_some() && !own {
            return Err(Refusal::OwnPassword(admin.email.clone()).into());
        }
        if let Some(role) = changes.role.filter(|role| *role != admin.role) {
            *entry = entry.clone().with("role", admin.role.word(), role.word());
        }
        let email = changes.email.as_deref().filter(|email| email.trim() != admin.email.raw());
        if let Some(email) = email.map(Email::parse).transpose()? {
            *entry = entry.clone().with("e-mail", admin.email.raw(), email.as_str());
        }
        if changes.resets_second_factor {
            return self.reset_second_factor(org, &admin, own, changes, entry).await;
        }
        let (role, new_email, successor) = self.possible(org, &admin, changes).await?;
        let password = match &changes.password {
            None => None,
            Some(password) => {
                *entry = entry.clone().with("password", "", "");
                let email = new_email.as_ref().map_or(admin.email.raw(), Email::as_str);
                Some(self.hash(password, org.name.raw(), email).await?)
            }
        };
        let meant = new_email.as_ref().map_or(admin.email.raw(), Email::as_str).to_owned();
        if role.is_none() && is_first(&admin, org) {
            let change = Change { email: new_email, password, ..Change::default() };
            let operation = Operation::Update(Box::new(org.clone()), change);
            return self
                .perform(operation, entry)
                .await
                .map_err(|error| Error::of_store(error, &org.name, |_| meant.as_str().into()));
        }
        let what = AdminEdit::Set { role, email: new_email, password, reset: None };
        let change = AdminChange { admin: admin.id, what, successor };
        self.change_admin(org, change, entry, &meant).await
    }

    /// Takes away another admin's second factor.
    async fn reset_second_factor(
        &self,
        org: &Org,
        admin: &Admin,
        own: bool,
        changes: &AdminChanges,
        entry: &mut Entry,
    ) -> Result<Org> {
        if own {
            return Err(Error::OwnSecondFactor);
        }
        if changes.role.is_some() || changes.email.is_some() {
            return Err(Error::OneAtATime);
        }
        if admin.second_factor.is_none() {
            return Err(Error::NoSecondFactor(admin.email.clone()));
        }
        *entry = entry.clone().with(SECOND_FACTOR, factor_word(admin.second_factor.as_ref()), "");
        self.set_second_factor(org, admin, None, entry).await
    }

    /// Makes a one-time code for an admin who has no password or has forgotten it: shown once, stored
    /// nowhere, good for an hour. Needs no login: whoever reaches the database may, and it is recorded.
    ///
    /// # Errors
    /// [`Error::NoSuchAdmin`], [`Error::Changed`], [`Error::ReadOnly`], or the database's.
    pub async fn issue_code(&self, org: &Org, email: &str) -> Result<(Org, IssuedCode)> {
        let typed = typed_email(email);
        let mut entry =
            self.entry(OperationKind::IssueCode, Some(org)).await.with("admin", typed, typed);
        let done = async {
            self.may_change(&entry.action, org).await?;
            let admin = self.admin_of(org, email).await?;
            name_admin(&mut entry, &admin, admin.email.raw());
            let (issued, reset) = new_code(admin.email.raw())?;
            let reset = Some(reset);
            let what = AdminEdit::Set { role: None, email: None, password: None, reset };
            let change = AdminChange { admin: admin.id, what, successor: None };
            let org = self.change_admin(org, change, &entry, &admin.email).await?;
            Ok((org, issued))
        }
        .await;
        self.recorded(&entry, done).await
    }

    /// Sets a new password with a one-time code, which is used up by it. Says the same whether the
    /// e-mail is known or not.
    ///
    /// # Errors
    /// [`Error::WrongCode`]; [`Error::Invalid`] for the password, and then the code is good still;
    /// [`Error::NotAllowed`] in the trash, [`Error::ReadOnly`], or the database's.
    pub async fn redeem(&self, email: &str, code: &Secret, password: &Secret) -> Result<Org> {
        if code.reveal().trim().is_empty() {
            // A slip and no attempt.
            return Err(Invalid::CodeEmpty.into());
        }
        let mut entry =
            self.entry(OperationKind::RedeemCode, None).await.of_admin(typed_email(email));
        let done = self.use_code(email, code, password, &mut entry).await;
        if matches!(done, Err(Error::WrongCode)) {
            self.note_whose(email, &mut entry).await;
        }
        self.recorded(&entry, done).await
    }

    async fn use_code(
        &self,
        email: &str,
        code: &Secret,
        password: &Secret,
        entry: &mut Entry,
    ) -> Result<Org> {
        self.writing(&entry.action, None).await?;
        let found = admin_with_email(&*self.store, email).await?.ok_or(Error::WrongCode)?;
        let org = self.store.org_of_admin(&found).await?.ok_or(Error::WrongCode)?;
        // Read again, behind the organization: whatever uses the code in between changes that.
        let admin = self.store.admin(found.id).await?.ok_or(Error::WrongCode)?;
        if !admin.reset.as_ref().is_some_and(|reset| reset.opens(code, DateTime::now())) {
            return Err(Error::WrongCode);
        }
        *entry = entry.clone().of_admin(admin.email.raw()).called(org.name.raw());
        *entry = entry.clone().with("password", "", "");
        entry.organization = Some(org.id);
        // Suspended, the new password waits with everything else until it is reactivated.
        if org.in_trash().is_some() {
            return Err(Refusal::Trashed(org.name).into());
        }
        let hash = self.hash(password, org.name.raw(), admin.email.raw()).await?;
        let org = if is_first(&admin, &org) {
            let change = Change { password: Some(hash), ..Change::default() };
            let operation = Operation::Update(Box::new(org.clone()), change);
            let done = self.perform(operation, entry).await;
            done.map_err(|error| Error::of_store(error, &org.name, |_| org.name.clone()))?
        } else {
            let password = Some(hash);
            let what = AdminEdit::Set { role: None, email: None, password, reset: None };
            let change = AdminChange { admin: admin.id, what, successor: None };
            self.change_admin(&org, change, entry, &admin.email).await?
        };
        // Whoever has the code need not wait for what others have guessed. It is used in any case.
        let _ = self.store.forget_attempts(&email_as_stored(email)).await;
        Ok(org)
    }

    pub(super) async fn change_admin(
        &self,
        org: &Org,
        change: AdminChange,
        entry: &Entry,
        email: &(impl ToString + ?Sized),
    ) -> Result<Org> {
        let operation = Operation::Admin(Box::new(org.clone()), Box::new(change));
        self.perform(operation, entry).await.map_err(|error| {
            Error::of_store(error, &org.name, |what| match what {
                ClaimKind::Email => email.to_string().into(),
                ClaimKind::Name | ClaimKind::Look | ClaimKind::Collection => org.name.clone(),
            })
        })
    }

    /// Whoever the record names instead of this admin, once that is no owner any more; none where it
    /// names another one anyway.
    async fn successor(&self, org: &Org, admin: &Admin) -> Result<Option<Admin>> {
        if admin.role != Role::Owner {
            return Ok(None);
        }
        let admins = self.store.admins(org).await?;
        let successor = admins.into_iter().find(|a| a.role == Role::Owner && a.id != admin.id);
        match successor {
            None => {
                Err(Error::LastOwner { email: admin.email.clone(), organization: org.name.clone() })
            }
            successor => Ok(successor.filter(|_| is_first(admin, org))),
        }
    }

    /// Whether the organization has an owner, who could log in or be given a code.
    ///
    /// # Errors
    /// The database's.
    pub async fn has_owner(&self, org: &Org) -> Result<bool> {
        Ok(self.store.admins(org).await?.iter().any(|admin| admin.role == Role::Owner))
    }

    pub(super) async fn may_change(&self, operation: &OperationKind, org: &Org) -> Result<()> {
        self.writing(operation, Some(org)).await?;
        not_in_trash(org)
    }
}

pub(super) fn not_in_trash(org: &Org) -> Result<()> {
    match org.in_trash() {
        Some(_) => Err(Error::InTrash(org.name.clone())),
        None => Ok(()),
    }
}

/// Names an admin in the audit log as it is stored. Until it is found, only what is an e-mail address is
/// recorded of what was typed.
pub(super) fn name_admin(entry: &mut Entry, admin: &Admin, afterwards: &str) {
    entry.changes.retain(|change| change.field.raw() != "admin");
    *entry = entry.clone().with("admin", admin.email.raw(), afterwards);
}

pub(super) fn new_code(email: &str) -> Result<(IssuedCode, ResetCode)> {
    let issued = ResetCode::issue(DateTime::now());
    let (code, reset) = issued.map_err(|error| Error::Machine(error.to_string()))?;
    Ok((IssuedCode { email: email.into(), code, until: reset.until }, reset))
}

/// Whether it is the admin whom the organization's record names.
pub(super) fn is_first(admin: &Admin, org: &Org) -> bool {
    org.admin_id.raw().eq_ignore_ascii_case(&admin.id.to_hex())
}

//! Operators: accounts of the people who operate, managed by those among them who are managers.
//!
//! While there is none, whoever reaches the database operates, and adds the first, a manager. From then on one manager
//! who can log in always remains. All accounts are one document, so that each rule here is checked of just what is
//! written then.

use bson::{DateTime, oid::ObjectId};

use super::{
    Caller, Error, Refusal, Result, Session, Tenancy,
    audit::typed_email,
    second_factor::{SECOND_FACTOR, factor_word},
    session::{TokenOf, ValidToken, logged_in_operator, may, spend},
};
use crate::{
    org::{
        Claim, Email, OperationKind, Operator, OperatorRole, PasswordHash, Secret, email_as_stored,
        email_forms,
    },
    store::{Directory, Entry, Required, StoreError},
};

/// How often a write is tried again that another one came in the way of.
const TRIES: u32 = 10;

/// What is to change about an operator; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct OperatorChanges {
    /// The new role.
    pub role: Option<OperatorRole>,
    /// Whether they cannot log in.
    pub disabled: Option<bool>,
    /// The new password. Only ever one's own.
    pub password: Option<Secret>,
    /// Whether the second factor goes: a manager's answer to a lost one.
    pub resets_second_factor: bool,
}

impl OperatorChanges {
    /// Whether it is about what only managers decide.
    fn needs_manager(&self) -> bool {
        self.role.is_some() || self.disabled.is_some() || self.resets_second_factor
    }
}

impl Tenancy {
    /// All operators, and for what an account is required.
    ///
    /// # Errors
    /// The database's.
    pub async fn operators(&self) -> Result<Directory> {
        self.reading().await?;
        Ok(self.store.directory().await?)
    }

    /// The operator with this e-mail, in any spelling.
    ///
    /// # Errors
    /// [`Error::NoSuchOperator`], or the database's.
    pub async fn operator(&self, email: &str) -> Result<Operator> {
        operator_with_email(&self.operators().await?, email).cloned()
    }

    /// Refuses what [`Tenancy::recover_operators`] would refuse before a password is asked for.
    ///
    /// # Errors
    /// [`Error::NoSuchOperator`], [`Error::ReadOnly`], or the database's.
    pub async fn check_recovery(&self, email: &str) -> Result<()> {
        operator_with_email(&self.directory_to_write().await?, email).map(drop)
    }

    /// For what an account is required, and whether there is any: told without a login, so that one can be asked for.
    ///
    /// # Errors
    /// The database's.
    pub async fn required(&self) -> Result<(Required, bool)> {
        let directory = self.store.directory().await?;
        Ok((directory.required, !directory.operators.is_empty()))
    }

    /// Whether an operator has this e-mail, in any spelling: for who is asked for a password, to know for what.
    ///
    /// # Errors
    /// The database's.
    pub async fn is_operators(&self, email: &str) -> Result<bool> {
        Ok(operator_with_email(&self.store.directory().await?, email).is_ok())
    }

    /// Adds an operator. The first one is a manager and needs no login; later ones need a manager's.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Taken`], [`Error::OperatorsEmail`], [`Error::FirstIsManager`],
    /// [`Error::NotAllowed`], [`Error::ReadOnly`], or the database's. Nothing was changed.
    pub async fn add_operator(
        &self,
        email: &str,
        role: Option<OperatorRole>,
        password: &Secret,
    ) -> Result<Operator> {
        let mut entry = self.entry(OperationKind::AddOperator, None).await;
        entry = entry.with("operator", "", typed_email(email));
        let session = self.session().await;
        let done = async {
            let email = Email::parse(email)?;
            // Before the password is hashed.
            let role = self.admissible(&email, role).await?;
            entry = entry.clone().with("role", "", role.word());
            let password = self.hash(password, "", email.as_str()).await?;
            let new = new_operator(&email, role, password);
            let adds = |directory: &mut Directory| {
                ensure_manages(&self.caller, &session, directory, &OperationKind::AddOperator)?;
                first_role(directory, Some(role))?;
                if operator_with_email(directory, email.as_str()).is_ok() {
                    return Err(Error::OperatorsEmail(email.as_str().into()));
                }
                directory.operators.push(new.clone());
                Ok(new.clone())
            };
            self.write_operators(&entry, email.as_str(), adds).await
        }
        .await;
        self.recorded(&entry, done).await
    }

    /// Refuses what [`Tenancy::add_operator`] would refuse before a password is asked for.
    ///
    /// # Errors
    /// As [`Tenancy::add_operator`].
    pub async fn check_new_operator(&self, email: &str, role: Option<OperatorRole>) -> Result<()> {
        self.admissible(&Email::parse(email)?, role).await.map(drop)
    }

    /// The role of an operator who can be added by the caller.
    async fn admissible(&self, email: &Email, role: Option<OperatorRole>) -> Result<OperatorRole> {
        let directory = self.directory_to_write().await?;
        ensure_manages(
            &self.caller,
            &self.session().await,
            &directory,
            &OperationKind::AddOperator,
        )?;
        let role = first_role(&directory, role)?;
        self.ensure_no_account(&directory, email).await?;
        Ok(role)
    }

    /// Changes an operator's role, disables or enables them, which needs a manager; or one's own password.
    ///
    /// # Errors
    /// [`Error::NoSuchOperator`], [`Error::LastManager`], [`Error::OperatorsOwnPassword`], [`Error::Invalid`],
    /// [`Error::NotAllowed`], [`Error::ReadOnly`], or the database's. Nothing was changed.
    pub async fn update_operator(
        &self,
        email: &str,
        changes: &OperatorChanges,
    ) -> Result<Operator> {
        let typed = typed_email(email);
        let mut entry = self.entry(OperationKind::ChangeOperator, None).await;
        entry = entry.with("operator", typed, typed);
        let session = self.session().await;
        let done = async {
            let directory = self.directory_to_write().await?;
            if changes.needs_manager() {
                ensure_manages(&self.caller, &session, &directory, &OperationKind::ChangeOperator)?;
            }
            let before = operator_with_email(&directory, email)?.clone();
            if let Some(role) = changes.role {
                entry = entry.clone().with("role", before.role.word(), role.word());
            }
            if let Some(disabled) = changes.disabled {
                let word = |disabled| if disabled { "disabled" } else { "enabled" };
                entry = entry.clone().with("login", word(before.disabled), word(disabled));
            }
            if changes.resets_second_factor {
                entry = entry.clone().with(
                    SECOND_FACTOR,
                    factor_word(before.second_factor.as_ref()),
                    "",
                );
            }
            let password = match &changes.password {
                None => None,
                Some(password) => {
                    entry = entry.clone().with("password", "", "");
                    ensure_own(&session, &directory, &before)?;
                    Some(self.hash(password, "", before.email.raw()).await?)
                }
            };
            let is_own = is_of(&session, &before);
            let changes_it = |directory: &mut Directory| {
                if changes.needs_manager() {
                    ensure_manages(
                        &self.caller,
                        &session,
                        directory,
                        &OperationKind::ChangeOperator,
                    )?;
                }
                if password.is_some() {
                    ensure_own(&session, directory, &before)?;
                }
                let place = directory.operators.iter_mut().find(|own| own.id == before.id);
                let own = place.ok_or_else(|| Error::NoSuchOperator(before.email.clone()))?;
                own.role = changes.role.unwrap_or(own.role);
                own.disabled = changes.disabled.unwrap_or(own.disabled);
                own.password = password.clone().unwrap_or_else(|| own.password.clone());
                if changes.resets_second_factor {
                    if is_own {
                        return Err(Error::OwnSecondFactor);
                    }
                    if own.second_factor.take().is_none() {
                        return Err(Error::NoSecondFactor(before.email.clone()));
                    }
                }
                let own = own.clone();
                ensure_manager(directory, &before)?;
                Ok(own)
            };
            self.write_operators(&entry, before.email.raw(), changes_it).await
        }
        .await;
        self.recorded(&entry, done).await
    }

    /// Removes an operator: they cannot log in any more, and their sessions end. Needs a manager's session.
    ///
    /// # Errors
    /// As [`Tenancy::update_operator`].
    pub async fn remove_operator(&self, email: &str) -> Result<Operator> {
        let mut entry = self.entry(OperationKind::RemoveOperator, None).await;
        entry = entry.with("operator", typed_email(email), "");
        let session = self.session().await;
        let removes = |directory: &mut Directory| {
            ensure_manages(&self.caller, &session, directory, &OperationKind::RemoveOperator)?;
            let gone = operator_with_email(directory, email)?.clone();
            directory.operators.retain(|own| own.id != gone.id);
            ensure_manager(directory, &gone)?;
            Ok(gone)
        };
        let done = self.write_operators(&entry, email, removes).await;
        self.recorded(&entry, done).await
    }

    /// Says for what an operator's account is required, on this database and for every console. Needs a manager's
    /// session.
    ///
    /// # Errors
    /// [`Error::NoOperators`], [`Error::NotAllowed`], [`Error::ReadOnly`], or the
    /// database's.
    pub async fn require_operators(&self, required: Required) -> Result<()> {
        let entry = self.entry(OperationKind::RequireOperators, None).await;
        let entry = entry.with("required", "", required.word());
        let session = self.session().await;
        let sets = |directory: &mut Directory| {
            ensure_manages(&self.caller, &session, directory, &OperationKind::RequireOperators)?;
            if directory.operators.is_empty() {
                return Err(Error::NoOperators);
            }
            directory.required = required;
            Ok(())
        };
        let done = self.write_operators(&entry, "", sets).await;
        // What was known before is not believed any longer.
        *self.shared.looking.lock().unwrap_or_else(super::poisoned) = None;
        self.recorded(&entry, done).await
    }

    /// Makes an operator a manager who can log in with this password: for whoever reaches the database, since whether
    /// the managers still know their passwords cannot be known here. Recorded as what it is.
    ///
    /// # Errors
    /// [`Error::NoSuchOperator`], [`Error::Invalid`], [`Error::ReadOnly`], or the database's.
    pub async fn recover_operators(&self, email: &str, password: &Secret) -> Result<Operator> {
        let mut entry = self.entry(OperationKind::RecoverOperators, None).await;
        entry = entry.with("operator", "", typed_email(email));
        let done = async {
            let known = operator_with_email(&self.directory_to_write().await?, email)?.clone();
            let password = self.hash(password, "", known.email.raw()).await?;
            let recovers = |directory: &mut Directory| {
                let place = directory.operators.iter_mut().find(|own| own.id == known.id);
                let own = place.ok_or_else(|| Error::NoSuchOperator(known.email.clone()))?;
                own.password = password.clone();
                own.second_factor = None;
                (own.role, own.disabled) = (OperatorRole::Manager, false);
                Ok(own.clone())
            };
            let recovered = self.write_operators(&entry, known.email.raw(), recovers).await?;
            // Whoever guessed at it keeps its owner out no longer.
            self.store.forget_attempts(&email_as_stored(known.email.raw())).await?;
            Ok(recovered)
        }
        .await;
        self.recorded(&entry, done).await
    }

    /// The session of an operator whose password was just verified.
    pub(super) async fn operator_logs_in(
        &self,
        operator: &Operator,
        code: Option<&Secret>,
        failures: u64,
        entry: &mut Entry,
    ) -> Result<Session> {
        *entry = entry.clone().of_admin("").of_operator(operator.email.raw());
        let logs_in = |directory: &mut Directory| {
            let own = directory.operators.iter_mut().find(|own| own.id == operator.id);
            let own = own.filter(|own| own.password == operator.password);
            let own = own.ok_or(Error::WrongLogin)?;
            if own.disabled {
                return Err(Refusal::Disabled.into());
            }
            // Whichever of two that use the same code writes first has used it up for the other.
            let (key, account) = (self.shared.factor_key.as_deref(), (own.id, &own.email));
            own.second_factor = spend(own.second_factor.as_ref(), account, code, key)?;
            own.last_login = Some(DateTime::now());
            self.shared.sessions.issue_to_operator(own, failures)
        };
        self.write_operators(entry, operator.email.raw(), logs_in).await
    }

    /// Changes the directory as it is then, and again where another one came in between.
    pub(super) async fn write_operators<T>(
        &self,
        entry: &Entry,
        email: &str,
        change: impl Fn(&mut Directory) -> Result<T>,
    ) -> Result<T> {
        self.ensure_key_may(&entry.action).await?;
        for _ in 0..TRIES {
            let mut directory = self.directory_to_write().await?;
            let done = change(&mut directory)?;
            match self.store.write_directory(&directory, entry).await {
                Err(StoreError::Changed) => {}
                Err(error) => return Err(Error::of_store(error, &email.into(), |_| email.into())),
                Ok(()) => return Ok(done),
            }
        }
        Err(Error::OperatorsChanged)
    }

    pub(super) async fn directory_to_write(&self) -> Result<Directory> {
        self.writable()?;
        self.store.prepare(&self.caller.operator).await?;
        Ok(self.store.directory().await?)
    }

    /// Refuses an e-mail that an operator or an admin has, in any spelling.
    async fn ensure_no_account(&self, directory: &Directory, email: &Email) -> Result<()> {
        if operator_with_email(directory, email.as_str()).is_ok() {
            return Err(Error::OperatorsEmail(email.as_str().into()));
        }
        self.ensure_unclaimed(&Claim::of_spellings(email), None, email.as_str()).await
    }
}

/// Refuses a caller who may not manage operators. Managers may, and so may anyone who reaches the database itself while it
/// has no operators: callers that always need a login only reach the service.
pub(super) fn ensure_manages(
    caller: &Caller,
    session: &Result<Option<ValidToken>>,
    directory: &Directory,
    operation: &OperationKind,
) -> Result<()> {
    if directory.operators.is_empty() && caller.required() == Required::Nothing {
        return Ok(());
    }
    let session = session.as_ref().map_err(Clone::clone)?;
    let session = session.as_ref().ok_or(Refusal::ManagersOnly)?;
    match session.whose {
        TokenOf::Operator { operator, .. } => {
            may(directory, operator, session, operation)?;
            Ok(())
        }
        TokenOf::Admin { .. } => Err(Refusal::ManagersOnly.into()),
    }
}

/// Whether the session is this operator's.
fn is_of(session: &Result<Option<ValidToken>>, operator: &Operator) -> bool {
    matches!(
        session,
        Ok(Some(ValidToken { whose: TokenOf::Operator { operator: own, .. }, .. })) if *own == operator.id
    )
}

/// Refuses everybody but this operator.
fn ensure_own(
    session: &Result<Option<ValidToken>>,
    directory: &Directory,
    own: &Operator,
) -> Result<()> {
    let refused = || Error::OperatorsOwnPassword(own.email.clone());
    if session.as_ref().map_err(Clone::clone)?.is_none() || !is_of(session, own) {
        return Err(refused());
    }
    logged_in_operator(session, directory).map(drop)
}

fn new_operator(email: &Email, role: OperatorRole, password: PasswordHash) -> Operator {
    Operator {
        id: ObjectId::new(),
        email: email.as_str().into(),
        password,
        role,
        disabled: false,
        created_at: DateTime::now(),
        last_login: None,
        second_factor: None,
        keys: Vec::new(),
    }
}

/// The role of a new operator: the first one has to be able to add the others.
fn first_role(directory: &Directory, role: Option<OperatorRole>) -> Result<OperatorRole> {
    match role {
        Some(OperatorRole::Viewer | OperatorRole::Operator) if directory.operators.is_empty() => {
            Err(Error::FirstIsManager)
        }
        None if directory.operators.is_empty() => Ok(OperatorRole::Manager),
        role => Ok(role.unwrap_or(OperatorRole::Operator)),
    }
}

/// The operator with this e-mail, in any spelling.
fn operator_with_email<'a>(directory: &'a Directory, typed: &str) -> Result<&'a Operator> {
    let forms = email_forms(typed);
    let found = forms.iter().find_map(|form| directory.with_email(form));
    found.ok_or_else(|| Error::NoSuchOperator(typed.into()))
}

/// Refuses what would leave nobody to manage the operators.
fn ensure_manager(after: &Directory, changed: &Operator) -> Result<()> {
    if after.operators.iter().any(Operator::is_enabled_manager) {
        return Ok(());
    }
    Err(Error::LastManager(changed.email.clone()))
}

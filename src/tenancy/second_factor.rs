//! The second factor of an account: operators and admins set up their own, and an operator's role can require one.

use bson::DateTime;

use super::{
    Error, Refusal, Result, Session, Tenancy,
    operators::ensure_manages,
    session::{TokenOf, logged_in_operator, spend},
};
use crate::{
    org::{
        Admin, NewSecondFactor, OperationKind, Operator, OperatorRole, Org, Role, SecondFactor,
        Secret, StoredText,
    },
    store::{AdminChange, AdminEdit, Directory, Entry},
};

/// What it is called in the audit log, and the only kind of it.
pub(super) const SECOND_FACTOR: &str = "second factor";
const TOTP: &str = "totp";

/// What someone should know who sets one up and has one already.
pub const REPLACES: &str = "It replaces the second factor you have now, and its recovery codes.";

/// What an admin should know who sets one up.
pub const FASTAPI_ASKS_FOR_NONE: &str =
    "The FastAPI service, if it still runs on this database, does not ask for codes.";

/// How often a code is looked at again where another login came in between.
const TRIES: u32 = 10;

/// Whose second factor it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Own {
    /// An operator's.
    Operator(Operator),
    /// An admin's, and their organization.
    Admin(Box<Admin>, Box<Org>),
}

impl Own {
    fn email(&self) -> &StoredText {
        match self {
            Self::Operator(own) => &own.email,
            Self::Admin(own, _) => &own.email,
        }
    }

    fn second_factor(&self) -> Option<&SecondFactor> {
        match self {
            Self::Operator(own) => own.second_factor.as_ref(),
            Self::Admin(own, _) => own.second_factor.as_ref(),
        }
    }
}

/// How the audit log calls it.
pub(super) fn factor_word(factor: Option<&SecondFactor>) -> &'static str {
    if factor.is_some() { TOTP } else { "" }
}

impl Tenancy {
    /// A second factor to be set up with [`Tenancy::set_up_second_factor`]. Nothing of it is stored.
    ///
    /// # Errors
    /// [`Error::Machine`], where the operating system gives no random bytes.
    pub fn new_second_factor() -> Result<NewSecondFactor> {
        NewSecondFactor::generate().map_err(|error| Error::Machine(error.to_string()))
    }

    /// Sets up the caller's second factor with a code that shows that the app has it, which is used up by it, instead
    /// of the one before. Their sessions end; gives a new one, and the recovery codes: shown once, stored nowhere.
    ///
    /// # Errors
    /// [`Error::WrongFirstCode`], [`Error::NotAllowed`] where neither an operator nor an admin is logged in, or not
    /// within the last minutes, [`Error::ReadOnly`], or the database's.
    pub async fn set_up_second_factor(
        &self,
        new: &NewSecondFactor,
        code: &Secret,
    ) -> Result<(Session, Vec<Secret>)> {
        let mut entry = self.entry(OperationKind::ChangeOperator, None).await;
        let done = async {
            self.writing(&entry.action, None).await?;
            let own = self.own_account(&mut entry, TOTP).await?;
            let id = match &own {
                Own::Operator(operator) => operator.id,
                Own::Admin(admin, _) => admin.id,
            };
            let key = self.shared.factor_key.as_deref();
            let confirmed = new.confirm(code, DateTime::now(), id, key);
            let confirmed = confirmed.map_err(|error| Error::Machine(error.to_string()))?;
            let (factor, codes) = confirmed.ok_or(Error::WrongFirstCode)?;
            let session = match own {
                Own::Operator(own) => {
                    let login = self.session().await;
                    let sets_up = |directory: &mut Directory| {
                        let own = logged_in_operator(&login, directory)?;
                        let place = directory.operators.iter_mut().find(|other| other.id == own.id);
                        let own = place.ok_or(Refusal::OperatorChanged)?;
                        own.second_factor = Some(factor.clone());
                        self.shared.sessions.issue_to_operator(own, 0)
                    };
                    self.write_operators(&entry, own.email.raw(), sets_up).await?
                }
                Own::Admin(admin, org) => {
                    let org =
                        self.set_second_factor(&org, &admin, Some(factor.clone()), &entry).await?;
                    let admin = Admin { second_factor: Some(factor), ..*admin };
                    self.shared.sessions.issue(&admin, &org, 0)?
                }
            };
            Ok((session, codes))
        }
        .await;
        self.recorded(&entry, done).await
    }

    /// Removes the caller's second factor. Their sessions end.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] as [`Tenancy::set_up_second_factor`], and where an operator's role requires one;
    /// [`Error::ReadOnly`], or the database's.
    pub async fn remove_second_factor(&self) -> Result<Own> {
        let mut entry = self.entry(OperationKind::ChangeOperator, None).await;
        let done = async {
            self.writing(&entry.action, None).await?;
            let own = self.own_account(&mut entry, "").await?;
            if own.second_factor().is_none() {
                return Err(Error::NoSecondFactor(own.email().clone()));
            }
            match own {
                Own::Operator(own) => {
                    let login = self.session().await;
                    let removes = |directory: &mut Directory| {
                        let own = logged_in_operator(&login, directory)?;
                        let own = Operator { second_factor: None, ..own };
                        if directory.lacks_second_factor(&own) {
                            return Err(Refusal::SecondFactorRequired.into());
                        }
                        let place = directory.operators.iter_mut().find(|other| other.id == own.id);
                        *place.ok_or(Refusal::OperatorChanged)? = own.clone();
                        Ok(own)
                    };
                    let email = own.email.raw();
                    Ok(Own::Operator(self.write_operators(&entry, email, removes).await?))
                }
                Own::Admin(admin, org) => {
                    let org = self.set_second_factor(&org, &admin, None, &entry).await?;
                    let admin = Admin { second_factor: None, ..*admin };
                    Ok(Own::Admin(Box::new(admin), Box::new(org)))
                }
            }
        }
        .await;
        self.recorded(&entry, done).await
    }

    /// Says from which role on operators have to have a second factor: without one, they can set one up, and nothing
    /// else. Needs a manager's session.
    ///
    /// # Errors
    /// As [`Tenancy::require_operators`].
    pub async fn require_second_factor(&self, from: Option<OperatorRole>) -> Result<()> {
        let entry = self.entry(OperationKind::RequireOperators, None).await;
        let word = from.map_or("off", OperatorRole::word);
        let entry = entry.with(SECOND_FACTOR, "", word);
        let session = self.session().await;
        let sets = |directory: &mut Directory| {
            ensure_manages(&self.caller, &session, directory, &OperationKind::RequireOperators)?;
            if directory.operators.is_empty() {
                return Err(Error::NoOperators);
            }
            directory.second_factor_from = from;
            Ok(())
        };
        let done = self.write_operators(&entry, "", sets).await;
        self.recorded(&entry, done).await
    }

    /// The account of the caller's session, after a recent login: required to change how they log in. Adds it, and the
    /// change of its second factor, to the entry.
    async fn own_account(&self, entry: &mut Entry, afterwards: &str) -> Result<Own> {
        let verified = self.session().await?.ok_or(Refusal::OperatorsRequired)?;
        let (own, kind) = match verified.whose {
            TokenOf::Operator { .. } => {
                let directory = self.directory_to_write().await?;
                let own = logged_in_operator(&Ok(Some(verified)), &directory)?;
                (Own::Operator(own), "operator")
            }
            TokenOf::Admin { admin, organization, epoch } => {
                let org = self.store.org(organization).await?.ok_or(Refusal::AdminChanged)?;
                *entry = self.entry(OperationKind::ChangeAdmin, Some(&org)).await;
                let session = (admin, organization, epoch);
                let own = self.admin_allowed(&verified, session, &org, Role::Admin).await?;
                *entry = entry.clone().of_admin(own.email.raw());
                if !verified.is_recent() {
                    return Err(Refusal::NotRecent.into());
                }
                (Own::Admin(Box::new(own), Box::new(org)), "admin")
            }
        };
        let email = own.email().raw();
        *entry = entry.clone().with(kind, email, email);
        let before = factor_word(own.second_factor());
        *entry = entry.clone().with(SECOND_FACTOR, before, afterwards);
        Ok(own)
    }

    pub(super) async fn set_second_factor(
        &self,
        org: &Org,
        admin: &Admin,
        factor: Option<SecondFactor>,
        entry: &Entry,
    ) -> Result<Org> {
        let what = AdminEdit::SecondFactor(factor);
        let change = AdminChange { admin: admin.id, what, successor: None };
        self.change_admin(org, change, entry, &admin.email).await
    }

    /// Uses up the code that an admin has just proved to have, so that it is accepted once. Whichever of two that use
    /// the same one writes first has used it up for the other.
    pub(super) async fn spend_code(&self, admin: &Admin, code: Option<&Secret>) -> Result<Admin> {
        let mut admin = admin.clone();
        for _ in 0..TRIES {
            let Some(spent) = spend(
                admin.second_factor.as_ref(),
                (admin.id, &admin.email),
                code,
                self.shared.factor_key.as_deref(),
            )?
            else {
                return Ok(admin);
            };
            if self.store.spend_second_factor(&admin, &spent).await? {
                return Ok(Admin { second_factor: Some(spent), ..admin });
            }
            let password = admin.password;
            let now = self.store.admin(admin.id).await?;
            admin = now.filter(|now| now.password == password).ok_or(Error::WrongLogin)?;
        }
        Err(Error::WrongAuthenticationCode)
    }
}

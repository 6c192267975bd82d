//! What is recorded of each operation, each login and each refusal, and how it is read and verified.
//!
//! An operation's entry is written by the store with the operation; of one that was undone a second entry says so. A
//! refusal's is written here; where that cannot be, the refusal stands all the same, and whoever asked is
//! told why it was refused.

use std::time::Duration;

use bson::{Bson, Document};

use super::{Error, Result, Tenancy, session::TokenOf};
use crate::{
    org::{ClaimKind, Email, Invalid, OperationKind, Org, PasswordFault, StoredText},
    store::{
        AuditAt, AuditFilter, AuditQuery, Entry, Head, ListScope, Operation, Outcome, Settled,
        StoreError, Tampering, Verification,
    },
};

/// What a change of an organization's name is called in the audit log.
pub(super) const NAME: &str = "name";

/// How long it is tried to record that an outcome is unknown, before that is said.
const RECORDING: Duration = Duration::from_millis(400);

/// How many entries are verified at once.
const AT_ONCE: u32 = 1000;

/// An entry with its number.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberedEntry {
    /// Its number.
    pub number: i64,
    /// Its hash, which is over all before it as well.
    pub hash: StoredText,
    /// What it says.
    pub entry: Entry,
}

/// Entries that follow each other in the audit log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<NumberedEntry>,
    /// Whether more match behind them.
    pub more: bool,
}

/// What a verification found: how far the record is as it was written, and what was done to it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The last entry that is as it was written.
    pub head: Head,
    /// What was done to the one behind it, if anything.
    pub tampering: Option<Tampering>,
}

impl Tenancy {
    /// The next entries that a filter lets through: of one organization, by its name now or then, or of all.
    ///
    /// # Errors
    /// [`Error::NotFound`] where no organization is or was called so, or the database's.
    pub async fn audit(
        &self,
        of: Option<&str>,
        filter: &AuditFilter,
        at: AuditAt,
        limit: u32,
    ) -> Result<AuditPage> {
        self.reading().await?;
        let of = match of {
            None => filter.of.clone(),
            Some(name) => {
                let mut org = self.store.org_named(name, ListScope::Live).await?;
                if org.is_none() {
                    org = self.store.org_named(name, ListScope::Trash).await?;
                }
                let typed = name;
                let name = org.as_ref().map_or(name, |org| org.name.raw()).to_owned();
                let unknown = org.is_none();
                let of = Some((org.map(|org| org.id), name));
                if unknown {
                    // One that is gone is known by what was recorded of it.
                    let filter = AuditFilter { of: of.clone(), ..AuditFilter::ALL };
                    let ever = AuditQuery { filter, at: AuditAt::Newest, limit: 1 };
                    if self.read_audit_log(&ever).await?.is_empty() {
                        return Err(Error::NotFound { name: typed.into(), nearest: None });
                    }
                }
                of
            }
        };
        let filter = AuditFilter { of, ..filter.clone() };
        // One more tells whether there are more.
        let query = AuditQuery { filter, at, limit: limit.saturating_add(1) };
        let mut entries = self.read_audit_log(&query).await?;
        let more = entries.len() > usize::try_from(limit).unwrap_or(usize::MAX);
        entries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(AuditPage { entries, more })
    }

    /// The last entry of the audit log, as it is stored: to compare with what a verification finds.
    ///
    /// # Errors
    /// The database's.
    pub async fn head(&self) -> Result<Head> {
        self.reading().await?;
        let newest = AuditQuery { filter: AuditFilter::ALL, at: AuditAt::Newest, limit: 1 };
        let found = self.store.entries(&newest).await?;
        Ok(found.first().map(Head::from_document).unwrap_or_default())
    }

    /// The newest entries about an organization.
    ///
    /// # Errors
    /// The database's.
    pub async fn activity(&self, org: &Org, limit: u32) -> Result<Vec<NumberedEntry>> {
        // By identity alone: an earlier organization of the same name is another one.
        let filter = AuditFilter::of(Some(org.id), "");
        self.reading_of(Some(org.id)).await?;
        self.read_audit_log(&AuditQuery { filter, at: AuditAt::Newest, limit }).await
    }

    async fn read_audit_log(&self, query: &AuditQuery) -> Result<Vec<NumberedEntry>> {
        let found = self.store.entries(query).await?;
        Ok(found
            .iter()
            .map(|document| NumberedEntry {
                number: number_of(document),
                hash: Head::from_document(document).hash.into(),
                entry: Entry::from_document(document),
            })
            .collect())
    }

    /// Goes through the whole record, from its first entry. With `kept`, a head that was printed
    /// earlier and kept elsewhere, finds a tail that was cut or made again as well.
    ///
    /// # Errors
    /// The database's.
    pub async fn verify(&self, kept: Option<&Head>) -> Result<Verified> {
        self.reading().await?;
        let mut verification = Verification::default();
        let mut has_kept = kept.is_none_or(|kept| *kept == Head::default());
        loop {
            let at = AuditAt::After(verification.head().number);
            let query = AuditQuery { filter: AuditFilter::ALL, at, limit: AT_ONCE };
            let batch = self.store.entries(&query).await?;
            for document in &batch {
                if let Err(tampering) = verification.next(document) {
                    let head = verification.head().clone();
                    return Ok(Verified { head, tampering: Some(tampering) });
                }
                has_kept |= kept == Some(verification.head());
            }
            if batch.is_empty() {
                let head = verification.head().clone();
                let other = kept.filter(|_| !has_kept).map(|kept| kept.number);
                return Ok(Verified { head, tampering: other.map(Tampering::OtherHead) });
            }
        }
    }

    /// An entry about something that is done to an organization, or to none.
    pub(super) async fn entry(&self, action: OperationKind, org: Option<&Org>) -> Entry {
        let entry = match org {
            Some(org) => Entry::about(&self.caller.operator, action, org),
            None => Entry::new(&self.caller.operator, action),
        };
        match self.session().await {
            Ok(Some(session)) => match &session.whose {
                TokenOf::Operator { email, .. } => {
                    entry.of_operator(email).of_key(session.key_name().unwrap_or_default())
                }
                TokenOf::Admin { .. } => entry,
            },
            Ok(None) | Err(_) => entry,
        }
    }

    /// Puts into an entry why the caller does it.
    pub(super) fn say_why(&self, entry: &mut Entry) -> Result<()> {
        let reason = self.shared.rules.reason(self.caller.reason())?;
        *entry = entry.clone().because(&reason);
        Ok(())
    }

    /// What came of an operation whose outcome was unknown, after settling what nobody is at any more;
    /// none while nobody knows yet.
    ///
    /// # Errors
    /// The database's.
    pub async fn outcome(&self, entry: &Entry) -> Result<Option<Settled>> {
        let Some(org) = entry.organization else { return Ok(Some(Settled::NotBegun)) };
        self.store.recover(&self.caller.operator).await?;
        Ok(match self.store.outcome(org, entry.id).await? {
            Settled::UnderWay => None,
            settled @ (Settled::Done | Settled::TakenBack(_) | Settled::NotBegun) => Some(settled),
        })
    }

    /// Records why something was refused, where it was, and hands on what came of it.
    pub(super) async fn recorded<T>(&self, entry: &Entry, done: Result<T>) -> Result<T> {
        let error = match done {
            Err(error) if self.read_only().is_none() => error,
            done => return done,
        };
        let (error, ended) = match error {
            Error::Store(StoreError::OutcomeUnknown(why)) => {
                let ended = entry.followed(Outcome::Unknown, &why.to_string());
                (Error::OutcomeUnknown { entry: Box::new(entry.clone()), why: *why }, ended)
            }
            Error::Store(StoreError::DoneByAnother) => {
                return Err(Error::DoneByAnother { entry: Box::new(entry.clone()) });
            }
            // Whoever took it back has recorded that; and nothing was done, nor can that be recorded, where
            // the database is away: the person is to know that at once.
            error @ (Error::Store(StoreError::TakenBack(_) | StoreError::Unreachable { .. })
            // A crowd that is turned away must not fill the audit log.
            | Error::Overloaded
            // The first half of a login, and nothing that was refused.
            | Error::CodeRequired) => {
                return Err(error);
            }
            // Where there is no database yet, a refusal makes none.
            error if self.store.is_there().await == Ok(false) => return Err(error),
            error => {
                let mut ended = untyped(entry).ended(outcome_of(&error), &reason(&error));
                if ended.admin.raw().is_empty() {
                    ended.admin = self.admin_in_session().await.unwrap_or_default();
                }
                (error, ended)
            }
        };
        let recording = self.store.append(&ended);
        // Nothing more can be done about it, and the refusal is what has to be said.
        if matches!(error, Error::OutcomeUnknown { .. }) {
            // The database is likely still away, and whoever asked has waited for it already.
            let _ = tokio::time::timeout(RECORDING, recording).await;
        } else {
            let _ = recording.await;
        }
        Err(error)
    }

    /// The e-mail of the admin whose session the caller has.
    async fn admin_in_session(&self) -> Option<StoredText> {
        let session = self.session().await.ok()??;
        let TokenOf::Admin { admin, .. } = session.whose else { return None };
        Some(self.store.admin(admin).await.ok()??.email)
    }

    /// Does an operation on an organization that is there afterwards.
    pub(super) async fn perform(
        &self,
        operation: Operation,
        entry: &Entry,
    ) -> std::result::Result<Org, StoreError> {
        self.store.perform(&operation, entry).await?.ok_or(StoreError::Gone)
    }
}

/// The number of an entry: also of one that another program gave a number of another type, so that a page that ends
/// with it is followed by the next.
fn number_of(document: &Document) -> i64 {
    match document.get("_id") {
        Some(Bson::Int64(number)) => *number,
        Some(Bson::Int32(number)) => i64::from(*number),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "where it is cut, it stays the nearest"
        )]
        Some(Bson::Double(number)) => number.floor() as i64,
        Some(_) | None => 0,
    }
}

/// What was typed for an e-mail, as far as it may be recorded: people type passwords there too.
pub(super) fn typed_email(typed: &str) -> &str {
    if Email::parse(typed).is_ok() { typed } else { "(no e-mail address)" }
}

/// What is recorded of what was refused: without the name or the reason that was typed. People type passwords there
/// too, and nothing can ever be taken out of the audit log again.
fn untyped(entry: &Entry) -> Entry {
    let mut entry = entry.clone();
    entry.given_reason = StoredText::default();
    if entry.action == OperationKind::Create {
        entry.name = StoredText::default();
    }
    // What became of it, without the name, would read as if that had been removed.
    entry.changes.retain(|change| change.field.raw() != NAME);
    entry
}

/// Why something was refused, without anything that was typed but for e-mail addresses.
fn reason(error: &Error) -> String {
    match error {
        Error::NoSuchAdmin { email, organization } => {
            let (email, organization) = (typed_email(email.raw()).into(), organization.clone());
            Error::NoSuchAdmin { email, organization }.to_string()
        }
        Error::Taken { what: what @ ClaimKind::Email, wanted, by, in_trash } => {
            let wanted = typed_email(wanted.raw()).into();
            Error::Taken { what: *what, wanted, by: by.clone(), in_trash: *in_trash }.to_string()
        }
        Error::Taken { what, by, in_trash, .. } => {
            let wanted = "(the name that was typed)".into();
            Error::Taken { what: *what, wanted, by: by.clone(), in_trash: *in_trash }.to_string()
        }
        Error::Invalid(Invalid::NameCharacter(_)) => {
            "the name contains a character that is not allowed".into()
        }
        Error::Invalid(Invalid::Password(faults)) => {
            let faults = faults.iter().map(|fault| match fault {
                PasswordFault::Contains(_) => {
                    "contains the organization's name or the e-mail".to_owned()
                }
                fault @ (PasswordFault::TooShort { .. }
                | PasswordFault::TooLong(_)
                | PasswordFault::Invisible
                | PasswordFault::Guessable) => fault.to_string(),
            });
            format!("password {}", PasswordFault::together(faults))
        }
        Error::NotFound { .. } | Error::NotInTrash(_) => "organization not found".into(),
        Error::NoSuchKey(_) => "API key not found".into(),
        Error::Unwritten { .. } => super::export::UNWRITTEN.into(),
        // What the mail server says may be anything.
        Error::Unmailed { .. } => "the mail was not sent".into(),
        Error::NotImported { .. } => super::import::NOT_IMPORTED.into(),
        Error::OperatorsEmail(email) => {
            Error::OperatorsEmail(typed_email(email.raw()).into()).to_string()
        }
        Error::NoSuchOperator(email) => {
            Error::NoSuchOperator(typed_email(email.raw()).into()).to_string()
        }
        error @ (Error::Invalid(_)
        | Error::NoMail
        | Error::NoOperators
        | Error::FirstIsManager
        | Error::LastManager(_)
        | Error::OperatorsChanged
        | Error::OperatorsOwnPassword(_)
        | Error::KeyNameTaken(_)
        | Error::TooManyKeys
        | Error::AmbiguousKey(_)
        | Error::InTrash(_)
        | Error::Ambiguous { .. }
        | Error::WrongLogin
        | Error::Waiting(_)
        | Error::WrongCode
        | Error::OwnSecondFactor
        | Error::NoSecondFactor(_)
        | Error::NoSuchDocument(_)
        | Error::CannotSort(_)
        | Error::DocumentChanged(_)
        | Error::DocumentExists(_)
        | Error::InvalidDocument(_)
        | Error::CodeRequired
        | Error::WrongAuthenticationCode
        | Error::WrongFirstCode
        | Error::FactorUnreadable(_)
        | Error::NoOwner(_)
        | Error::LastOwner { .. }
        | Error::OnlyOwner { .. }
        | Error::OneAtATime
        | Error::NotAllowed(_)
        | Error::NotConfirmed
        | Error::ReasonRequired
        | Error::ReadOnly(_)
        | Error::Changed(_)
        | Error::Gone(_)
        | Error::Busy { .. }
        | Error::Overloaded
        | Error::Machine(_)
        | Error::OutcomeUnknown { .. }
        | Error::DoneByAnother { .. }
        | Error::Store(_)) => error.to_string(),
    }
}

fn outcome_of(error: &Error) -> Outcome {
    match error {
        Error::Store(_) | Error::Machine(_) | Error::Unwritten { .. } | Error::Unmailed { .. } => {
            Outcome::Failed
        }
        Error::Invalid(_)
        | Error::Taken { .. }
        | Error::OperatorsEmail(_)
        | Error::NoSuchOperator(_)
        | Error::NoMail
        | Error::NoOperators
        | Error::FirstIsManager
        | Error::LastManager(_)
        | Error::OperatorsChanged
        | Error::OperatorsOwnPassword(_)
        | Error::KeyNameTaken(_)
        | Error::TooManyKeys
        | Error::NoSuchKey(_)
        | Error::AmbiguousKey(_)
        | Error::NotFound { .. }
        | Error::InTrash(_)
        | Error::Ambiguous { .. }
        | Error::NotInTrash(_)
        | Error::WrongLogin
        | Error::Waiting(_)
        | Error::WrongCode
        | Error::OwnSecondFactor
        | Error::NoSecondFactor(_)
        | Error::NoSuchDocument(_)
        | Error::CannotSort(_)
        | Error::DocumentChanged(_)
        | Error::DocumentExists(_)
        | Error::InvalidDocument(_)
        | Error::NotImported { .. }
        | Error::CodeRequired
        | Error::WrongAuthenticationCode
        | Error::WrongFirstCode
        | Error::FactorUnreadable(_)
        | Error::NoSuchAdmin { .. }
        | Error::NoOwner(_)
        | Error::LastOwner { .. }
        | Error::OnlyOwner { .. }
        | Error::OneAtATime
        | Error::NotAllowed(_)
        | Error::NotConfirmed
        | Error::ReasonRequired
        | Error::ReadOnly(_)
        | Error::Changed(_)
        | Error::Gone(_)
        | Error::Busy { .. }
        | Error::Overloaded
        | Error::OutcomeUnknown { .. }
        | Error::DoneByAnother { .. } => Outcome::Refused,
    }
}

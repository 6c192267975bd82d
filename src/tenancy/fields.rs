//! What programs read of operators, their API keys, the audit log and sizes: the same fields from a command as over HTTP.

use bson::oid::ObjectId;
use serde::Serialize;
use utoipa::ToSchema;

use super::{AuditPage, NumberedEntry, OwnedApiKey, Verified};
use crate::{
    org::{Operator, OperatorRole, SecondFactor, Secret, StoredText, rfc3339},
    store::{Difference, Directory, Size},
};

/// An API key.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub struct ApiKeyFields<'a> {
    /// The key itself: only where it was just created. It is not shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    /// Its id.
    key_id: String,
    /// Its name.
    name: &'a StoredText,
    /// The e-mail of the operator it acts for.
    operator: &'a StoredText,
    /// What it may do at most.
    role: &'static str,
    /// When it was created, in RFC 3339.
    created_at: Option<String>,
    /// When it expires, in RFC 3339; null where it never does.
    expires_at: Option<String>,
    /// When it was last used, to the hour, in RFC 3339; null where it never was.
    last_used: Option<String>,
}

impl<'a> ApiKeyFields<'a> {
    /// With the key itself, where that is to be shown.
    #[must_use]
    pub fn new(owned: &'a OwnedApiKey, secret: Option<&'a Secret>) -> Self {
        let OwnedApiKey { operator, key } = owned;
        Self {
            key: secret.map(Secret::reveal),
            key_id: key.id.to_hex(),
            name: &key.name,
            operator,
            role: key.role.word(),
            created_at: rfc3339(key.created_at),
            expires_at: key.expires_at.and_then(rfc3339),
            last_used: key.last_used.and_then(rfc3339),
        }
    }
}

/// API keys.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKeys)]
pub struct ApiKeysFields<'a> {
    /// Your own first; a manager sees all.
    keys: Vec<ApiKeyFields<'a>>,
}

impl<'a> ApiKeysFields<'a> {
    /// Without the keys themselves.
    #[must_use]
    pub fn new(keys: &'a [OwnedApiKey]) -> Self {
        Self { keys: keys.iter().map(|key| ApiKeyFields::new(key, None)).collect() }
    }
}

/// A page of the audit log, the newest entry first.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditPage)]
pub struct AuditPageFields<'a> {
    /// The entries.
    entries: Vec<AuditEntryFields<'a>>,
    /// What `before` continues with; null at the end.
    next: Option<i64>,
}

/// An entry: an operation, a login or a refusal.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntry)]
struct AuditEntryFields<'a> {
    /// Its number.
    number: i64,
    /// When, in RFC 3339.
    at: Option<String>,
    /// Who, as `user@host`, or `http@` and the client's address.
    operator: &'a StoredText,
    /// The operator who was logged in; null if none was.
    account: Option<&'a StoredText>,
    /// The name of the API key that was used; null if none was.
    key: Option<&'a StoredText>,
    /// The admin who was logged in; null if none was.
    admin: Option<&'a StoredText>,
    /// The operation, such as `trash`.
    action: String,
    /// The id of the organization; null if there is none.
    organization_id: Option<String>,
    /// Its name at that time.
    organization_name: Option<&'a StoredText>,
    /// `done`, `refused`, `failed`, `unknown`, `taken-back` or `not-readable`.
    result: String,
    /// Why it was not done; null if it was.
    problem: Option<&'a StoredText>,
    /// The reason that was given for it; null if none was.
    reason: Option<&'a StoredText>,
    /// What it changed; never a secret.
    changes: Vec<AuditChangeFields<'a>>,
}

/// A field that was changed.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditChange)]
struct AuditChangeFields<'a> {
    /// The field.
    field: &'a StoredText,
    /// Its value before; empty if it had none, or if it is a secret.
    from: &'a StoredText,
    /// Its value after; likewise.
    to: &'a StoredText,
}

impl<'a> AuditPageFields<'a> {
    /// A page as it was read.
    #[must_use]
    pub fn from_page(AuditPage { entries, more }: &'a AuditPage) -> Self {
        let next = entries.last().filter(|_| *more).map(|last| last.number);
        Self { entries: entries.iter().map(AuditEntryFields::from_entry).collect(), next }
    }
}

impl<'a> AuditEntryFields<'a> {
    fn from_entry(NumberedEntry { number, entry, .. }: &'a NumberedEntry) -> Self {
        let some = |text: &'a StoredText| Some(text).filter(|text| !text.raw().is_empty());
        let change =
            |Difference { field, from, to }: &'a Difference| AuditChangeFields { field, from, to };
        Self {
            number: *number,
            at: rfc3339(entry.at),
            operator: &entry.operator,
            account: some(&entry.account),
            key: some(&entry.key),
            admin: some(&entry.admin),
            action: entry.action.typed(),
            organization_id: entry.organization.map(ObjectId::to_hex),
            organization_name: some(&entry.name),
            result: entry.outcome.typed(),
            problem: some(&entry.reason),
            reason: some(&entry.given_reason),
            changes: entry.changes.iter().map(change).collect(),
        }
    }
}

/// What a verification of the audit log found.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditVerification)]
pub struct VerifiedFields {
    /// Whether no entry was edited, inserted or removed.
    valid: bool,
    /// How many entries are intact, from the first.
    entries: i64,
    /// The last of them: number and hash.
    head: String,
    /// What was done to the next one; null if nothing was.
    problem: Option<String>,
}

impl VerifiedFields {
    /// As it was found.
    #[must_use]
    pub fn from_verified(verified: &Verified) -> Self {
        Self {
            valid: verified.tampering.is_none(),
            entries: verified.head.number,
            head: verified.head.to_string(),
            problem: verified.tampering.as_ref().map(ToString::to_string),
        }
    }
}

/// An operator.
#[derive(Serialize, ToSchema)]
#[schema(as = Operator)]
pub struct OperatorFields<'a> {
    /// The operator's id.
    operator_id: String,
    /// The e-mail.
    email: &'a StoredText,
    /// `viewer`, `operator` or `manager`.
    role: &'static str,
    /// Whether they cannot log in.
    disabled: bool,
    /// Whether they have set up a second factor.
    second_factor: bool,
    /// How many recovery codes are left.
    recovery_codes: usize,
    /// When the account was added, in RFC 3339.
    created_at: Option<String>,
    /// When they last logged in, in RFC 3339; null if they never did.
    last_login: Option<String>,
}

impl<'a> OperatorFields<'a> {
    /// As they are now.
    #[must_use]
    pub fn from_operator(operator: &'a Operator) -> Self {
        let factor = operator.second_factor.as_ref();
        Self {
            operator_id: operator.id.to_hex(),
            email: &operator.email,
            role: operator.role.word(),
            disabled: operator.disabled,
            second_factor: factor.is_some(),
            recovery_codes: factor.map_or(0, SecondFactor::recovery_codes),
            created_at: rfc3339(operator.created_at),
            last_login: operator.last_login.and_then(rfc3339),
        }
    }
}

/// Operators, and what the database requires of them.
#[derive(Serialize, ToSchema)]
#[schema(as = Operators)]
pub struct OperatorsFields<'a> {
    /// Missing where only one operator may be shown.
    #[serde(flatten)]
    rules: Option<OperatorRulesFields>,
    /// The operators, in the order in which they were added.
    operators: Vec<OperatorFields<'a>>,
}

/// What the database requires of operators.
#[derive(Serialize, ToSchema)]
#[schema(as = OperatorRules)]
struct OperatorRulesFields {
    /// What requires a login as an operator: `off` (nothing), `on` (changes) or `all`.
    required: &'static str,
    /// The least role that must have a second factor; null if no role must.
    second_factor_from: Option<&'static str>,
}

impl<'a> OperatorsFields<'a> {
    /// All of them.
    #[must_use]
    pub fn from_directory(directory: &'a Directory) -> Self {
        let rules = OperatorRulesFields {
            required: directory.required.word(),
            second_factor_from: directory.second_factor_from.map(OperatorRole::word),
        };
        let operators = directory.operators.iter().map(OperatorFields::from_operator).collect();
        Self { rules: Some(rules), operators }
    }

    /// One: the others may only be listed after a login.
    #[must_use]
    pub fn from_operator(operator: &'a Operator) -> Self {
        Self { rules: None, operators: vec![OperatorFields::from_operator(operator)] }
    }
}

/// How much an organization holds; all null if that is not known.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = Size)]
pub struct SizeFields {
    /// How many documents.
    documents: Option<u64>,
    /// Their bytes.
    bytes: Option<u64>,
    /// How many indexes.
    indexes: Option<u64>,
    /// When the newest document was created, in RFC 3339; null if the greatest `_id` is no `ObjectId`.
    newest_document_at: Option<String>,
}

impl SizeFields {
    /// As it was measured; none where it could not be.
    #[must_use]
    pub fn from_size(size: Option<Size>) -> Self {
        let Some(Size { held, newest }) = size else { return Self::default() };
        Self {
            documents: Some(held.documents),
            bytes: Some(held.bytes),
            indexes: Some(held.indexes),
            newest_document_at: newest.and_then(rfc3339),
        }
    }
}

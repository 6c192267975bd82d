//! The operators' accounts, and what they are required for. All of it is one document, which is written as a
//! whole: so no two managers can demote each other at the same time, and whatever is checked of it before a write
//! still holds when that is made.

use async_trait::async_trait;
use bson::{Bson, DateTime, Document, doc, oid::ObjectId};

use super::{Entry, Result, StoreError};
use crate::org::{
    ApiKey, GivenApiKey, Operator, OperatorRole, PasswordHash, SecondFactor, email_key,
};

/// An account's second factor.
const SECOND_FACTOR: &str = "second_factor";

/// An account's API keys.
pub(super) const KEYS: &str = "keys";

/// The accounts of operators.
#[async_trait]
pub trait Operators: Send + Sync {
    /// All accounts; empty where there never was one. Writes nothing.
    async fn directory(&self) -> Result<Directory>;

    /// Writes the directory with the entry about it, if it still is the revision that was read. None of its e-mails
    /// is an admin's.
    ///
    /// # Errors
    /// [`super::StoreError::Changed`] where somebody else has written it since, [`super::StoreError::Taken`] where an
    /// admin has one of its new e-mails, as the other methods that write, or the database's.
    async fn write_directory(&self, directory: &Directory, entry: &Entry) -> Result<()>;

    /// Notes when an API key was last used, where it still is there. It is no change of the directory: whoever has read
    /// that can still write it, and nothing is in the audit log.
    async fn note_key_use(&self, key: ObjectId, at: DateTime) -> Result<()>;
}

/// For what an account is required.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Required {
    /// For nothing: whoever reaches the database operates.
    #[default]
    Nothing,
    /// For every write.
    Writes,
    /// Also for looking.
    Everything,
}

impl Required {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::Nothing, Self::Writes, Self::Everything];

    /// The word for it, stored and shown.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Nothing => "off",
            Self::Writes => "on",
            Self::Everything => "all",
        }
    }

    /// Reads [`Required::word`]; `None` for anything else.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|required| required.word() == word)
    }
}

/// All operators of a database.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Directory {
    /// Counts its changes.
    pub revision: i64,
    /// For what an account is required.
    pub required: Required,
    /// The least role that has to have a second factor; none where no role has to.
    pub second_factor_from: Option<OperatorRole>,
    /// The accounts, in the order in which they were added.
    pub operators: Vec<Operator>,
}

impl Directory {
    /// The operator with this e-mail, as it is compared.
    #[must_use]
    pub fn with_email(&self, email: &str) -> Option<&Operator> {
        let key = email_key(email);
        self.operators.iter().find(|operator| email_key(operator.email.raw()) == key)
    }

    /// The operator who has this API key, and the key. Whether it still may be used is not said by that.
    #[must_use]
    pub fn with_key(&self, given: &GivenApiKey) -> Option<(&Operator, &ApiKey)> {
        self.operators.iter().find_map(|operator| {
            operator.keys.iter().find(|key| key.is(given)).map(|key| (operator, key))
        })
    }

    /// The e-mails that are not among those of `before`, as they are compared.
    #[must_use]
    pub(super) fn new_emails(&self, before: &Self) -> Vec<String> {
        let new = self.operators.iter().filter(|own| before.with_email(own.email.raw()).is_none());
        new.map(|operator| email_key(operator.email.raw())).collect()
    }

    /// Whether this operator has to set up a second factor before anything else.
    #[must_use]
    pub fn lacks_second_factor(&self, operator: &Operator) -> bool {
        operator.second_factor.is_none()
            && self.second_factor_from.is_some_and(|least| operator.role >= least)
    }

    /// The same, with the next revision.
    pub(super) fn next(&self) -> Result<Self> {
        let full = || StoreError::Other("the operators' revision cannot be counted further".into());
        let revision = self.revision.checked_add(1).ok_or_else(full)?;
        Ok(Self { revision, ..self.clone() })
    }

    /// As it is stored.
    #[must_use]
    pub fn to_document(&self) -> Document {
        let operators = self.operators.iter().map(|operator| {
            let mut document = doc! {
                "_id": operator.id,
                "email": operator.email.raw(),
                "password": operator.password.as_str(),
                "role": operator.role.word(),
                "disabled": operator.disabled,
                "created_at": operator.created_at,
            };
            if let Some(at) = operator.last_login {
                document.insert("last_login", at);
            }
            if let Some(factor) = &operator.second_factor {
                document.insert(SECOND_FACTOR, factor.to_document());
            }
            if !operator.keys.is_empty() {
                let keys = operator.keys.iter().map(ApiKey::to_document);
                document.insert(KEYS, keys.collect::<Vec<_>>());
            }
            document
        });
        doc! {
            "revision": self.revision,
            "required": self.required.word(),
            "second_factor_from": self.second_factor_from.map(OperatorRole::word),
            "operators": operators.collect::<Vec<_>>(),
        }
    }

    /// Reads what is stored; what cannot be read gives the least right. An account without an identity, an e-mail or a
    /// password is none.
    #[must_use]
    pub fn from_document(document: &Document) -> Self {
        let operators = document.get_array("operators").map(Vec::as_slice).unwrap_or_default();
        let required = document.get_str("required").ok().and_then(Required::parse);
        Self {
            revision: document.get_i64("revision").unwrap_or_default(),
            required: required.unwrap_or(Required::Everything),
            second_factor_from: match document.get("second_factor_from") {
                None | Some(Bson::Null) => None,
                // An unknown role: all of them.
                Some(role) => Some(
                    role.as_str().and_then(OperatorRole::parse).unwrap_or(OperatorRole::Viewer),
                ),
            },
            operators: operators
                .iter()
                .filter_map(Bson::as_document)
                .filter_map(operator)
                .collect(),
        }
    }
}

fn operator(document: &Document) -> Option<Operator> {
    let role = document.get_str("role").ok().and_then(OperatorRole::parse);
    let keys = document.get_array(KEYS).map(Vec::as_slice).unwrap_or_default();
    let keys = keys.iter().filter_map(Bson::as_document);
    Some(Operator {
        id: document.get_object_id("_id").ok()?,
        email: document.get_str("email").ok()?.into(),
        password: PasswordHash::stored(document.get_str("password").ok()?.to_owned()),
        role: role.unwrap_or(OperatorRole::Viewer),
        disabled: document.get_bool("disabled").unwrap_or(true),
        created_at: document.get_datetime("created_at").copied().unwrap_or(DateTime::MIN),
        last_login: document.get_datetime("last_login").ok().copied(),
        second_factor: SecondFactor::from_field(document.get(SECOND_FACTOR)),
        keys: keys.filter_map(ApiKey::from_document).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::org::ApiKeyName;

    fn ada() -> Operator {
        Operator {
            id: ObjectId::from_bytes([1; 12]),
            email: "Ada@Example.com".into(),
            password: PasswordHash::nobodys(),
            role: OperatorRole::Manager,
            disabled: false,
            created_at: DateTime::from_millis(1_000),
            last_login: Some(DateTime::from_millis(2_000)),
            second_factor: None,
            keys: Vec::new(),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let never =
            Operator { last_login: None, disabled: true, role: OperatorRole::Viewer, ..ada() };
        let (name, at) = (ApiKeyName::parse("ci").unwrap(), DateTime::from_millis(3_000));
        let (key, _) = ApiKey::generate(&name, OperatorRole::Viewer, at, Some(at)).unwrap();
        let with_key = Operator { keys: vec![key], ..ada() };
        let operators = vec![ada(), never, with_key];
        let directory = Directory {
            revision: 7,
            required: Required::Writes,
            second_factor_from: Some(OperatorRole::Manager),
            operators,
        };
        assert_eq!(Directory::from_document(&directory.to_document()), directory);
    }

    #[test]
    fn what_cannot_be_read_gives_the_least_right() {
        let mut stored = Directory { operators: vec![ada()], ..Directory::default() }.to_document();
        stored.insert("required", "sometimes");
        let Ok(Bson::Document(account)) = stored.get_array_mut("operators").map(|all| &mut all[0])
        else {
            panic!("no account");
        };
        account.insert("role", "owner");
        account.insert("disabled", "no");
        let read = Directory::from_document(&stored);
        assert_eq!(read.required, Required::Everything);
        assert_eq!(read.operators[0].role, OperatorRole::Viewer);
        assert!(read.operators[0].disabled);
        let foreign = Directory::from_document(&doc! { "operators": [1, { "_id": 3 }] });
        assert_eq!((foreign.required, foreign.operators), (Required::Everything, Vec::new()));
    }

    #[test]
    fn an_email_is_found_in_any_case_and_new_where_it_was_not_there() {
        let one = Directory { operators: vec![ada()], ..Directory::default() };
        assert_eq!(one.with_email("ada@example.COM").unwrap().id, ada().id);
        assert_eq!(one.new_emails(&Directory::default()), ["ada@example.com"]);
        let renamed = Operator { email: "ADA@example.com".into(), ..ada() };
        let same = Directory { operators: vec![renamed], ..Directory::default() };
        assert!(same.new_emails(&one).is_empty());
    }
}

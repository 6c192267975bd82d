//! Notification of changes to a database.

use async_trait::async_trait;
use bson::{Document, oid::ObjectId};
use mongodb::change_stream::event::ResumeToken;

use super::{AuditAt, AuditFilter, AuditQuery, Entry, Outcome, Result};
use crate::org::OperationKind;

/// What others change.
#[async_trait]
pub trait Changes: Send + Sync {
    /// Ends once something was changed after `seen`, by this program or another, and says what is seen then; at once
    /// where nothing was seen yet. Where the database cannot tell, it ends also now and then: something may have been
    /// changed. Writes nothing, and while nothing happens does next to nothing.
    async fn changed(&self, seen: Option<Seen>) -> Result<News>;
}

/// What was changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct News {
    /// How far changes are seen with it.
    pub seen: Seen,
    /// Which organizations, each at least once; none where that is not known.
    pub orgs: Option<Vec<ObjectId>>,
}

/// The position up to which the changes of a database were seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The number of the last entry in the audit log: each operation of this program has one.
    pub(super) head: i64,
    /// Where the server's own stream of changes goes on, where there is one.
    pub(super) resume: Option<ResumeToken>,
    /// Whether the database tells of changes. Otherwise it is asked now and then.
    pub(super) told: bool,
}

/// Nothing, of a database that tells.
impl Default for Seen {
    fn default() -> Self {
        Self { head: 0, resume: None, told: true }
    }
}

impl Seen {
    /// As far as this entry of the audit log, of a database that tells or not.
    #[must_use]
    pub fn up_to(head: i64, told: bool) -> Self {
        Self { head, resume: None, told }
    }

    /// The number of the last entry in the audit log.
    #[must_use]
    pub fn head(&self) -> i64 {
        self.head
    }

    /// Whether the database tells of changes. Otherwise it is asked now and then.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.told
    }
}

/// So many entries are read to tell what was changed; with more of them, that is not known.
const READ_MOST: u32 = 1_000;

/// The question for the entries after this one.
pub(super) fn entries_after(head: i64) -> AuditQuery {
    AuditQuery { filter: AuditFilter::ALL, at: AuditAt::After(head), limit: READ_MOST }
}

/// Which organizations were changed, as these entries have it.
pub(super) fn changed_by(entries: &[Document]) -> Option<Vec<ObjectId>> {
    if entries.len() >= usize::try_from(READ_MOST).unwrap_or(usize::MAX) {
        return None;
    }
    let mut orgs = Vec::new();
    for entry in entries.iter().map(Entry::from_document) {
        match (&entry.action, entry.outcome) {
            (_, Outcome::Foreign) | (OperationKind::Foreign(_), _) => return None,
            (_, Outcome::Refused | Outcome::Failed | Outcome::TakenBack)
            | (
                OperationKind::LogIn
                | OperationKind::Authorize
                | OperationKind::Export
                | OperationKind::AddOperator
                | OperationKind::ChangeOperator
                | OperationKind::RemoveOperator
                | OperationKind::RequireOperators
                | OperationKind::RecoverOperators
                | OperationKind::CreateKey
                | OperationKind::RevokeKey,
                Outcome::Done | Outcome::Unknown,
            ) => {}
            (
                OperationKind::Create
                | OperationKind::Import
                | OperationKind::Update
                | OperationKind::Trash
                | OperationKind::Restore
                | OperationKind::Purge
                | OperationKind::Delete
                | OperationKind::Suspend
                | OperationKind::Reactivate
                | OperationKind::AddAdmin
                | OperationKind::AppointOwner
                | OperationKind::RemoveAdmin
                | OperationKind::ChangeAdmin
                | OperationKind::Transfer
                | OperationKind::IssueCode
                | OperationKind::RedeemCode
                | OperationKind::InsertDocument
                | OperationKind::ChangeDocument
                | OperationKind::DeleteDocument
                | OperationKind::Repair
                | OperationKind::Upgrade,
                Outcome::Done | Outcome::Unknown,
            ) => orgs.push(entry.organization?),
        }
    }
    Some(orgs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{orgs::org, store::Head};

    #[test]
    fn what_was_changed_is_what_was_done_to_organizations() {
        let acme = org(1, "acme", "ada@acme.com");
        let stored = |entry: Entry| Head::default().followed_by(&entry).unwrap();
        let entry = |action: &str| stored(Entry::about("ada@here", action, &acme));
        let refused = Entry::about("ada@here", "trash", &acme).ended(Outcome::Refused, "no");
        let nothing = [entry("log in"), entry("add operator"), stored(refused)];
        assert_eq!(changed_by(&nothing), Some(Vec::new()));
        let [login, ..] = nothing;
        assert_eq!(changed_by(&[login, entry("suspend")]), Some(vec![acme.id]));
        assert_eq!(changed_by(&[entry("suspend"), entry("promote")]), None);
        assert_eq!(changed_by(&[stored(Entry::new("ada@here", "upgrade"))]), None);
        assert_eq!(changed_by(&vec![entry("suspend"); 1_000]), None);
    }
}

//! What an operator's role allows: one table, and how it is shown.

use super::Refusal;
use crate::org::{OperationKind, OperatorRole};

/// The least role of an operator who may do this in any organization; none where no account
/// is needed, since the operation itself proves who does it.
#[must_use]
pub fn least_role(operation: &OperationKind) -> Option<OperatorRole> {
    Some(match operation {
        OperationKind::Create
        | OperationKind::Update
        | OperationKind::Trash
        | OperationKind::Restore
        | OperationKind::Suspend
        | OperationKind::Reactivate
        | OperationKind::IssueCode
        | OperationKind::Repair
        | OperationKind::Upgrade
        | OperationKind::InsertDocument
        | OperationKind::ChangeDocument
        | OperationKind::DeleteDocument
        // Without the admins; with them, `export.rs` asks for more.
        | OperationKind::Export
        // It only asks; what it asks for is checked again.
        | OperationKind::Authorize => OperatorRole::Operator,
        // One's own; those of others are a manager's.
        OperationKind::CreateKey | OperationKind::RevokeKey => OperatorRole::Viewer,
        OperationKind::Purge
        | OperationKind::Delete
        | OperationKind::AddAdmin
        | OperationKind::AppointOwner
        | OperationKind::RemoveAdmin
        | OperationKind::ChangeAdmin
        | OperationKind::Transfer
        // Admins come with it, and passwords that others chose.
        | OperationKind::Import
        | OperationKind::AddOperator
        | OperationKind::ChangeOperator
        | OperationKind::RemoveOperator
        | OperationKind::RequireOperators
        // What is not known needs the most.
        | OperationKind::Foreign(_) => OperatorRole::Manager,
        OperationKind::LogIn | OperationKind::RedeemCode | OperationKind::RecoverOperators => {
            return None;
        }
    })
}

/// Whether a program may do it with an API key. What takes an organization away, decides who owns it or who may log in,
/// or makes more keys is done by a person who has just proved who they are: a key that was copied must not become more
/// than it is.
#[must_use]
pub fn with_key(operation: &OperationKind) -> bool {
    match operation {
        OperationKind::Create
        | OperationKind::Update
        | OperationKind::Restore
        | OperationKind::Suspend
        | OperationKind::Reactivate
        | OperationKind::Repair
        | OperationKind::Upgrade
        | OperationKind::InsertDocument
        | OperationKind::ChangeDocument
        | OperationKind::DeleteDocument
        // Without the admins; with them, `export.rs` refuses a key.
        | OperationKind::Export
        // It is asked of whoever looks, too; a login proves itself.
        | OperationKind::LogIn => true,
        OperationKind::Trash
        | OperationKind::Purge
        | OperationKind::Delete
        | OperationKind::AddAdmin
        | OperationKind::AppointOwner
        | OperationKind::RemoveAdmin
        | OperationKind::ChangeAdmin
        | OperationKind::Transfer
        | OperationKind::Import
        // A code is a password in waiting.
        | OperationKind::IssueCode
        | OperationKind::RedeemCode
        // What it asks for is all among these.
        | OperationKind::Authorize
        | OperationKind::AddOperator
        | OperationKind::ChangeOperator
        | OperationKind::RemoveOperator
        | OperationKind::RequireOperators
        | OperationKind::RecoverOperators
        | OperationKind::CreateKey
        | OperationKind::RevokeKey
        | OperationKind::Foreign(_) => false,
    }
}

/// Refuses what this role does not allow.
///
/// # Errors
/// [`Refusal::Role`], which says what is needed.
pub fn may_as(role: OperatorRole, operation: &OperationKind) -> Result<(), Refusal> {
    let least = least_role(operation).unwrap_or(OperatorRole::Viewer);
    if role < least { Err(Refusal::Role { role, least }) } else { Ok(()) }
}

/// What it is in front of people that may be done; none where no role is asked for, or nothing is done.
fn words(operation: &OperationKind) -> Option<&'static str> {
    Some(match operation {
        OperationKind::Create | OperationKind::Update => "create and rename organizations",
        OperationKind::Trash | OperationKind::Restore => "trash and restore organizations",
        OperationKind::Purge | OperationKind::Delete => "purge organizations",
        OperationKind::Suspend | OperationKind::Reactivate => {
            "suspend and reactivate organizations"
        }
        OperationKind::IssueCode => "issue one-time codes",
        OperationKind::Repair | OperationKind::Upgrade => "upgrade and repair the database",
        OperationKind::AddAdmin
        | OperationKind::AppointOwner
        | OperationKind::RemoveAdmin
        | OperationKind::ChangeAdmin => "add, change and remove admins",
        OperationKind::Transfer => "transfer organizations",
        OperationKind::InsertDocument
        | OperationKind::ChangeDocument
        | OperationKind::DeleteDocument => "insert, change and delete documents",
        OperationKind::AddOperator
        | OperationKind::ChangeOperator
        | OperationKind::RemoveOperator
        | OperationKind::RequireOperators => "manage operators",
        OperationKind::CreateKey | OperationKind::RevokeKey => {
            "create and revoke your own API keys"
        }
        OperationKind::Export => "export organizations without their admins",
        OperationKind::Import => "import organizations",
        OperationKind::Authorize
        | OperationKind::LogIn
        | OperationKind::RedeemCode
        | OperationKind::RecoverOperators
        | OperationKind::Foreign(_) => return None,
    })
}

/// What an operator of this role may, beside what those of a lower role may.
#[must_use]
pub fn rights(role: OperatorRole) -> Vec<&'static str> {
    let mut rights = match role {
        OperatorRole::Viewer => vec!["browse and search", "read the audit log"],
        OperatorRole::Operator | OperatorRole::Manager => Vec::new(),
    };
    for operation in OperationKind::KNOWN {
        let right = words(&operation).filter(|_| least_role(&operation) == Some(role));
        rights.extend(right.filter(|right| !rights.contains(right)));
    }
    rights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_right_is_one_roles() {
        let all: Vec<_> = OperatorRole::ALL.into_iter().flat_map(rights).collect();
        for (at, right) in all.iter().enumerate() {
            assert!(!all[at + 1..].contains(right), "{right}");
        }
        // Whatever needs a role is in it.
        for operation in OperationKind::KNOWN {
            let shown = words(&operation).is_some() || operation == OperationKind::Authorize;
            assert_eq!(shown, least_role(&operation).is_some(), "{operation}");
        }
    }
}

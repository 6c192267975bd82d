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
        // It only asks; what it asks for is checked again.
        | OperationKind::Authorize => OperatorRole::Operator,
        OperationKind::Purge
        | OperationKind::Delete
        | OperationKind::AddAdmin
        | OperationKind::AppointOwner
        | OperationKind::RemoveAdmin
        | OperationKind::ChangeAdmin
        | OperationKind::Transfer
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
        OperationKind::AddOperator
        | OperationKind::ChangeOperator
        | OperationKind::RemoveOperator
        | OperationKind::RequireOperators => "manage operators",
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

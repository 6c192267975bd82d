//! What an operator's role allows: one table.

use crate::org::{OperationKind, OperatorRole};

/// The least role of an operator who may do this in any organization; none where an account does not matter, since
/// whoever does it proves who they are with it.
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

//! `tenantry operator …`.

use super::{
    Answer, Failure, OperatorCommand,
    ask::{LogIn, agree, ask_new, asked},
    second_factor,
    table::columns,
    terminal::{Terminal, line_of_stdin},
};
use crate::{
    org::{Operator, OperatorRole, Secret, StoredText, timestamp},
    store::{Directory, Required},
    tenancy::{OperatorChanges, Tenancy},
};

/// Whether it writes.
pub(super) fn writes(command: &OperatorCommand) -> bool {
    match command {
        OperatorCommand::List => false,
        OperatorCommand::Add { .. }
        | OperatorCommand::Update { .. }
        | OperatorCommand::Password { .. }
        | OperatorCommand::Remove { .. }
        | OperatorCommand::Totp { .. }
        | OperatorCommand::Require { .. }
        | OperatorCommand::RequireTotp { .. }
        | OperatorCommand::Recover { .. } => true,
    }
}

/// Checks the command line before a database is opened, and returns whether the command asks for a password.
pub(super) fn check(command: &OperatorCommand, login: &LogIn) -> Result<bool, Failure> {
    match command {
        OperatorCommand::List
        | OperatorCommand::Require { .. }
        | OperatorCommand::RequireTotp { .. } => Ok(false),
        OperatorCommand::Totp { remove, .. } => {
            second_factor::check(*remove, login)?;
            Ok(true)
        }
        OperatorCommand::Add { .. } => Ok(true),
        OperatorCommand::Recover { sure, .. } => {
            asked(sure, Terminal::open())?;
            Ok(true)
        }
        OperatorCommand::Update { role, disable, enable, reset_totp, .. } => {
            if role.is_none() && !disable && !enable && !reset_totp {
                let help = "add --role, --disable, --enable or --reset-totp";
                return Err(Failure::usage("nothing to change", help));
            }
            Ok(false)
        }
        OperatorCommand::Password { .. } => {
            login.is_needed("name yourself with --as E-MAIL")?;
            Ok(true)
        }
        OperatorCommand::Remove { sure, .. } => {
            asked(sure, Terminal::open())?;
            Ok(false)
        }
    }
}

pub(super) async fn answer(
    tenancy: &Tenancy,
    command: OperatorCommand,
    login: &mut LogIn,
) -> Result<Answer, Failure> {
    let tenancy = &login.session_of(tenancy).await?;
    match command {
        OperatorCommand::List => return Ok(Answer::Operators(tenancy.operators().await?)),
        OperatorCommand::Add { email, role, .. } => {
            tenancy.check_new_operator(&email, role).await?;
            let password = new_password(tenancy, &email).await?;
            tenancy.add_operator(&email, role, &password).await?;
        }
        OperatorCommand::Update { email, role, disable, enable, reset_totp, .. } => {
            let disabled = (disable || enable).then_some(disable);
            let changes = OperatorChanges {
                role,
                disabled,
                password: None,
                resets_second_factor: reset_totp,
            };
            tenancy.update_operator(&email, &changes).await?;
        }
        OperatorCommand::Password { .. } => {
            let email = login.email().unwrap_or_default().to_owned();
            let password = Some(new_password(tenancy, &email).await?);
            let changes = OperatorChanges { password, ..OperatorChanges::default() };
            let own = tenancy.update_operator(&email, &changes).await?;
            return Ok(Answer::Operator(own));
        }
        OperatorCommand::Remove { email, sure } => {
            if let Some(terminal) = asked(&sure, Terminal::open())? {
                let question = format!("Remove operator {}?", StoredText::from(email.as_str()));
                agree(&terminal, &question).await?;
            }
            tenancy.remove_operator(&email).await?;
        }
        OperatorCommand::Totp { remove, .. } => {
            return second_factor::answer(tenancy, remove, login).await;
        }
        OperatorCommand::RequireTotp { from, .. } => {
            tenancy.require_second_factor(from.role()).await?;
        }
        OperatorCommand::Require { what, .. } => tenancy.require_operators(what).await?,
        OperatorCommand::Recover { email, sure } => {
            tenancy.check_recovery(&email).await?;
            if let Some(terminal) = asked(&sure, Terminal::open())? {
                let shown = StoredText::from(email.as_str());
                agree(&terminal, &format!("Make {shown} a manager with a new password?")).await?;
            }
            let password = new_password(tenancy, &email).await?;
            return Ok(Answer::Operator(tenancy.recover_operators(&email, &password).await?));
        }
    }
    Ok(Answer::Operators(tenancy.operators().await?))
}

async fn new_password(tenancy: &Tenancy, email: &str) -> Result<Secret, Failure> {
    match Terminal::open() {
        Some(terminal) => ask_new(&terminal, tenancy, "", email).await,
        None => line_of_stdin("the new password").await,
    }
}

pub(super) fn table(directory: &Directory, width: usize) -> String {
    let required = match directory.required {
        Required::Nothing => {
            "Anyone who can reach the database can make changes without a login\n  \
             → `tenantry operator require on` changes that\n"
        }
        Required::Writes => "Operators must log in to make changes\n",
        Required::Everything => "Operators must log in for everything\n",
    };
    if directory.operators.is_empty() {
        return "No operators: anyone who can reach the database can make changes\n".to_owned();
    }
    let mut text = rows(&directory.operators, width) + required;
    match directory.second_factor_from {
        None => {}
        Some(OperatorRole::Viewer) => text += "All operators must have a second factor\n",
        Some(OperatorRole::Operator) => {
            text += "Operators and managers must have a second factor\n";
        }
        Some(OperatorRole::Manager) => text += "Managers must have a second factor\n",
    }
    text
}

/// Operators as rows.
pub(super) fn rows(operators: &[Operator], width: usize) -> String {
    let rows: Vec<_> = operators
        .iter()
        .map(|operator| {
            [
                operator.email.to_string(),
                operator.role.to_string(),
                if operator.disabled { "disabled" } else { "" }.to_owned(),
                if operator.second_factor.is_some() { "totp" } else { "" }.to_owned(),
                timestamp(operator.created_at),
                operator.last_login.map_or_else(|| "never".to_owned(), timestamp),
            ]
        })
        .collect();
    columns(&["operator", "role", "state", "second factor", "added", "last login"], &rows, width)
}

//! `tenantry admin …`.

use super::{
    Answer, Failure,
    ask::{agree, ask_new, asked, log_in},
    line::Login,
    terminal::{Terminal, line_of_stdin},
};
use crate::{
    command::AdminCommand,
    org::escaped_short,
    tenancy::{AdminChanges, Session, Tenancy},
};

/// Whether it writes.
pub(super) fn writes(command: &AdminCommand) -> bool {
    match command {
        AdminCommand::List { .. } => false,
        // A login counts its attempt.
        AdminCommand::Login { .. }
        | AdminCommand::Add { .. }
        | AdminCommand::Update { .. }
        | AdminCommand::Remove { .. }
        | AdminCommand::Code { .. }
        | AdminCommand::Redeem { .. } => true,
    }
}

/// Refuses what no database is needed to refuse; whether it asks for a password.
pub(super) fn check(command: &AdminCommand) -> Result<bool, Failure> {
    match command {
        AdminCommand::List { .. } | AdminCommand::Code { .. } => Ok(false),
        AdminCommand::Remove { login, sure, .. } => {
            asked(sure, Terminal::open())?;
            Ok(!login.password_stdin)
        }
        AdminCommand::Update { role, new_email, new_password_stdin, login, .. } => {
            if role.is_none() && new_email.is_none() && !new_password_stdin {
                let help = "add --role, --email or --new-password-stdin";
                return Err(Failure::usage("nothing to change", help));
            }
            Ok(!login.password_stdin)
        }
        AdminCommand::Add { login, password_stdin, .. } => Ok(login.is_some() && !password_stdin),
        AdminCommand::Login { password_stdin, .. }
        | AdminCommand::Redeem { stdin: password_stdin, .. } => Ok(!password_stdin),
    }
}

pub(super) async fn answer(tenancy: &Tenancy, command: AdminCommand) -> Result<Answer, Failure> {
    match command {
        AdminCommand::Login { email, .. } => Ok(Answer::Login(log_in(tenancy, &email).await?)),
        AdminCommand::List { organization } => {
            let org = tenancy.named(&organization).await?;
            Ok(Answer::Admins(tenancy.admins(&org).await?))
        }
        AdminCommand::Add { organization, email, role, login, .. } => {
            let org = tenancy.named_to_change(&organization).await?;
            let session = match &login {
                Some(login) => Some(log_in(tenancy, login).await?),
                None => None,
            };
            let token = session.as_ref().map(Session::token);
            let (org, code) = tenancy.in_session(token).add_admin(&org, &email, role).await?;
            Ok(Answer::Code { admin: tenancy.admin_of(&org, &email).await?, org, code })
        }
        AdminCommand::Update {
            organization,
            email,
            role,
            new_email,
            new_password_stdin,
            login,
            ..
        } => {
            let changes = AdminChanges { role, email: new_email, password: None };
            update(tenancy, &organization, &email, changes, new_password_stdin, &login).await
        }
        AdminCommand::Remove { organization, email, sure, login } => {
            let org = tenancy.named_to_change(&organization).await?;
            let admin = tenancy.ensure_removable(&org, &email).await?;
            let session = log_in(tenancy, &login.login).await?;
            if let Some(terminal) = asked(&sure, Terminal::open())? {
                let question = format!("Remove {}, {} of “{}”?", admin.email, admin.role, org.name);
                agree(&terminal, &question).await?;
            }
            let org = tenancy.in_session(Some(session.token())).remove_admin(&org, &email).await?;
            Ok(Answer::Admins(tenancy.admins(&org).await?))
        }
        AdminCommand::Code { organization, email, .. } => {
            let org = tenancy.named_to_change(&organization).await?;
            let (org, code) = tenancy.issue_code(&org, &email).await?;
            Ok(Answer::Code { admin: tenancy.admin_of(&org, &email).await?, org, code })
        }
        AdminCommand::Redeem { email, .. } => {
            let (code, password) = if let Some(terminal) = Terminal::open() {
                let question = format!("One-time code of {}: ", escaped_short(&email, 100));
                (
                    terminal.ask_secret(&question).await?,
                    ask_new(&terminal, tenancy, "", &email).await?,
                )
            } else {
                let code = line_of_stdin("the code").await?;
                (code, line_of_stdin("the new password").await?)
            };
            Ok(Answer::Changed(tenancy.redeem(&email, &code, &password).await?))
        }
    }
}

async fn update(
    tenancy: &Tenancy,
    organization: &str,
    email: &str,
    mut changes: AdminChanges,
    new_password: bool,
    login: &Login,
) -> Result<Answer, Failure> {
    let org = tenancy.named_to_change(organization).await?;
    tenancy.ensure_changeable(&org, email, &changes).await?;
    let session: Session = log_in(tenancy, &login.login).await?;
    if new_password {
        changes.password = Some(match Terminal::open() {
            Some(terminal) => {
                let email = changes.email.as_deref().unwrap_or(email);
                ask_new(&terminal, tenancy, org.name.raw(), email).await?
            }
            None => line_of_stdin("the new password").await?,
        });
    }
    let org = tenancy.in_session(Some(session.token())).update_admin(&org, email, &changes).await?;
    Ok(Answer::Admins(tenancy.admins(&org).await?))
}

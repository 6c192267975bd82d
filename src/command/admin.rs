//! `tenantry admin …`.

use super::{
    Answer, Failure, Working,
    ask::{LogIn, agree, ask_new, asked},
    code::Mailed,
    line::{Send, Sure},
    second_factor,
    terminal::{Terminal, line_of_stdin},
};
use crate::{
    command::AdminCommand,
    org::{Org, escaped_short},
    tenancy::{AdminChanges, IssuedCode, Tenancy},
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
        | AdminCommand::Transfer { .. }
        | AdminCommand::Code { .. }
        | AdminCommand::Redeem { .. }
        | AdminCommand::Totp { .. } => true,
    }
}

/// Checks the command line before a database is opened, and returns whether the command asks for a password.
pub(super) fn check(command: &AdminCommand, login: &LogIn) -> Result<bool, Failure> {
    match command {
        AdminCommand::List { .. } | AdminCommand::Code { .. } | AdminCommand::Add { .. } => {
            Ok(false)
        }
        AdminCommand::Remove { sure, .. } => {
            login.is_needed("name one of its owners, or a manager, with --as E-MAIL")?;
            asked(sure, Terminal::open())?;
            Ok(true)
        }
        // Needs no login where there is no owner.
        AdminCommand::Transfer { sure, .. } => {
            asked(sure, Terminal::open())?;
            Ok(false)
        }
        AdminCommand::Update { role, new_email, new_password_stdin, reset_totp, .. } => {
            login
                .is_needed("name that admin, one of the owners, or a manager, with --as E-MAIL")?;
            if role.is_none() && new_email.is_none() && !new_password_stdin && !reset_totp {
                let help = "add --role, --email, --new-password-stdin or --reset-totp";
                return Err(Failure::usage("nothing to change", help));
            }
            Ok(true)
        }
        AdminCommand::Totp { remove, .. } => {
            second_factor::check(*remove, login)?;
            Ok(true)
        }
        AdminCommand::Login { .. } => Ok(true),
        AdminCommand::Redeem { stdin, .. } => Ok(!stdin),
    }
}

pub(super) async fn answer(
    tenancy: &Tenancy,
    command: AdminCommand,
    working: &Working,
    login: &mut LogIn,
) -> Result<Answer, Failure> {
    match command {
        AdminCommand::Login { email, .. } => {
            Ok(Answer::Login(login.log_in(tenancy, &email).await?))
        }
        AdminCommand::List { organization } => {
            let org = tenancy.named(&organization).await?;
            Ok(Answer::Admins(tenancy.admins(&org).await?))
        }
        AdminCommand::Add { organization, email, role, send, .. } => {
            let org = tenancy.named_to_change(&organization).await?;
            let tenancy = &login.session_of(tenancy).await?;
            can_send(tenancy, &send)?;
            let (org, code) = tenancy.add_admin(&org, &email, role).await?;
            Ok(issued(tenancy, org, code, &send, working).await)
        }
        AdminCommand::Totp { remove, .. } => second_factor::answer(tenancy, remove, login).await,
        AdminCommand::Update {
            organization,
            email,
            role,
            new_email,
            new_password_stdin,
            reset_totp,
            ..
        } => {
            let (password, resets_second_factor) = (None, reset_totp);
            let changes = AdminChanges { role, email: new_email, password, resets_second_factor };
            update(tenancy, &organization, &email, changes, new_password_stdin, login).await
        }
        AdminCommand::Remove { organization, email, sure } => {
            let org = tenancy.named_to_change(&organization).await?;
            let admin = tenancy.ensure_removable(&org, &email).await?;
            let tenancy = &login.session_of(tenancy).await?;
            if let Some(terminal) = asked(&sure, Terminal::open())? {
                let question = format!("Remove {}, {} of “{}”?", admin.email, admin.role, org.name);
                agree(&terminal, &question).await?;
            }
            let org = tenancy.remove_admin(&org, &email).await?;
            Ok(Answer::Admins(tenancy.admins(&org).await?))
        }
        AdminCommand::Transfer { organization, email, remove, send, sure, .. } => {
            can_send(tenancy, &send)?;
            let (to, working) = ((email.as_str(), remove, &send), (working, login));
            transfer(tenancy, &organization, to, &sure, working).await
        }
        AdminCommand::Code { organization, email, send, .. } => {
            can_send(tenancy, &send)?;
            let org = tenancy.named_to_change(&organization).await?;
            let (org, code) = tenancy.issue_code(&org, &email).await?;
            Ok(issued(tenancy, org, code, &send, working).await)
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

/// Refuses where a code was to be mailed and cannot be, before anything is done.
fn can_send(tenancy: &Tenancy, send: &Send) -> Result<(), Failure> {
    if send.send { Ok(tenancy.ensure_mails()?) } else { Ok(()) }
}

/// A code that was issued, and mailed if wanted: it is shown whatever comes of that.
async fn issued(
    tenancy: &Tenancy,
    org: Org,
    issued: IssuedCode,
    send: &Send,
    working: &Working,
) -> Answer {
    if !send.send {
        return Answer::Code { org, issued, mailed: Mailed::NotWanted };
    }
    let unknown = Mailed::Unknown;
    let interrupted = Answer::Code { org: org.clone(), issued: issued.clone(), mailed: unknown };
    working.say_if_interrupted(interrupted);
    let mailed = match tenancy.mail_code(&org, &issued).await {
        Ok(()) => Mailed::Yes,
        Err(error) => Mailed::No(error),
    };
    Answer::Code { org, issued, mailed }
}

async fn transfer(
    tenancy: &Tenancy,
    organization: &str,
    (email, remove, send): (&str, bool, &Send),
    sure: &Sure,
    (working, login): (&Working, &mut LogIn),
) -> Result<Answer, Failure> {
    let org = tenancy.named_to_change(organization).await?;
    let owners = tenancy.ensure_transferable(&org, email).await?;
    let tenancy = &login.session_of(tenancy).await?;
    if let Some(terminal) = asked(sure, Terminal::open())? {
        let owners: Vec<String> = owners.iter().map(|owner| owner.email.to_string()).collect();
        let become_of = match (owners.len(), remove) {
            (0, _) => String::new(),
            (1, false) => format!(" {} becomes an admin.", owners[0]),
            (_, false) => format!(" {} become admins.", owners.join(", ")),
            (1, true) => format!(" {} is removed.", owners[0]),
            (_, true) => format!(" {} are removed.", owners.join(", ")),
        };
        let email = escaped_short(email, 100);
        agree(&terminal, &format!("Transfer “{}” to {email}?{become_of}", org.name)).await?;
    }
    let (org, code) = tenancy.transfer(&org, email, remove).await?;
    match code {
        Some(code) => Ok(issued(tenancy, org, code, send, working).await),
        None => Ok(Answer::Admins(tenancy.admins(&org).await?)),
    }
}

async fn update(
    tenancy: &Tenancy,
    organization: &str,
    email: &str,
    mut changes: AdminChanges,
    new_password: bool,
    login: &mut LogIn,
) -> Result<Answer, Failure> {
    let org = tenancy.named_to_change(organization).await?;
    tenancy.ensure_changeable(&org, email, &changes).await?;
    let tenancy = &login.session_of(tenancy).await?;
    if new_password {
        changes.password = Some(match Terminal::open() {
            Some(terminal) => {
                let email = changes.email.as_deref().unwrap_or(email);
                ask_new(&terminal, tenancy, org.name.raw(), email).await?
            }
            None => line_of_stdin("the new password").await?,
        });
    }
    let org = tenancy.update_admin(&org, email, &changes).await?;
    Ok(Answer::Admins(tenancy.admins(&org).await?))
}

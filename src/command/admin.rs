//! `tenantry admin …`.

use super::{
    Answer, Failure, agree, ask_new, asked, line::Login, line_of_stdin, log_in, terminal::Terminal,
};
use crate::{
    command::AdminDeed,
    org::escaped_short,
    tenancy::{AdminWish, Session, Tenancy},
};

pub(super) async fn answer(tenancy: &Tenancy, deed: AdminDeed) -> Result<Answer, Failure> {
    match deed {
        AdminDeed::Login { email, .. } => Ok(Answer::Login(log_in(tenancy, &email).await?)),
        AdminDeed::List { organization } => {
            let org = tenancy.named(&organization).await?;
            Ok(Answer::Admins(tenancy.admins(&org).await?))
        }
        AdminDeed::Add { organization, email, role, login, .. } => {
            let org = tenancy.named(&organization).await?;
            let session = match &login {
                Some(login) => Some(log_in(tenancy, login).await?),
                None => None,
            };
            let token = session.as_ref().map(Session::token);
            let (org, code) = tenancy.add_admin(&org, &email, role, token).await?;
            Ok(Answer::Code { admin: tenancy.admin_of(&org, &email).await?, org, code })
        }
        AdminDeed::Update {
            organization,
            email,
            role,
            new_email,
            new_password_stdin,
            login,
            ..
        } => {
            let wish = AdminWish { role, email: new_email, password: None };
            update(tenancy, &organization, &email, wish, new_password_stdin, &login).await
        }
        AdminDeed::Remove { organization, email, sure, login } => {
            let org = tenancy.named(&organization).await?;
            let admin = tenancy.ensure_removable(&org, &email).await?;
            let session = log_in(tenancy, &login.login).await?;
            if let Some(terminal) = asked(&sure, Terminal::open())? {
                let question = format!("Remove {}, {} of “{}”?", admin.email, admin.role, org.name);
                agree(&terminal, &question).await?;
            }
            let org = tenancy.remove_admin(&org, &email, Some(session.token())).await?;
            Ok(Answer::Admins(tenancy.admins(&org).await?))
        }
        AdminDeed::Code { organization, email, .. } => {
            let org = tenancy.named(&organization).await?;
            let (org, code) = tenancy.issue_code(&org, &email).await?;
            Ok(Answer::Code { admin: tenancy.admin_of(&org, &email).await?, org, code })
        }
        AdminDeed::Redeem { email, .. } => {
            let (code, password) = if let Some(terminal) = Terminal::open() {
                let question = format!("One-time code of {}: ", escaped_short(&email, 100));
                (terminal.ask_secret(&question).await?, ask_new(&terminal, tenancy).await?)
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
    mut wish: AdminWish,
    new_password: bool,
    login: &Login,
) -> Result<Answer, Failure> {
    let org = tenancy.named(organization).await?;
    tenancy.ensure_changeable(&org, email, &wish).await?;
    let session: Session = log_in(tenancy, &login.login).await?;
    if new_password {
        wish.password = Some(match Terminal::open() {
            Some(terminal) => ask_new(&terminal, tenancy).await?,
            None => line_of_stdin("the new password").await?,
        });
    }
    let org = tenancy.update_admin(&org, email, &wish, Some(session.token())).await?;
    Ok(Answer::Admins(tenancy.admins(&org).await?))
}

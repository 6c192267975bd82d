//! What a person is asked on the terminal before a command goes on: whether it is meant, and passwords.

use std::io::{self, Write as _};

use super::{
    DatabaseCommand, Failure,
    line::{Login, Sure},
    terminal::{Terminal, line_of_stdin},
};
use crate::{
    config::Database,
    org::{Org, Secret, counted, escaped, escaped_short},
    tenancy::{self, Account, Confirmation, Session, Tenancy, confirmation_of},
};

/// The terminal to confirm a deletion on; none with `--yes`. A terminal that has gone away does not count
/// as a confirmation.
pub(super) fn asked<T>(sure: &Sure, terminal: Option<T>) -> Result<Option<T>, Failure> {
    match terminal {
        _ if sure.yes => Ok(None),
        Some(terminal) => Ok(Some(terminal)),
        None => Err(Failure::usage(
            "no terminal to confirm the operation on",
            "add --yes to skip the confirmation",
        )),
    }
}

/// Where people depend on a database, its profile's name is typed before anything is changed.
pub(super) async fn sure_in_production(
    database: &Database,
    command: &DatabaseCommand,
) -> Result<(), Failure> {
    sure_of(database, command.sure()).await
}

/// The same, of what is done to this database.
pub(super) async fn sure_of(database: &Database, sure: Option<&Sure>) -> Result<(), Failure> {
    let Some(name) = database.production() else { return Ok(()) };
    if sure.is_none_or(|sure| sure.yes) {
        return Ok(());
    }
    let Some(terminal) = Terminal::open() else {
        return Err(Failure::usage(
            format!("“{name}” is production, and there is no terminal to confirm the operation on"),
            "add --yes to skip the confirmation",
        ));
    };
    let typed = terminal.ask(&format!("This is production. Type {name} to continue: ")).await?;
    if typed.reveal().trim() == name { Ok(()) } else { Err(Failure::NotConfirmed) }
}

pub(super) async fn confirm(
    tenancy: &Tenancy,
    org: &Org,
    terminal: Option<&Terminal>,
) -> Result<Confirmation, Failure> {
    let Some(terminal) = terminal else { return Ok(Confirmation::Given) };
    let holds = tenancy.statistics(org).await?;
    terminal.show(&format!(
        "“{}” will be permanently deleted:\n  its admin {}\n  {} with {} of {}\n",
        org.name,
        org.admin_email,
        org.collection,
        counted(holds.documents, "document"),
        counted(holds.bytes, "byte"),
    ))?;
    let question = format!("Type {} to purge it: ", confirmation_of(&org.name));
    let typed = terminal.ask(&question).await?;
    Ok(Confirmation::Typed(typed.reveal().to_owned()))
}

/// Goes on only where the answer is yes.
pub(super) async fn agree(terminal: &Terminal, question: &str) -> Result<(), Failure> {
    let typed = terminal.ask(&format!("{question} [y/N] ")).await?;
    match typed.reveal().trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::NotConfirmed),
    }
}

/// Who is to log in, and the session once they have: a password is asked for once.
#[derive(Debug, Default)]
pub(super) struct LogIn {
    login: Login,
    session: Option<Session>,
}

impl LogIn {
    pub(super) fn new(login: Login) -> Self {
        Self { login, session: None }
    }

    /// The same account, to log in to another database.
    pub(super) fn again(&self) -> Self {
        Self::new(self.login.clone())
    }

    /// Whom `--as` names.
    pub(super) fn email(&self) -> Option<&str> {
        self.login.account.as_deref()
    }

    /// Whether passwords come from standard input.
    pub(super) fn reads_stdin(&self) -> bool {
        self.login.password_stdin
    }

    /// Whether there is a session.
    pub(super) fn has_session(&self) -> bool {
        self.session.is_some()
    }

    /// Whether the account has a second factor.
    pub(super) fn has_second_factor(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.has_second_factor)
    }

    /// Whether it is an admin.
    pub(super) fn is_an_admin(&self) -> bool {
        let account = self.session.as_ref().map(|session| &session.account);
        matches!(account, Some(Account::Admin { .. }))
    }

    /// Refuses a command line without `--as`.
    pub(super) fn is_needed(&self, help: &'static str) -> Result<(), Failure> {
        match self.email() {
            Some(_) => Ok(()),
            None => Err(Failure::usage("this requires a login", help)),
        }
    }

    /// The same operations in the session of the account that `--as` names, which logs in the first time; without
    /// `--as`, without a session.
    pub(super) async fn session_of(&mut self, tenancy: &Tenancy) -> Result<Tenancy, Failure> {
        if let (None, Some(email)) = (&self.session, &self.login.account) {
            self.session = Some(self.log_in(tenancy, email).await?);
        }
        Ok(tenancy.in_session(self.session.as_ref().map(Session::token)))
    }

    /// Asks for the password, and for the code where the account has a second factor, and logs in. Says where others
    /// have tried before.
    pub(super) async fn log_in(&self, tenancy: &Tenancy, email: &str) -> Result<Session, Failure> {
        let password = ask_password(email).await?;
        let login =
            async |code: Option<&Secret>| tenancy.login_with_code(email, &password, code).await;
        let session = self.with_code(email, login).await?;
        if session.failures > 0 {
            let before = counted(session.failures, "failed login");
            // Beside the answer, which a program may read.
            let _ = writeln!(
                io::stderr(),
                "tenantry: {before} with this e-mail since the last successful one"
            );
        }
        Ok(session)
    }

    /// Does what a password proves, with the code of standard input; without one, asks for it where it is needed.
    pub(super) async fn with_code<T>(
        &self,
        email: &str,
        attempt: impl AsyncFn(Option<&Secret>) -> tenancy::Result<T>,
    ) -> Result<T, Failure> {
        let code = if self.login.code_stdin {
            Some(line_of_stdin("the authentication code").await?)
        } else {
            None
        };
        match attempt(code.as_ref()).await {
            Err(tenancy::Error::CodeRequired) => {}
            done => return Ok(done?),
        }
        let Some(terminal) = Terminal::open() else {
            return Err(Failure::usage(
                format!("{} needs an authentication code", escaped_short(email, 100)),
                "add --code-stdin and give it on the line after the password",
            ));
        };
        let code = terminal.ask("Authentication code: ").await?;
        Ok(attempt(Some(&code)).await?)
    }
}

pub(super) async fn ask_password(email: &str) -> Result<Secret, Failure> {
    match Terminal::open() {
        Some(terminal) => {
            terminal.ask_secret(&format!("Password of {}: ", escaped_short(email, 100))).await
        }
        None => line_of_stdin("the password").await,
    }
}

/// Asks for a new password, after saying what it must be like.
/// One that the rules refuse is not asked for twice, but said and asked for anew. `name` and `email` are
/// those of the organization and the admin, as far as they are known.
pub(super) async fn ask_new(
    terminal: &Terminal,
    tenancy: &Tenancy,
    name: &str,
    email: &str,
) -> Result<Secret, Failure> {
    // What is typed ahead stays unseen as well.
    let _silence = terminal.silence()?;
    terminal.show(&format!("Password rules: {}.\n", tenancy.password_policy()))?;
    let first = loop {
        let typed = terminal.ask_secret("New password: ").await?;
        match tenancy.check_password(&typed, name, email).await {
            Ok(()) => break typed,
            Err(refused @ tenancy::Error::Invalid(_)) => {
                terminal.show(&format!("{refused}\n  → {}\n", refused.help()))?;
            }
            Err(error) => return Err(error.into()),
        }
    };
    if terminal.ask_secret("Again: ").await? == first {
        Ok(first)
    } else {
        Err(Failure::TypedDifferently)
    }
}

/// Shows why the clock is doubted, before anything goes for good by it. A person is asked whether it is
/// right; where none is there, they have asked for it by `--fix`.
pub(super) async fn believes(doubted: String) -> bool {
    let _ = writeln!(io::stderr(), "tenantry: {}", escaped(&doubted));
    match Terminal::open() {
        Some(terminal) => {
            agree(&terminal, "Is the clock right? If so, they are purged now.").await.is_ok()
        }
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_asked_only_where_that_was_said_beforehand() {
        assert!(matches!(asked(&Sure { yes: false }, Some(())), Ok(Some(()))));
        assert!(matches!(asked(&Sure { yes: true }, Some(())), Ok(None)));
        assert!(matches!(asked::<()>(&Sure { yes: true }, None), Ok(None)));
        assert!(asked::<()>(&Sure { yes: false }, None).is_err());
    }
}

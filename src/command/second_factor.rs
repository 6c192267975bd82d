//! Setting up a second factor on a terminal.

use std::fmt::Write as _;

use serde::Serialize;
use zeroize::Zeroizing;

use super::{Answer, Failure, ask::LogIn, terminal::Terminal};
use crate::{
    org::{Secret, escaped_short},
    tenancy::{self, FASTAPI_ASKS_FOR_NONE, Own, REPLACES, Tenancy},
};

/// Checks the command line before a database is opened.
pub(super) fn check(remove: bool, login: &LogIn) -> Result<(), Failure> {
    login.is_needed("name yourself with --as E-MAIL")?;
    if !remove {
        shows()?;
    }
    Ok(())
}

/// Sets up the caller's own second factor, or removes it.
pub(super) async fn answer(
    tenancy: &Tenancy,
    remove: bool,
    login: &mut LogIn,
) -> Result<Answer, Failure> {
    let tenancy = &login.session_of(tenancy).await?;
    if !remove {
        return Ok(Answer::RecoveryCodes(set_up(tenancy, login).await?));
    }
    Ok(match tenancy.remove_second_factor().await? {
        Own::Operator(operator) => Answer::Operator(operator),
        Own::Admin(_, org) => Answer::Admins(tenancy.admins(&org).await?),
    })
}

/// The terminal to show the secret on.
///
/// # Errors
/// A usage error where there is none: on an output that may be kept, it would stay.
fn shows() -> Result<Terminal, Failure> {
    Terminal::open()
        .ok_or_else(|| Failure::usage("no terminal to show the secret on", "run it in a terminal"))
}

/// Shows a new secret and asks for its first code, until it is right. The recovery codes.
async fn set_up(tenancy: &Tenancy, login: &LogIn) -> Result<Vec<Secret>, Failure> {
    let email = login.email().unwrap_or_default();
    let terminal = shows()?;
    let new = Tenancy::new_second_factor()?;
    let mut shown = Zeroizing::new(String::new());
    for line in new.qr(email).unwrap_or_default() {
        // White on black, whatever the terminal's colours are.
        let _ = writeln!(shown, "\x1b[40;97m{line}\x1b[0m");
    }
    // Writing to a string cannot fail.
    let _ = writeln!(
        shown,
        "Scan this with your authenticator app, or enter the secret:\n  account  Tenantry: {}\n  secret   {}",
        escaped_short(email, 100),
        new.base32().reveal(),
    );
    if login.has_second_factor() {
        let _ = writeln!(shown, "{REPLACES}");
    }
    if login.is_an_admin() {
        let _ = writeln!(shown, "{FASTAPI_ASKS_FOR_NONE}");
    }
    terminal.show(&shown)?;
    loop {
        let code = terminal.ask("Code the app shows now: ").await?;
        match tenancy.set_up_second_factor(&new, &code).await {
            Ok((_, codes)) => return Ok(codes),
            Err(wrong @ tenancy::Error::WrongFirstCode) => {
                terminal.show(&format!("{wrong}\n  → {}\n", wrong.help()))?;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

#[derive(Serialize)]
pub(super) struct RecoveryFields<'a> {
    recovery_codes: Vec<&'a str>,
}

impl<'a> RecoveryFields<'a> {
    pub(super) fn new(codes: &'a [Secret]) -> Self {
        Self { recovery_codes: codes.iter().map(Secret::reveal).collect() }
    }
}

pub(super) fn table(codes: &[Secret]) -> String {
    let mut text =
        String::from("Second factor set up. Recovery codes, each good for one login:\n\n");
    for code in codes {
        let _ = writeln!(text, "  {}", code.reveal());
    }
    text.push_str("\n  → keep them somewhere safe: they are not shown again\n");
    text
}

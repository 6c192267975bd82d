//! Every way a command can end other than well, and the exit code it ends with.

use std::io;

use serde::Serialize;

use crate::{
    archive::ReadError,
    config::{self, Output},
    org::{Field, escaped, json_text},
    store::StoreError,
    tenancy::{self, ErrorCode},
};

/// Why a command was not done. `Display` says what happened, [`Failure::help`] what to do.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line asks for something that cannot be.
    #[error("{what}")]
    Usage {
        /// What is wrong with it.
        what: String,
        /// What to do.
        help: &'static str,
    },
    /// A flag or a variable is wrong.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// All that is wrong with flags, variables and the configuration file.
    #[error("{}", said_of(.0))]
    Configuration(Vec<config::Error>),
    /// The operation was refused or failed.
    #[error(transparent)]
    Tenancy(#[from] tenancy::Error),
    /// An organization could not be restored.
    #[error(transparent)]
    Restore(tenancy::Error),
    /// It was refused or failed in the other database.
    #[error("in “{}”: {error}", escaped(.profile))]
    Elsewhere {
        /// The profile of that database.
        profile: String,
        /// Why.
        error: tenancy::Error,
    },
    /// An organization was copied to the database of this profile, and not moved there.
    #[error("“{}”: {error}", escaped(.profile))]
    Copied {
        /// The profile of that database.
        profile: String,
        /// Why.
        error: tenancy::CopyError,
    },
    /// An archive is damaged, cut off, foreign or newer, or cannot be read.
    #[error(transparent)]
    Archive(#[from] ReadError),
    /// The new password was typed differently the second time.
    #[error("the passwords do not match")]
    TypedDifferently,
    /// The answer was no, or another name.
    #[error("not confirmed; nothing was done")]
    NotConfirmed,
    /// The end of the input where an answer was wanted.
    #[error("no answer; nothing was done")]
    NoAnswer,
    /// The terminal, or standard input or output.
    #[error("{0}")]
    Io(String),
    /// A signal ended it.
    #[error("interrupted")]
    Signal(u8),
}

impl Failure {
    /// A wrong use of the command line.
    #[must_use]
    pub fn usage(what: impl Into<String>, help: &'static str) -> Self {
        Self::Usage { what: what.into(), help }
    }

    /// Something the operating system refused; `what` was wanted.
    #[must_use]
    pub fn io(what: &str, error: &io::Error) -> Self {
        Self::Io(format!("{what}: {error}"))
    }

    /// What the person can do about it; empty where there is nothing to say.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Usage { help, .. } => help,
            Self::Config(error) => error.help(),
            Self::Configuration(errors) => errors.first().map_or("", config::Error::help),
            Self::Tenancy(tenancy::Error::NotAllowed(tenancy::Refusal::NoSession(_))) => {
                "name the owner to log in as with --as E-MAIL"
            }
            Self::Tenancy(tenancy::Error::NotAllowed(
                tenancy::Refusal::OperatorsRequired
                | tenancy::Refusal::OperatorsOnly
                | tenancy::Refusal::NoLogin(_),
            )) => "log in with the account of an operator: --as E-MAIL, or L in the console",
            Self::Tenancy(tenancy::Error::NotAllowed(tenancy::Refusal::ManagersOnly)) => {
                "name a manager to log in as with --as E-MAIL"
            }
            Self::Tenancy(tenancy::Error::InTrash(_)) => {
                "restore it with `tenantry org restore`, or purge it with `tenantry org purge`"
            }
            Self::Tenancy(tenancy::Error::NotInTrash(_)) => {
                "list the trash with `tenantry org list --trash`"
            }
            Self::Tenancy(tenancy::Error::NoOwner(_)) => {
                "add one with `tenantry admin add NAME E-MAIL --role owner`; this needs no login"
            }
            Self::Tenancy(tenancy::Error::NotFound { .. }) => {
                "find its name with `tenantry org list`"
            }
            Self::Restore(error @ tenancy::Error::Taken { .. }) => match error.field() {
                Some(Field::Email) => "change the e-mail of the admin who has it now, then restore",
                Some(Field::Name | Field::Password | Field::Code | Field::Reason) | None => {
                    "restore it under another name with --name"
                }
            },
            Self::Tenancy(error) | Self::Restore(error) | Self::Elsewhere { error, .. } => {
                error.help()
            }
            Self::Copied { .. } => {
                "compare both: then purge the copy, or move the original to the trash yourself"
            }
            Self::Archive(error) => error.help(),
            Self::TypedDifferently | Self::NoAnswer => "try again",
            Self::Io(_) => "check the terminal, or what input and output are redirected to",
            Self::NotConfirmed | Self::Signal(_) => "",
        }
    }

    /// The code the process ends with: 2 usage, 3 not found, 4 taken, 5 not allowed or wrong
    /// password, 6 invalid input, 7 database unreachable, 1 anything else; 128 and its number for a
    /// signal.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage { .. } | Self::Config(_) | Self::Configuration(_) => 2,
            Self::Tenancy(error) | Self::Restore(error) | Self::Elsewhere { error, .. } => {
                exit_of(error)
            }
            Self::Archive(
                ReadError::NotAnArchive(_)
                | ReadError::NewerFormat { .. }
                | ReadError::CutOff { .. }
                | ReadError::Damaged { .. }
                | ReadError::UnexpectedMember { .. },
            )
            | Self::TypedDifferently => 6,
            Self::Archive(ReadError::Source(_))
            | Self::Copied { .. }
            | Self::NotConfirmed
            | Self::NoAnswer
            | Self::Io(_) => 1,
            Self::Signal(number) => 128 + number,
        }
    }

    /// What is said on standard error: lines for a person, or JSON where that is asked for.
    #[must_use]
    pub fn said(&self, output: Option<Output>) -> String {
        match (output, self) {
            (Some(Output::Json | Output::Ndjson), Self::Config(_) | Self::Configuration(_)) => {
                json(&error_fields(&USAGE, self.lines().trim_end(), self.help()))
            }
            (Some(Output::Json | Output::Ndjson), _) => json(&self.fields()),
            (
                Some(
                    Output::Table
                    | Output::Csv
                    | Output::Tsv
                    | Output::Name
                    | Output::Canonical
                    | Output::Shell,
                )
                | None,
                _,
            ) => self.lines(),
        }
    }

    /// The JSON of it: `{"error": {"code", "message", "help"}}`. The code is an [`ErrorCode`], `usage` or `interrupted`.
    pub(super) fn fields(&self) -> serde_json::Value {
        let (what, help) = (self.to_string(), self.help());
        let of = |code| error_fields(&code, &what, help);
        match self {
            Self::Usage { .. } | Self::Config(_) | Self::Configuration(_) => {
                error_fields(&USAGE, &what, help)
            }
            Self::Tenancy(error) | Self::Restore(error) | Self::Elsewhere { error, .. } => {
                of(error.code())
            }
            Self::Archive(ReadError::Source(_)) | Self::Copied { .. } | Self::Io(_) => {
                of(ErrorCode::Failed)
            }
            Self::Archive(
                ReadError::NotAnArchive(_)
                | ReadError::NewerFormat { .. }
                | ReadError::CutOff { .. }
                | ReadError::Damaged { .. }
                | ReadError::UnexpectedMember { .. },
            ) => of(ErrorCode::Invalid),
            Self::TypedDifferently | Self::NotConfirmed | Self::NoAnswer => {
                of(ErrorCode::NotConfirmed)
            }
            Self::Signal(_) => error_fields(&"interrupted", &what, help),
        }
    }

    /// The lines for standard error, with nothing in them that could move a terminal's cursor.
    #[must_use]
    pub fn lines(&self) -> String {
        match self {
            Self::Config(error) => lines_of(error),
            Self::Configuration(errors) => errors.iter().map(lines_of).collect(),
            Self::Usage { .. }
            | Self::Tenancy(_)
            | Self::Restore(_)
            | Self::Elsewhere { .. }
            | Self::Copied { .. }
            | Self::Archive(_)
            | Self::TypedDifferently
            | Self::NotConfirmed
            | Self::NoAnswer
            | Self::Io(_)
            | Self::Signal(_) => report(&self.to_string(), self.help()),
        }
    }
}

/// A wrong command line, for programs: see [`Failure::said`].
#[must_use]
pub fn usage_json(what: &str) -> String {
    json(&error_fields(&USAGE, what, ""))
}

/// The code of a wrong command line, variable or configuration file.
const USAGE: &str = "usage";

fn json(fields: &serde_json::Value) -> String {
    // Text and nothing else is always written.
    json_text(fields).unwrap_or_default()
}

fn error_fields(code: &impl Serialize, what: &str, help: &str) -> serde_json::Value {
    serde_json::json!({ "error": { "code": code, "message": what, "help": help } })
}

/// What happened, and below it what to do.
#[must_use]
pub fn report(what: &str, help: &str) -> String {
    let mut lines = format!("tenantry: {}\n", escaped(what));
    if !help.is_empty() {
        lines.push_str("  → ");
        lines.push_str(&escaped(help));
        lines.push('\n');
    }
    lines
}

fn lines_of(error: &config::Error) -> String {
    match error {
        config::Error::File(problems) => problems.lines(),
        error => report(&error.to_string(), error.help()),
    }
}

fn said_of(errors: &[config::Error]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn exit_of(error: &tenancy::Error) -> u8 {
    if let tenancy::Error::OutcomeUnknown { why: StoreError::Unreachable { .. }, .. } = error {
        return 7;
    }
    match error.code() {
        ErrorCode::NotFound | ErrorCode::InTrash => 3,
        ErrorCode::Taken => 4,
        ErrorCode::WrongLogin
        | ErrorCode::CodeRequired
        | ErrorCode::WrongCode
        | ErrorCode::TooManyAttempts
        | ErrorCode::LoginRequired
        | ErrorCode::RecentLoginRequired
        | ErrorCode::SessionEnded
        | ErrorCode::KeyNotValid
        | ErrorCode::NotAllowed
        | ErrorCode::NotPossible
        | ErrorCode::SecondFactorRequired
        | ErrorCode::SecondFactorUnreadable
        | ErrorCode::Disabled
        | ErrorCode::ReadOnly
        | ErrorCode::DatabaseRefused => 5,
        ErrorCode::Invalid | ErrorCode::NotConfirmed | ErrorCode::Ambiguous => 6,
        ErrorCode::Unreachable => 7,
        // A connection string that does not parse, or a file that cannot be one.
        ErrorCode::Misconfigured | ErrorCode::NoMail => 2,
        ErrorCode::Changed
        | ErrorCode::Busy
        | ErrorCode::Overloaded
        | ErrorCode::NotMailed
        | ErrorCode::OutcomeUnknown
        | ErrorCode::NeedsUpgrade
        | ErrorCode::Failed => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_database_says_cannot_move_the_cursor() {
        let said = StoreError::Other("\x1b[2Jgone\u{202e}".to_owned());
        let failure = Failure::from(tenancy::Error::Store(said));
        assert_eq!(
            failure.lines(),
            "tenantry: database error: \\u{1b}[2Jgone\\u{202e}\n  → try again; if the error persists, \
             check the database's log\n"
        );
    }

    #[test]
    fn a_signal_ends_as_shells_expect() {
        assert_eq!(Failure::Signal(2).exit_code(), 130);
    }
}

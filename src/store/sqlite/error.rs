//! What SQLite reports, in words for a person.

use rusqlite::{Error, ErrorCode, ffi};
use rustix::process::{Resource, getrlimit};

use crate::{
    org::UnderWay,
    store::{Place, StoreError},
};

/// What comes of a transaction.
pub(super) type Attempt<T> = Result<T, Fault>;

/// Why a transaction was given up.
pub(super) enum Fault {
    /// The answer to what was asked is an error: somebody has it already, …
    Answer(StoreError),
    /// SQLite failed.
    Sqlite(Error),
    /// A row holds what nobody wrote.
    Garbage,
}

impl From<StoreError> for Fault {
    fn from(answer: StoreError) -> Self {
        Self::Answer(answer)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..) => Self::Garbage,
            error => Self::Sqlite(error),
        }
    }
}

impl Fault {
    /// Whether another console is at it, and trying again soon can help.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self, Self::Sqlite(error) if matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
        ))
    }

    /// Whether there is no room for what has to be written.
    pub(super) fn is_no_room(&self) -> bool {
        matches!(self, Self::Sqlite(error) if unwritten(error).is_some())
    }

    /// The error for whoever asked `place`.
    pub(super) fn into_error(self, place: &Place) -> StoreError {
        let file = &place.address;
        let error = match self {
            Self::Answer(answer) => return answer,
            Self::Garbage => return damaged(file),
            Self::Sqlite(error) => error,
        };
        if let Some(why) = unwritten(&error) {
            return StoreError::Disk {
                problem: format!("cannot write {file}: {why}; nothing was changed"),
                help: "make room and try again",
            };
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => damaged(file),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                StoreError::Busy { what: UnderWay::Changing, by: "another console".into() }
            }
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => StoreError::Refused {
                problem: format!("this user has no permission to write {file}"),
                help: "make sure this user can write the file and its directory",
            },
            Some(ErrorCode::CannotOpen) => StoreError::Misconfigured {
                problem: format!("cannot open {file} as a file"),
                help: "make sure it is a file, and that this user can read and write it and its \
                       directory",
            },
            Some(ErrorCode::SystemIoFailure) => StoreError::Disk {
                problem: format!("cannot read or write {file}: {error}"),
                help: "check the disk it is on, then try again",
            },
            _ => StoreError::Other(format!("{error} ({file})")),
        }
    }
}

/// Why the system did not take what SQLite wrote; none where it is about something else.
fn unwritten(error: &Error) -> Option<String> {
    let failure = error.sqlite_error()?;
    match failure.extended_code {
        ffi::SQLITE_FULL => Some("the disk it is on is full".to_owned()),
        // Everything but a full disk comes as one of these. Making the index of the log is the first
        // thing that every console does.
        ffi::SQLITE_IOERR_WRITE
        | ffi::SQLITE_IOERR_TRUNCATE
        | ffi::SQLITE_IOERR_SHMOPEN
        | ffi::SQLITE_IOERR_SHMSIZE
        | ffi::SQLITE_IOERR_SHMMAP => Some(match getrlimit(Resource::Fsize).current {
            Some(most) => format!("files may have at most {most} bytes here (`ulimit -f`)"),
            None => "the disk it is on is full, or takes no more from this user".to_owned(),
        }),
        _ => None,
    }
}

fn damaged(file: &str) -> StoreError {
    StoreError::Damaged {
        problem: format!(
            "{file} is damaged, or not a database of Tenantry, and was left unchanged"
        ),
        help: "keep a copy of it, put a backup in its place, or start with another file \
               (--file PATH)",
    }
}

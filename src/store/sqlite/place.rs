//! Where a database's file is, and whether it still is there.

use std::path::Path;

use rusqlite::{Connection, FileControl};

use super::error::{Attempt, Fault};
use crate::{org::escaped, store::StoreError};

/// The path in a sentence, with nothing hidden in it.
pub(super) fn shown(path: &Path) -> String {
    escaped(&path.display().to_string()).into_owned()
}

/// Refuses a file that is no longer where it was opened: what is written to it nobody finds again.
pub(super) fn is_in_place(connection: &Connection) -> Attempt<()> {
    let Some(path) = connection.path().filter(|path| !path.is_empty()) else { return Ok(()) };
    let mut has_moved = 0;
    connection.file_control(Some("main"), FileControl::HasMoved(&mut has_moved))?;
    if has_moved == 0 {
        return Ok(());
    }
    Err(moved(&escaped(path)))
}

/// That it is not.
pub(super) fn moved(path: &str) -> Fault {
    Fault::Answer(StoreError::Disk {
        problem: format!("{path} was moved, deleted or replaced while it was open"),
        help: "put it back, or start again with what is there now; nothing was changed",
    })
}

//! What the console keeps of how a person has set it up, in a file of its own: the configuration is written by people and
//! never by the program. Nothing depends on that file: what cannot be read or written is not kept.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    process,
};

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use super::app::{FieldColumn, Kept};
use crate::{keymap::Column, org::escaped_short};

/// The most characters of a field.
const FIELD_MOST: usize = 200;

/// More than the file ever has; a device would never end.
const MOST_BYTES: u64 = 1 << 16;

/// The file.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Written {
    /// As [`Kept::divider`].
    divider: Option<u16>,
    /// As [`Kept::hidden`], in words.
    #[serde(default)]
    hidden_columns: Vec<String>,
    /// As [`Kept::shown`], in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    shown_columns: Vec<String>,
    /// As [`Kept::table`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    document_table: bool,
    /// As [`Kept::columns`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    document_columns: Vec<WrittenColumn>,
}

/// A column of the table of documents.
#[derive(Debug, Serialize, Deserialize)]
struct WrittenColumn {
    field: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    width: Option<u16>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    hidden: bool,
}

/// What was kept in a file; the default where there is none, or something else in it.
pub(super) fn read(path: &Path) -> Kept {
    let written = written(path).unwrap_or_default();
    let Written { divider, hidden_columns, shown_columns, document_table, document_columns } =
        written;
    let of = |words: &[String], column: &Column| words.iter().any(|word| word == column.word());
    let hidden = Column::ALL.into_iter().filter(|column| of(&hidden_columns, column));
    let shown = Column::SIZES.into_iter().filter(|column| of(&shown_columns, column));
    let column = |WrittenColumn { field, width, hidden }| {
        // It is written as it was shown; another program may have written something else.
        FieldColumn { field: escaped_short(&field, FIELD_MOST), width, hidden }
    };
    Kept {
        divider,
        hidden: hidden.collect(),
        shown: shown.collect(),
        table: document_table,
        columns: document_columns.into_iter().map(column).collect(),
    }
}

fn written(path: &Path) -> Option<Written> {
    // Opened without blocking: a FIFO may never have a writer.
    let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(nonblocking).open(path).ok()?;
    file.metadata().ok().filter(fs::Metadata::is_file)?;
    let mut text = String::new();
    file.take(MOST_BYTES).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// Keeps it, whole or not at all, for nobody else to read.
pub(super) fn write(path: &Path, kept: &Kept) -> io::Result<()> {
    let words =
        |columns: &[Column]| columns.iter().map(|column| column.word().to_owned()).collect();
    let column = |column: &FieldColumn| WrittenColumn {
        field: column.field.clone(),
        width: column.width,
        hidden: column.hidden,
    };
    let written = Written {
        divider: kept.divider,
        hidden_columns: words(&kept.hidden),
        shown_columns: words(&kept.shown),
        document_table: kept.table,
        document_columns: kept.columns.iter().map(column).collect(),
    };
    let text = serde_json::to_string_pretty(&written)? + "\n";
    if let Some(directory) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    // Of this process alone: another console may be writing too.
    let mut new = path.as_os_str().to_owned();
    new.push(format!(".{}", process::id()));
    let new = Path::new(&new);
    let replaced = replace(new, path, text.as_bytes());
    if replaced.is_err() {
        // It may not even be there.
        let _ = fs::remove_file(new);
    }
    replaced
}

fn replace(new: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file: File = OpenOptions::new().create_new(true).write(true).mode(0o600).open(new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(new, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_kept_is_read_again_by_its_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("state/console.json");
        for kept in [
            Kept {
                divider: Some(70),
                hidden: vec![Column::State, Column::Age],
                shown: vec![Column::Size],
                table: true,
                columns: vec![
                    FieldColumn { field: "total".to_owned(), width: Some(12), hidden: false },
                    FieldColumn { field: "\"a b\"".to_owned(), width: None, hidden: true },
                ],
            },
            Kept { hidden: Column::ALL.to_vec(), ..Kept::default() },
            Kept::default(),
        ] {
            write(&path, &kept).unwrap();
            assert_eq!(read(&path), kept);
        }
        for (path, mode) in [(path.as_path(), 0o600), (path.parent().unwrap(), 0o700)] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, mode);
        }
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_not_ours_is_ignored() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("console.json");
        assert_eq!(read(&path), Kept::default());
        let long = format!("{{\"divider\": 70{}}}", " ".repeat(1 << 16));
        for text in
            ["", "70", "[]", "divider = 70", "{\"divider\": \"70\"}", "{\"divider\": -1}", &long]
        {
            fs::write(&path, text).unwrap();
            assert_eq!(read(&path), Kept::default(), "{text}");
        }
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert_eq!(read(&path), Kept::default());
        // Of a newer version.
        fs::write(
            &path,
            "{\"divider\": 70, \"hidden_columns\": [\"colour\", \"age\"], \"more\": 1}",
        )
        .unwrap();
        let kept = Kept { divider: Some(70), hidden: vec![Column::Age], ..Kept::default() };
        assert_eq!(read(&path), kept);
        assert_eq!(read(home.path()), Kept::default(), "a directory");
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing_behind() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("file"), "").unwrap();
        assert!(write(&home.path().join("file/console.json"), &Kept::default()).is_err());
        fs::create_dir(home.path().join("console.json")).unwrap();
        assert!(write(&home.path().join("console.json"), &Kept::default()).is_err());
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2);
    }
}

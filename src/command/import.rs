//! `tenantry org import`: an organization from an archive.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal},
    path::Path,
    sync::Arc,
};

use serde::Serialize;

use super::{
    Answer, Failure, ascii,
    bulk::{STDIN, say},
    line::Import as Wanted,
    records,
    terminal::Telling,
    verify::open,
};
use crate::{
    config::Output,
    org::{StoredText, byte_size, counted, json_text, rfc3339, timestamp},
    tenancy::{Import, ImportWish, IssuedCode, Tenancy},
};

/// Checks the command line before a database is opened.
pub(super) fn check(wanted: &Wanted) -> Result<(), Failure> {
    if wanted.file == Path::new(STDIN) && io::stdin().is_terminal() {
        let help = "pipe one in, or name a file";
        return Err(Failure::usage("an archive is not read from a terminal", help));
    }
    needs_an_owner(wanted.without_admins, wanted.email.as_deref())
}

/// Refuses to leave out the admins without an owner in their place.
pub(super) fn needs_an_owner(without_admins: bool, email: Option<&str>) -> Result<(), Failure> {
    if without_admins && email.is_none() {
        let help = "add --email E-MAIL: its owner, who gets a one-time code";
        return Err(Failure::usage("without its admins, it needs an owner", help));
    }
    Ok(())
}

/// Imports one.
pub(super) async fn answer(
    tenancy: &Tenancy,
    wanted: Wanted,
    output: Output,
) -> Result<Answer, Failure> {
    let source = open(&wanted.file)?;
    let wish = ImportWish {
        name: wanted.new_name,
        email: wanted.email,
        without_admins: wanted.without_admins,
        documents_only: wanted.documents_only,
        suspended: None,
    };
    let telling = Telling::default();
    let from = StoredText::from(wanted.file.to_string_lossy().into_owned());
    let watch = Arc::new(telling.archiving(&from));
    let import = tenancy.import(source, &wish, watch).await;
    drop(telling);
    let import = import?;
    let text = match output {
        Output::Table => ascii::for_locale(sentence(&import, "imported")),
        output => {
            let text = json_text(&Fields::new(&import));
            let text = text.map_err(|error| Failure::Io(error.to_string()))?;
            if output == Output::Json { text } else { records::one_line(&text) }
        }
    };
    say(&text)?;
    Ok(Answer::Told(0))
}

/// What was imported, for people, after what was `done`.
pub(super) fn sentence(import: &Import, done: &str) -> String {
    let documents = import.summary.contents.documents;
    let mut text = format!(
        "{done} “{}”: {}, {}, {}\n",
        import.org.name,
        counted(documents.count, "document"),
        byte_size(documents.bytes),
        counted(import.admins, "admin"),
    );
    // Writing to a string cannot fail.
    if !import.kept_id {
        let _ = writeln!(text, "  → its id is now {}: the one it had is in use", import.org.id);
    }
    if import.new_admin_ids > 0 {
        let _ = writeln!(text, "  → new ids for {}", counted(import.new_admin_ids, "admin"));
    }
    if !import.left_out.is_empty() {
        let _ = writeln!(text, "  → left out: {}", import.left_out.join(", "));
    }
    if let Some(IssuedCode { email, code, until }) = &import.code {
        let _ = writeln!(
            text,
            "  → one-time code of {email}: {}\n    valid until {} and not shown again; set a password with \
             `tenantry admin redeem`",
            code.reveal(),
            timestamp(*until),
        );
    }
    text
}

/// What was imported, for programs.
#[derive(Serialize)]
pub(super) struct Fields<'a> {
    organization_id: String,
    organization_name: &'a StoredText,
    collection_name: &'a StoredText,
    admin_email: &'a StoredText,
    /// Whether that is the id that it had.
    kept_id: bool,
    admins: u64,
    new_admin_ids: u64,
    documents: u64,
    bytes: u64,
    documents_sha256: String,
    left_out: &'a [String],
    /// Null where its admins came with it.
    code: Option<&'a str>,
    /// When the code stops working.
    valid_until: Option<String>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(import: &'a Import) -> Self {
        let summary = &import.summary;
        Self {
            organization_id: import.org.id.to_hex(),
            organization_name: &import.org.name,
            collection_name: &import.org.collection,
            admin_email: &import.org.admin_email,
            kept_id: import.kept_id,
            admins: import.admins,
            new_admin_ids: import.new_admin_ids,
            documents: summary.contents.documents.count,
            bytes: summary.contents.documents.bytes,
            documents_sha256: hex::encode(summary.documents_sha256),
            left_out: &import.left_out,
            code: import.code.as_ref().map(|issued| issued.code.reveal()),
            valid_until: import.code.as_ref().and_then(|issued| rfc3339(issued.until)),
        }
    }
}

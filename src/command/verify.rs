//! `tenantry org verify`: whether an archive is whole. Needs no database.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use serde::Serialize;

use super::{
    Answer, Failure, ascii,
    bulk::{STDIN, say},
    export::not_of_one_time,
    records, table,
};
use crate::{
    archive::{self, Consistency, Front, LeftOut, Source, SourceKind, Summary},
    config::Output,
    org::{StoredText, byte_size, escaped, json_text, rfc3339, thousands, timestamp},
};

/// Reads all of an archive and says what is in it.
pub(super) async fn answer(file: &Path, deep: bool, output: Output) -> Result<Answer, Failure> {
    let source = open(file)?;
    let read = tokio::task::spawn_blocking(move || archive::verify(source, deep)).await;
    let (front, summary) = read.map_err(|error| Failure::Io(error.to_string()))??;
    let text = match output {
        Output::Table => ascii::for_locale(pairs(&front, &summary, deep)),
        output => {
            let text = json_text(&Fields::new(&front, &summary, deep));
            let text = text.map_err(|error| Failure::Io(error.to_string()))?;
            if output == Output::Json { text } else { records::one_line(&text) }
        }
    };
    say(&text)?;
    Ok(Answer::Told(0))
}

/// What an archive is read from; - is standard input.
pub(super) fn open(file: &Path) -> Result<Box<dyn Read + Send>, Failure> {
    if file == Path::new(STDIN) {
        return Ok(Box::new(io::stdin()));
    }
    let cannot = |error| format!("cannot read {}: {error}", file.display());
    match File::open(file) {
        Ok(opened) => Ok(Box::new(opened)),
        Err(error) => Err(Failure::usage(cannot(error), "name an archive")),
    }
}

#[derive(Serialize)]
struct Fields<'a> {
    valid: bool,
    deep: bool,
    organization_id: String,
    organization_name: &'a StoredText,
    created_at: Option<String>,
    program_version: &'a StoredText,
    source: &'a Source,
    consistency: Consistency,
    left_out: &'a [LeftOut],
    collection_name: &'a StoredText,
    indexes: usize,
    admins: Option<u64>,
    documents: u64,
    bytes: u64,
    documents_sha256: String,
    archive_bytes: u64,
}

impl<'a> Fields<'a> {
    fn new(front: &'a Front, summary: &Summary, deep: bool) -> Self {
        let manifest = &front.manifest;
        Self {
            valid: true,
            deep,
            organization_id: manifest.organization.id.to_hex(),
            organization_name: &manifest.organization.name,
            created_at: rfc3339(manifest.created_at),
            program_version: &manifest.program_version,
            source: &manifest.source,
            consistency: manifest.consistency,
            left_out: &manifest.left_out,
            collection_name: &front.collection.name,
            indexes: front.collection.indexes.len(),
            admins: summary.contents.admins.map(|admins| admins.count),
            documents: summary.contents.documents.count,
            bytes: summary.contents.documents.bytes,
            documents_sha256: hex::encode(summary.documents_sha256),
            archive_bytes: summary.archive_bytes,
        }
    }
}

fn pairs(front: &Front, summary: &Summary, deep: bool) -> String {
    let manifest = &front.manifest;
    let contents = summary.contents;
    let source = match manifest.source.kind {
        SourceKind::Mongodb => "MongoDB",
        SourceKind::Embedded => "embedded database",
    };
    let version = manifest.source.server_version.as_ref();
    let source = version.map_or_else(|| source.to_owned(), |version| format!("{source} {version}"));
    let of_one_time = match not_of_one_time(manifest.consistency) {
        None => "as of one time",
        Some(why) => why,
    };
    let left_out: Vec<String> = manifest.left_out.iter().map(words).collect();
    let documents = contents.documents;
    let rows = [
        ("organization", manifest.organization.name.to_string()),
        ("id", manifest.organization.id.to_hex()),
        ("exported", timestamp(manifest.created_at)),
        ("from", format!("{source}, by Tenantry {}", manifest.program_version)),
        ("consistency", of_one_time.to_owned()),
        ("collection", front.collection.name.to_string()),
        ("documents", format!("{} · {}", thousands(documents.count), byte_size(documents.bytes))),
        ("indexes", front.collection.indexes.len().to_string()),
        ("admins", contents.admins.map_or("left out".to_owned(), |admins| thousands(admins.count))),
        ("left out", left_out.join(", ")),
        ("SHA-256", format!("{} (documents)", hex::encode(summary.documents_sha256))),
        ("archive", byte_size(summary.archive_bytes)),
    ];
    let whole = if deep {
        "valid: every checksum, count and value was read"
    } else {
        "valid: every checksum and count was read; --deep reads every value as well"
    };
    format!("{}\n{whole}\n", table::pairs(&rows, None))
}

/// What is left out, for people. Safe to show.
fn words(left_out: &LeftOut) -> String {
    match left_out {
        LeftOut::Admins => "admins".to_owned(),
        LeftOut::SecondFactors => "second factors".to_owned(),
        LeftOut::RecoveryCodes => "recovery codes".to_owned(),
        LeftOut::OneTimeCodes => "one-time codes".to_owned(),
        LeftOut::Sessions => "sessions".to_owned(),
        LeftOut::ApiKeys => "API keys".to_owned(),
        LeftOut::AuditLog => "audit log".to_owned(),
        LeftOut::Other(other) => escaped(other.raw()).into_owned(),
    }
}

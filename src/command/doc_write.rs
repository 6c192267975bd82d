//! `tenantry doc insert`, `replace`, `update` and `delete`: each document is written alone, and only as it was read.

use std::path::Path as FilePath;

use bson::{Bson, RawDocumentBuf};
use serde_json::{Value, json};

use super::{
    Answer, DocCommand, Failure,
    ask::{agree, asked},
    doc::{Form, written},
    line::One,
    output_of,
    terminal::{Terminal, text_of_stdin},
};
use crate::{
    config::Output,
    document::{self, ChangeKind, Line, ShownValue, SyntaxError, UpdateError, difference, lines},
    org::{Org, counted, escaped_short},
    store::DocumentWrite,
    tenancy::{self, Tenancy},
};

/// So much text is read from standard input: the largest document, as Extended JSON of the longest kind, several times.
const TEXT_MOST: usize = 256 * 1024 * 1024;

const INSERT_HELP: &str = "redirect the file: `tenantry doc insert ORGANIZATION < FILE`";
const REPLACE_HELP: &str = "redirect the file: `tenantry doc replace ORGANIZATION ID < FILE`";

/// How many characters of a value are shown.
const VALUE_MOST: usize = 60;

/// Whether it changes something.
pub(super) fn writes(command: &DocCommand) -> bool {
    match command {
        DocCommand::List { .. } | DocCommand::Get { .. } | DocCommand::Count { .. } => false,
        DocCommand::Insert { .. }
        | DocCommand::Replace { .. }
        | DocCommand::Update { .. }
        | DocCommand::Delete { .. } => true,
    }
}

/// Inserts what standard input has, one after the other.
pub(super) async fn insert(
    tenancy: &Tenancy,
    organization: &str,
    output: Option<Output>,
) -> Result<Answer, Failure> {
    let org = tenancy.named_to_change(organization).await?;
    let documents = documents(&text_of_stdin(TEXT_MOST).await?)?;
    let several = documents.len() > 1;
    let mut left = documents.into_iter();
    while let Some(document) = left.next() {
        let id = document.get("_id").ok().flatten().and_then(|id| Bson::try_from(id).ok());
        match tenancy.write_document(&org, &DocumentWrite::Insert(document)).await {
            Ok(insertion) => tell(&org, &insertion, output)?,
            Err(error) if several => {
                // What was inserted before has been told by then.
                let unknown = matches!(error, tenancy::Error::OutcomeUnknown { .. });
                tell_refused(&org, (id.as_ref(), unknown), left.len(), output)?;
                return Err(error.into());
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Answer::Written)
}

/// Says which document was not inserted, or may not have been, and how many after it were not tried.
fn tell_refused(
    org: &Org,
    (id, unknown): (Option<&Bson>, bool),
    not_tried: usize,
    output: Option<Output>,
) -> Result<(), Failure> {
    let text = if output_of(output) == Output::Table {
        let id = id.map(tenancy::id_text).transpose()?;
        let id = id.unwrap_or_else(|| "without an _id".into());
        let more = match not_tried {
            0 => String::new(),
            more => format!("; not tried: {}", counted(more as u64, "more document")),
        };
        let what = if unknown { "Perhaps not inserted" } else { "Not inserted" };
        format!("{what}: document {id}{more}\n")
    } else {
        let fields = json!({
            "organization_id": org.id.to_hex(),
            "organization_name": org.name,
            "_id": id.cloned().map(extended).transpose()?,
            "inserted": (!unknown).then_some(false),
            "not_tried": not_tried,
        });
        format!("{fields}\n")
    };
    written(&text).map(drop)
}

/// Puts the document of standard input in the place of another.
pub(super) async fn replace(
    tenancy: &Tenancy,
    one: &One,
    output: Option<Output>,
) -> Result<Answer, Failure> {
    let (org, before) = read(tenancy, one).await?;
    let after = parsed(&text_of_stdin(TEXT_MOST).await?)?;
    write(tenancy, &org, before, after, output).await
}

/// Changes fields of a document.
pub(super) async fn update(
    tenancy: &Tenancy,
    one: &One,
    (set, unset): (&[String], &[String]),
    output: Option<Output>,
) -> Result<Answer, Failure> {
    let (org, before) = read(tenancy, one).await?;
    let mut after = before.clone();
    for one in set {
        let (path, value) = split(one)?;
        after = document::set_typed(&after, path, value).map_err(|fault| update_fault(&fault))?;
    }
    for path in unset {
        after = document::unset(&after, path).map_err(|fault| update_fault(&fault))?;
    }
    write(tenancy, &org, before, after, output).await
}

/// Deletes a document, after asking.
pub(super) async fn delete(
    tenancy: &Tenancy,
    one: &One,
    output: Option<Output>,
) -> Result<Answer, Failure> {
    let terminal = asked(&one.sure, Terminal::open())?;
    let (org, before) = read(tenancy, one).await?;
    if let Some(terminal) = &terminal {
        let mut shown = String::new();
        document::one_line(&before, &mut shown).map_err(|error| Failure::Io(error.to_string()))?;
        terminal.show(&format!("{}\n", escaped_short(&shown, 500)))?;
        agree(terminal, &format!("Delete this document of “{}”?", org.name)).await?;
    }
    let deletion = tenancy.write_document(&org, &DocumentWrite::Delete(before)).await?;
    tell(&org, &deletion, output)?;
    Ok(Answer::Written)
}

/// Checks the command line before a database is opened.
pub(super) fn check(command: &DocCommand) -> Result<(), Failure> {
    match command {
        DocCommand::Update { set, unset, .. } => {
            for one in set {
                document::check_path(split(one)?.0).map_err(|fault| update_fault(&fault))?;
            }
            for path in unset {
                document::check_path(path).map_err(|fault| update_fault(&fault))?;
            }
        }
        DocCommand::Delete { one } => {
            asked(&one.sure, Terminal::open())?;
        }
        DocCommand::Insert { input, .. } => only_stdin(input.as_deref(), INSERT_HELP)?,
        DocCommand::Replace { input, .. } => only_stdin(input.as_deref(), REPLACE_HELP)?,
        DocCommand::List { .. } | DocCommand::Get { .. } | DocCommand::Count { .. } => {}
    }
    Ok(())
}

/// Refuses a file where standard input is read, which may be said with -.
fn only_stdin(input: Option<&str>, help: &'static str) -> Result<(), Failure> {
    match input {
        None | Some("-") => Ok(()),
        Some(_) => Err(Failure::usage("documents are read from standard input only", help)),
    }
}

/// The document, as it is stored; refused where it is not as in the file that was named.
async fn read(tenancy: &Tenancy, one: &One) -> Result<(Org, RawDocumentBuf), Failure> {
    let org = tenancy.named_to_change(&one.organization).await?;
    let stored = tenancy.document_typed(&org, &one.id).await?;
    if let Some(file) = &one.if_unchanged
        && in_file(file).await? != stored
    {
        let changed = tenancy::Error::DocumentChanged(org.name.clone());
        return Err(changed.into());
    }
    Ok((org, stored))
}

async fn in_file(file: &FilePath) -> Result<RawDocumentBuf, Failure> {
    let text = tokio::fs::read_to_string(file).await;
    let cannot = |error| format!("cannot read {}: {error}", file.display());
    let help = "give --if-unchanged the file that `tenantry doc get` wrote";
    let text = text.map_err(|error| Failure::usage(cannot(error), help))?;
    document::parse(&text).map_err(|fault| {
        Failure::usage(format!("{} is not a document: {fault}", file.display()), help)
    })
}

async fn write(
    tenancy: &Tenancy,
    org: &Org,
    before: RawDocumentBuf,
    after: RawDocumentBuf,
    output: Option<Output>,
) -> Result<Answer, Failure> {
    let change = DocumentWrite::Replace { before, after };
    let change = tenancy.write_document(org, &change).await?;
    tell(org, &change, output)?;
    Ok(Answer::Written)
}

/// The one document that a text is.
fn parsed(text: &str) -> Result<RawDocumentBuf, Failure> {
    document::parse(text).map_err(|fault| syntax(&fault))
}

/// The documents that a text has: one, or one on each line.
fn documents(text: &str) -> Result<Vec<RawDocumentBuf>, Failure> {
    let fault = match document::parse(text) {
        Ok(one) => return Ok(vec![one]),
        Err(fault) => fault,
    };
    let mut documents = Vec::new();
    for (line, text) in (1_usize..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        match document::parse(text) {
            Ok(document) => documents.push(document),
            // One document over several lines, most likely.
            Err(_) if documents.is_empty() => return Err(syntax(&fault)),
            Err(fault) => return Err(syntax(&SyntaxError { line, ..fault })),
        }
    }
    if documents.is_empty() { Err(syntax(&fault)) } else { Ok(documents) }
}

fn syntax(fault: &SyntaxError) -> Failure {
    tenancy::Error::InvalidDocument(fault.to_string()).into()
}

fn update_fault(fault: &UpdateError) -> Failure {
    tenancy::Error::InvalidDocument(fault.to_string()).into()
}

/// The two sides of PATH=VALUE.
fn split(set: &str) -> Result<(&str, &str), Failure> {
    let help = "write --set PATH=VALUE";
    let sides = document::split_assignment(set);
    sides.ok_or_else(|| Failure::usage(format!("“{}” has no value", escaped_short(set, 60)), help))
}

/// Says what was written.
fn tell(org: &Org, write: &DocumentWrite, output: Option<Output>) -> Result<(), Failure> {
    let id = write.id().map_err(|error| Failure::Io(error.to_string()))?;
    let changes = match write {
        DocumentWrite::Replace { before, after } => {
            let changes = difference(before, after);
            lines(&changes.map_err(|error| Failure::Io(error.to_string()))?, VALUE_MOST)
        }
        DocumentWrite::Insert(_) | DocumentWrite::Delete(_) => Vec::new(),
    };
    let text = match output_of(output) {
        Output::Table => {
            let id = tenancy::id_text(&id)?;
            match write {
                DocumentWrite::Insert(_) => format!("Inserted document {id} into “{}”\n", org.name),
                DocumentWrite::Delete(_) => format!("Deleted document {id} of “{}”\n", org.name),
                DocumentWrite::Replace { .. } => {
                    let many = counted(changes.len() as u64, "change");
                    let mut text = format!("Saved document {id} of “{}”: {many}\n", org.name);
                    for line in &changes {
                        text.push_str("  ");
                        text.push_str(&change(line));
                        text.push('\n');
                    }
                    text
                }
            }
        }
        Output::Json
        | Output::Ndjson
        | Output::Csv
        | Output::Tsv
        | Output::Name
        | Output::Canonical
        | Output::Shell => {
            let mut fields = json!({
                "organization_id": org.id.to_hex(),
                "organization_name": org.name,
                "_id": extended(id)?,
            });
            let (field, value) = match write {
                DocumentWrite::Insert(_) => ("inserted", Value::Bool(true)),
                DocumentWrite::Delete(_) => ("deleted", Value::Bool(true)),
                DocumentWrite::Replace { .. } => {
                    ("changed", changes.into_iter().map(|line| Value::String(line.path)).collect())
                }
            };
            fields[field] = value;
            format!("{fields}\n")
        }
    };
    written(&text).map(drop)
}

/// A change on one line.
fn change(line: &Line) -> String {
    let value = |value: &Option<ShownValue>| {
        let value = value.as_ref()?;
        Some(match value.kind {
            Some(kind) => format!("{} ({kind})", value.text),
            None => value.text.clone(),
        })
    };
    let path = &line.path;
    match (line.kind, value(&line.removed), value(&line.added)) {
        (ChangeKind::Reordered, _, Some(keys)) => format!("{path} reordered: {keys}"),
        (_, Some(removed), Some(added)) => format!("{path}: {removed} → {added}"),
        (_, None, Some(added)) => format!("{path}: {added} added"),
        (_, Some(removed), None) => format!("{path}: {removed} removed"),
        (_, None, None) => path.clone(),
    }
}

/// A value as relaxed Extended JSON.
fn extended(id: Bson) -> Result<Value, Failure> {
    let alone = RawDocumentBuf::try_from(&bson::doc! { "_id": id });
    let alone = alone.map_err(|error| Failure::Io(error.to_string()))?;
    let text = Form::Json.write(&alone)?;
    let mut alone: Value =
        serde_json::from_str(&text).map_err(|error| Failure::Io(error.to_string()))?;
    Ok(alone["_id"].take())
}

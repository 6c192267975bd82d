//! `tenantry doc …`: documents are written as they are read, so that a million of them take no more memory than a page.

use std::io::{self, ErrorKind, IsTerminal, Write};

use bson::{Bson, RawDocument, RawDocumentBuf, doc, oid::ObjectId};

use super::{Answer, DocCommand, Failure};
use crate::{
    config::Output,
    document::{self, filter::Filter},
    org::Org,
    store::{DocumentAt, DocumentQuery},
    tenancy::{self, Tenancy},
};

/// How many are read at once: first a few, then as many of the largest so far as have this many bytes.
const FIRST: u32 = 4;
const AT_ONCE: u32 = 500;
const BYTES_AT_ONCE: usize = 16 * 1024 * 1024;

/// How many are listed on a terminal.
const ON_TERMINAL: u32 = 20;

/// How documents are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Indented, in the words of MongoDB's shell, with empty lines between them.
    Pretty,
    /// The same, each on a line.
    Shell,
    /// Relaxed Extended JSON, in one object.
    Json,
    /// The same, each on a line.
    Ndjson,
    /// Canonical Extended JSON, each on a line.
    Canonical,
}

impl Form {
    /// What was chosen, or shell syntax on a terminal and JSON elsewhere.
    fn new(output: Option<Output>) -> Result<Self, Failure> {
        let terminal = io::stdout().is_terminal();
        match output {
            None | Some(Output::Shell) if terminal => Ok(Self::Pretty),
            Some(Output::Shell) => Ok(Self::Shell),
            None | Some(Output::Json) => Ok(Self::Json),
            Some(Output::Ndjson) => Ok(Self::Ndjson),
            Some(Output::Canonical) => Ok(Self::Canonical),
            Some(Output::Table | Output::Csv | Output::Tsv | Output::Name) => {
                let help = "use --output json, ndjson, canonical or shell";
                Err(Failure::usage("`doc list` and `doc get` have no such output", help))
            }
        }
    }

    /// One document, without a line end.
    fn write(self, document: &RawDocument) -> Result<String, Failure> {
        let mut text = String::new();
        let written = match self {
            Self::Pretty => document::pretty(document, &mut text),
            Self::Shell => document::one_line(document, &mut text),
            Self::Json | Self::Ndjson => document::relaxed(document, &mut text),
            Self::Canonical => document::canonical(document, &mut text),
        };
        written.map_err(|error| Failure::Io(error.to_string()))?;
        Ok(text)
    }
}

/// What was typed as a filter.
fn filter_of(typed: Option<&str>) -> Result<Option<Filter>, Failure> {
    let parsed = typed.map(|typed| Filter::parse(typed, document::parse)).transpose();
    parsed.map_err(|fault| Failure::usage(fault.to_string(), "see `tenantry help documents`"))
}

/// What was typed as an `_id`: 24 hex digits are an `ObjectId`, what is a value in shell syntax is that, and anything
/// else is text.
fn id_of(typed: &str) -> Bson {
    if let Ok(id) = ObjectId::parse_str(typed) {
        return id.into();
    }
    let parsed = document::parse(&format!("{{_id:{typed}}}")).ok();
    let id = parsed.and_then(|document| Bson::try_from(document.get("_id").ok()??).ok());
    id.unwrap_or_else(|| typed.into())
}

/// An `_id` as it can be typed.
fn id_text(id: &Bson) -> Result<String, Failure> {
    if let Bson::ObjectId(id) = id {
        return Ok(id.to_hex());
    }
    let alone = RawDocumentBuf::try_from(&doc! { "_id": id });
    let text = Form::Shell.write(&alone.map_err(|error| Failure::Io(error.to_string()))?)?;
    let value = text.strip_prefix("{ _id: ").and_then(|rest| rest.strip_suffix(" }"));
    Ok(value.unwrap_or(&text).to_owned())
}

/// Refuses what no database is needed to refuse.
pub(super) fn check(command: &DocCommand, output: Option<Output>) -> Result<(), Failure> {
    match command {
        DocCommand::List { filter, .. } => {
            Form::new(output)?;
            filter_of(filter.as_deref())?;
        }
        DocCommand::Get { .. } => {
            Form::new(output)?;
        }
        DocCommand::Count { filter, .. } => {
            filter_of(filter.as_deref())?;
        }
    }
    Ok(())
}

pub(super) async fn answer(
    tenancy: &Tenancy,
    command: DocCommand,
    output: Option<Output>,
) -> Result<Answer, Failure> {
    match command {
        DocCommand::List { organization, filter, sort, limit, after } => {
            let form = Form::new(output)?;
            let org = tenancy.named(&organization).await?;
            let after = after.as_deref().map(id_of);
            let filter = filter_of(filter.as_deref())?;
            let most = limit.or(Some(ON_TERMINAL).filter(|_| form == Form::Pretty));
            let at = at(after, sort);
            let query = DocumentQuery { filter, at, limit: FIRST, whole: true };
            list(tenancy, &org, query, form, (sort, most)).await?;
            Ok(Answer::Written)
        }
        DocCommand::Get { organization, id } => {
            let form = Form::new(output)?;
            let org = tenancy.named(&organization).await?;
            let document = match tenancy.document(&org, &id_of(&id)).await {
                // What looks like an ObjectId may be stored as text.
                Err(tenancy::Error::NoSuchDocument(_)) => {
                    tenancy.document(&org, &id.into()).await?
                }
                found => found?,
            };
            written(&(form.write(&document)? + "\n"))?;
            Ok(Answer::Written)
        }
        DocCommand::Count { organization, filter } => {
            let org = tenancy.named(&organization).await?;
            let filter = filter_of(filter.as_deref())?;
            Ok(Answer::DocumentsCounted(tenancy.count_documents(&org, filter.as_ref()).await?))
        }
    }
}

/// Writes the documents of a query: at most so many, or all.
async fn list(
    tenancy: &Tenancy,
    org: &Org,
    mut query: DocumentQuery,
    form: Form,
    (descending, most): (bool, Option<u32>),
) -> Result<(), Failure> {
    let (mut begun, mut left, mut largest) = (false, most.unwrap_or(u32::MAX), 1);
    loop {
        query.limit = query.limit.min(left);
        let mut page = tenancy.document_page(org, &query).await?;
        if descending {
            page.documents.reverse();
        }
        let last = page.documents.last().and_then(|document| document.get("_id").ok().flatten());
        let last = last.and_then(|id| Bson::try_from(id).ok()).filter(|_| page.more);
        let mut text = String::new();
        for document in &page.documents {
            largest = largest.max(document.as_bytes().len());
            text.push_str(match (form, begun) {
                (Form::Pretty, true) => "\n",
                (Form::Json, true) => ",\n    ",
                (Form::Json, false) => "{\n  \"documents\": [\n    ",
                (Form::Pretty | Form::Shell | Form::Ndjson | Form::Canonical, _) => "",
            });
            text.push_str(&form.write(document)?);
            if form != Form::Json {
                text.push('\n');
            }
            begun = true;
        }
        if most.is_some() {
            left = left.saturating_sub(query.limit);
        }
        let ended = left == 0 || last.is_none();
        if ended {
            text.push_str(&end_of(form, begun, last.as_ref())?);
        }
        if !written(&text)? || ended {
            return Ok(());
        }
        query.at = at(last, descending);
        let fit = u32::try_from(BYTES_AT_ONCE / largest).unwrap_or(u32::MAX);
        query.limit = fit.clamp(1, AT_ONCE);
    }
}

/// What stands behind the last document.
fn end_of(form: Form, begun: bool, next: Option<&Bson>) -> Result<String, Failure> {
    let next = next.map(id_text).transpose()?;
    Ok(match form {
        Form::Json => {
            let next = next.map_or(Ok("null".to_owned()), |next| serde_json::to_string(&next));
            let next = next.map_err(|error| Failure::Io(error.to_string()))?;
            let list = if begun { "\n  ]" } else { "{\n  \"documents\": []" };
            format!("{list},\n  \"next\": {next}\n}}\n")
        }
        Form::Pretty if !begun => "No documents\n".to_owned(),
        Form::Pretty => next.map_or_else(String::new, |next| {
            format!("\n  → more with --after {}\n", in_quotes(&next))
        }),
        Form::Shell | Form::Ndjson | Form::Canonical => String::new(),
    })
}

/// In single quotes for a shell, where it needs them.
fn in_quotes(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if text.chars().all(plain) && !text.is_empty() {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

fn at(after: Option<Bson>, descending: bool) -> DocumentAt {
    match (after, descending) {
        (None, false) => DocumentAt::First,
        (None, true) => DocumentAt::Last,
        (Some(id), false) => DocumentAt::After(id),
        (Some(id), true) => DocumentAt::Before(id),
    }
}

/// Writes to standard output; whether anyone still reads it.
fn written(text: &str) -> Result<bool, Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::io("cannot write the output", &error)),
        Ok(()) => Ok(true),
    }
}

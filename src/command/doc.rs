//! `tenantry doc …`: documents are written as they are read, so that a million of them take no more memory than a page.

use std::io::{self, ErrorKind, IsTerminal, Write};

use bson::RawDocument;

use super::{Answer, DocCommand, Failure, doc_write};
use crate::{
    config::Output,
    document::{self, filter::Filter},
    org::Org,
    store::{DocumentAt, DocumentPlace, DocumentQuery},
    tenancy::{self, Tenancy},
};

/// How many are read at once: first a few, then as many of the largest so far as have this many bytes.
const FIRST: u32 = 4;
const AT_ONCE: u32 = 500;
const BYTES_AT_ONCE: usize = 16 * 1024 * 1024;

/// How many characters are shown of how a filter is understood.
const UNDERSTOOD_MOST: usize = 400;

/// How many are listed on a terminal.
const ON_TERMINAL: u32 = 20;

/// How documents are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
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
    pub(super) fn write(self, document: &RawDocument) -> Result<String, Failure> {
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

/// Checks the command line before a database is opened.
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
        DocCommand::Insert { .. }
        | DocCommand::Replace { .. }
        | DocCommand::Update { .. }
        | DocCommand::Delete { .. } => doc_write::check(command)?,
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
            let filter = filter_of(filter.as_deref())?;
            let order = tenancy.order_typed(&org, &sort).await?;
            let most = limit.or(Some(ON_TERMINAL).filter(|_| form == Form::Pretty));
            let at = match after {
                None => DocumentAt::First,
                Some(after) => DocumentAt::After(tenancy.place_typed(&org, &order, &after).await?),
            };
            let query = DocumentQuery {
                filter,
                order,
                at,
                limit: FIRST,
                whole: true,
                ..DocumentQuery::default()
            };
            list(tenancy, &org, query, form, most).await?;
            Ok(Answer::Written)
        }
        DocCommand::Get { organization, id } => {
            let form = Form::new(output)?;
            let org = tenancy.named(&organization).await?;
            let document = tenancy.document_typed(&org, &id).await?;
            written(&(form.write(&document)? + "\n"))?;
            Ok(Answer::Written)
        }
        DocCommand::Count { organization, filter } => {
            let org = tenancy.named(&organization).await?;
            let filter = filter_of(filter.as_deref())?;
            Ok(Answer::DocumentsCounted(tenancy.count_documents(&org, filter.as_ref()).await?))
        }
        DocCommand::Insert { organization, .. } => {
            doc_write::insert(tenancy, &organization, output).await
        }
        DocCommand::Replace { one, .. } => doc_write::replace(tenancy, &one, output).await,
        DocCommand::Update { one, set, unset } => {
            doc_write::update(tenancy, &one, (&set, &unset), output).await
        }
        DocCommand::Delete { one } => doc_write::delete(tenancy, &one, output).await,
    }
}

/// Writes the documents of a query: at most so many, or all.
async fn list(
    tenancy: &Tenancy,
    org: &Org,
    mut query: DocumentQuery,
    form: Form,
    most: Option<u32>,
) -> Result<(), Failure> {
    let (mut begun, mut left, mut largest) = (false, most.unwrap_or(u32::MAX), 1);
    loop {
        query.limit = query.limit.min(left);
        let page = tenancy.document_page(org, &query).await?;
        let last = page.documents.last().filter(|_| page.more);
        let last = last.map(|document| query.order.place(document)).transpose();
        let last = last.map_err(tenancy::Error::from)?;
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
            text.push_str(&end_of(form, begun, last.as_ref(), &query)?);
        }
        if !written(&text)? || ended {
            return Ok(());
        }
        query.at = last.map_or(DocumentAt::First, DocumentAt::After);
        let fit = u32::try_from(BYTES_AT_ONCE / largest).unwrap_or(u32::MAX);
        query.limit = fit.clamp(1, AT_ONCE);
    }
}

/// What stands behind the last document.
fn end_of(
    form: Form,
    begun: bool,
    next: Option<&DocumentPlace>,
    query: &DocumentQuery,
) -> Result<String, Failure> {
    let next = next.map(|next| tenancy::place_text(&query.order, next)).transpose()?;
    Ok(match form {
        Form::Json => {
            let next = next.map_or(Ok("null".to_owned()), |next| serde_json::to_string(&next));
            let next = next.map_err(|error| Failure::Io(error.to_string()))?;
            let list = if begun { "\n  ]" } else { "{\n  \"documents\": []" };
            format!("{list},\n  \"next\": {next}\n}}\n")
        }
        Form::Pretty if !begun => query.filter.as_ref().map_or_else(
            || "No documents\n".to_owned(),
            |filter| format!("No documents match {}\n", filter.brief(UNDERSTOOD_MOST)),
        ),
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

/// Writes to standard output; whether anyone still reads it.
pub(super) fn written(text: &str) -> Result<bool, Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::io("cannot write the output", &error)),
        Ok(()) => Ok(true),
    }
}

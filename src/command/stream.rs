//! A list without an end: page after page is written as it is read, so that it takes no more memory than
//! one page, however many organizations there are.

use std::io::{self, ErrorKind, Write};

use super::{
    Failure,
    answer::{Answer, total_words},
    ascii,
    records::{Columns, Lines},
    sizes::{PageSizes, SizedFields},
    table::UNKNOWN_WIDTH,
};
use crate::{
    config::Output,
    org::json_text,
    store::{Count, PageQuery},
    tenancy::Tenancy,
};

/// How many are read at once.
pub(super) const AT_ONCE: u32 = 500;

/// Writes every organization from where `query` begins. As JSON it is the object that a single page of all
/// of them would be.
pub(super) async fn all(
    tenancy: &Tenancy,
    mut query: PageQuery,
    output: Option<Output>,
    with_sizes: bool,
) -> Result<(), Failure> {
    let mut begun = false;
    let mut listed = 0;
    loop {
        let page = tenancy.page(&query).await?;
        let sizes = PageSizes::read(tenancy, &page.orgs, with_sizes).await?;
        let text = match output {
            Some(Output::Table) if page.orgs.is_empty() && !begun => {
                let (orgs, next, total, query) = (Vec::new(), None, None, query.clone());
                let nearest = page.nearest.clone();
                let place = tenancy.place().clone();
                let none = Answer::Listed { orgs, sizes, next, query, total, nearest, place }
                    .render(Output::Table, None);
                ascii::for_locale(none.map_err(|error| Failure::Io(error.to_string()))?)
            }
            Some(Output::Table) => {
                let table = sizes.table(query.scope, &page.orgs, UNKNOWN_WIDTH);
                // One heading, however many pages there are.
                let rest = table.split_once('\n').map_or("", |(_, rest)| rest);
                ascii::for_locale(if begun { rest.to_owned() } else { table })
            }
            Some(
                Output::Json
                | Output::Ndjson
                | Output::Csv
                | Output::Tsv
                | Output::Name
                | Output::Canonical
                | Output::Shell,
            )
            | None => {
                let mut text = String::new();
                for (org, size) in sizes.beside(&page.orgs) {
                    text.push_str(if begun || !text.is_empty() { ",\n" } else { OPENS });
                    let org = json_text(&SizedFields::listed(org, size));
                    let org = org.map_err(|error| Failure::Io(error.to_string()))?;
                    text.push_str(&indented(org.trim_end()));
                }
                text
            }
        };
        begun |= !page.orgs.is_empty();
        listed += page.orgs.len();
        let next = page.next();
        let end = match (output, &next, begun) {
            (_, Some(_), _) | (Some(Output::Table), None, false) => String::new(),
            (Some(Output::Table), None, true) => {
                let counted = u64::try_from(listed).unwrap_or(u64::MAX);
                let total = Count { counted, ..Count::default() };
                format!("\n{}", total_words(listed, total, &query))
            }
            (_, None, true) => "\n  ],\n  \"next\": null\n}\n".to_owned(),
            (_, None, false) => "{\n  \"organizations\": [],\n  \"next\": null\n}\n".to_owned(),
        };
        let mut stdout = io::stdout().lock();
        match stdout.write_all((text + &end).as_bytes()).and_then(|()| stdout.flush()) {
            // The reader closed the pipe: enough was read.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            written => {
                written.map_err(|error| Failure::io("cannot write the output", &error))?;
            }
        }
        match next {
            Some(next) => query.at = next,
            None => return Ok(()),
        }
    }
}

/// Writes one organization per line, from where `query` begins: all, or at most `most`.
pub(super) async fn lines(
    tenancy: &Tenancy,
    mut query: PageQuery,
    lines: Lines,
    columns: &Columns,
    most: Option<u32>,
) -> Result<(), Failure> {
    query.limit = most.unwrap_or(AT_ONCE);
    let mut text = columns.heading(lines);
    loop {
        let page = tenancy.page(&query).await?;
        let wanted = columns.have_sizes() && lines != Lines::Names;
        let sizes = PageSizes::read(tenancy, &page.orgs, wanted).await?;
        for (org, size) in sizes.beside(&page.orgs) {
            text.push_str(&columns.line(lines, org, size)?);
        }
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            written => {
                written.map_err(|error| Failure::io("cannot write the output", &error))?;
            }
        }
        text.clear();
        match page.next().filter(|_| most.is_none()) {
            Some(next) => query.at = next,
            None => return Ok(()),
        }
    }
}

/// What stands before the first organization.
const OPENS: &str = "{\n  \"organizations\": [\n";

/// An organization as it stands in the list.
fn indented(org: &str) -> String {
    org.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

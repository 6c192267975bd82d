//! A list without an end: page after page is written as it is read, so that it takes no more memory than
//! one page, however many organizations there are.

use std::io::{self, ErrorKind, Write};

use super::{
    Failure,
    answer::{Answer, heading, rows},
    ascii,
    table::{UNKNOWN_WIDTH, columns},
};
use crate::{
    config::Output,
    org::{OrgFields, json_text},
    store::{Cursor, PageAt, PageQuery},
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
) -> Result<(), Failure> {
    let mut begun = false;
    loop {
        let page = tenancy.page(&query).await?;
        let text = match output {
            Some(Output::Table) if page.orgs.is_empty() && !begun => {
                let (orgs, more, query) = (Vec::new(), false, query.clone());
                let none = Answer::Listed { orgs, more, query }.render(Output::Table, None);
                ascii::for_locale(none.map_err(|error| Failure::Io(error.to_string()))?)
            }
            Some(Output::Table) => {
                let table = columns(&heading(query.shelf), &rows(&page.orgs), UNKNOWN_WIDTH);
                // One heading, however many pages there are.
                let rest = table.split_once('\n').map_or("", |(_, rest)| rest);
                ascii::for_locale(if begun { rest.to_owned() } else { table })
            }
            Some(Output::Json) | None => {
                let mut text = String::new();
                for org in &page.orgs {
                    text.push_str(if begun || !text.is_empty() { ",\n" } else { OPENS });
                    let org = json_text(&OrgFields::of(org));
                    let org = org.map_err(|error| Failure::Io(error.to_string()))?;
                    text.push_str(&indented(org.trim_end()));
                }
                text
            }
        };
        begun |= !page.orgs.is_empty();
        let last = page.orgs.last().filter(|_| page.more_after);
        let next = last.map(|org| PageAt::After(Cursor::of(org, query.sort.key)));
        let end = match (output, &next, begun) {
            (Some(Output::Table), ..) | (_, Some(_), _) => "",
            (_, None, true) => "\n  ],\n  \"next\": null\n}\n",
            (_, None, false) => "{\n  \"organizations\": [],\n  \"next\": null\n}\n",
        };
        let mut stdout = io::stdout().lock();
        match stdout.write_all((text + end).as_bytes()).and_then(|()| stdout.flush()) {
            // The reader closed the pipe: enough was read.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            written => {
                written.map_err(|error| Failure::io("the answer cannot be written", &error))?;
            }
        }
        match next {
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

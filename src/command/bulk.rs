//! The same operation on several organizations, one after the other: each whole or not at all, and reported on a line
//! of its own as soon as it is known.

use std::{
    collections::HashSet,
    fmt::Write as _,
    io::{self, ErrorKind, Write as _},
};

use serde::Serialize;

use super::{
    Answer, Failure, ascii,
    ask::{LogIn, asked},
    line::{BulkNames, Sure},
    records,
    terminal::{Terminal, names_of_stdin},
};
use crate::{
    config::Output,
    org::{
        OperationKind, Org, OrgFields, OrgState, Secret, StoredText, counted, json_text, name_key,
    },
    tenancy::{self, Confirmation, Tenancy},
};

/// The word for names on standard input.
pub(super) const STDIN: &str = "-";

/// What can be done to several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BulkOperation {
    Trash,
    /// To the trash; its name and e-mails can be used by others.
    TrashAndRelease,
    /// Past the trash.
    Delete,
    Restore,
    Purge,
    Suspend,
    Reactivate,
}

impl BulkOperation {
    fn kind(self) -> OperationKind {
        match self {
            Self::Trash | Self::TrashAndRelease => OperationKind::Trash,
            Self::Delete => OperationKind::Delete,
            Self::Restore => OperationKind::Restore,
            Self::Purge => OperationKind::Purge,
            Self::Suspend => OperationKind::Suspend,
            Self::Reactivate => OperationKind::Reactivate,
        }
    }
}

impl BulkNames {
    /// The one name, where it is one that is done the usual way.
    pub(super) fn single(&self) -> Option<&str> {
        match &self.names[..] {
            [name] if name != STDIN && !self.dry_run => Some(name),
            _ => None,
        }
    }

    fn are_on_stdin(&self) -> bool {
        self.names.iter().any(|name| name == STDIN)
    }
}

/// Checks the command line before a database is opened.
pub(super) fn check(
    operation: BulkOperation,
    names: &BulkNames,
    sure: &Sure,
) -> Result<(), Failure> {
    if names.are_on_stdin() && names.names.len() > 1 {
        let what = "names are either arguments or on standard input (-)";
        return Err(Failure::usage(what, "give one or the other"));
    }
    if operation.kind().takes_away() && !names.dry_run {
        asked(sure, Terminal::open())?;
    }
    Ok(())
}

/// Does it to each, or says what would come of it. The exit code of the worst: the highest.
pub(super) async fn each(
    tenancy: &Tenancy,
    operation: BulkOperation,
    names: &BulkNames,
    sure: &Sure,
    output: Output,
    login: &mut LogIn,
) -> Result<Answer, Failure> {
    let tenancy = &login.session_of(tenancy).await?;
    let dry_run = names.dry_run;
    let names = if names.are_on_stdin() { names_of_stdin().await? } else { names.names.clone() };
    let names = once_each(names);
    if names.is_empty() {
        return Err(Failure::usage("no names on standard input", "put each on a line of its own"));
    }
    if operation.kind().takes_away()
        && !dry_run
        && let Some(terminal) = asked(sure, Terminal::open())?
    {
        confirm(&terminal, operation, names.len()).await?;
    }
    let (mut worst, mut counts, mut lost) = (0, [0_u64; 3], false);
    for name in names {
        let shown = StoredText::from(name.as_str());
        let mut line = Line { name: &shown, operation: operation.kind(), came: Came::NotTried };
        if !lost {
            line.came = match one(tenancy, operation, &name, dry_run).await {
                Ok(org) if dry_run => Came::WouldBeDone(org),
                Ok(org) => Came::Done(org),
                Err(error) => {
                    // It would be the same for each of the others.
                    lost = error.is_of_database();
                    Came::Failed(Failure::from(error))
                }
            };
        }
        match &line.came {
            Came::Done(_) | Came::WouldBeDone(_) => counts[0] += 1,
            Came::Failed(failure) => {
                counts[1] += 1;
                worst = worst.max(failure.exit_code());
            }
            Came::NotTried => counts[2] += 1,
        }
        if !say(&line.render(output)?)? {
            return Ok(Answer::Told(worst));
        }
    }
    if output == Output::Table {
        let [done, failed, not_tried] = counts;
        let mut summary = format!("\n{done} {}", if dry_run { "would be done" } else { "done" });
        for (count, word) in [(failed, "failed"), (not_tried, "not tried")] {
            if count > 0 {
                // Writing to a string cannot fail.
                let _ = write!(summary, ", {count} {word}");
            }
        }
        summary.push('\n');
        say(&summary)?;
    }
    Ok(Answer::Told(worst))
}

/// The same without those that were given before.
pub(super) fn once_each(names: Vec<String>) -> Vec<String> {
    let mut given = HashSet::new();
    names.into_iter().filter(|name| given.insert(name_key(name))).collect()
}

/// Asks for the number of them.
async fn confirm(
    terminal: &Terminal,
    operation: BulkOperation,
    count: usize,
) -> Result<(), Failure> {
    let what = match operation {
        BulkOperation::Trash | BulkOperation::TrashAndRelease => "Move to the trash",
        BulkOperation::Delete
        | BulkOperation::Purge
        | BulkOperation::Restore
        | BulkOperation::Suspend
        | BulkOperation::Reactivate => "Permanently delete",
    };
    let orgs = counted(u64::try_from(count).unwrap_or(u64::MAX), "organization");
    let typed = terminal.ask(&format!("{what}: {orgs}. Type {count} to continue: ")).await?;
    if typed.reveal().trim() == count.to_string() { Ok(()) } else { Err(Failure::NotConfirmed) }
}

/// Does it to one, or looks whether it could be; the organization then.
async fn one(
    tenancy: &Tenancy,
    operation: BulkOperation,
    name: &str,
    dry_run: bool,
) -> tenancy::Result<Org> {
    let mut org = match operation {
        BulkOperation::Restore | BulkOperation::Purge => tenancy.named_in_trash(name).await?,
        BulkOperation::Trash
        | BulkOperation::TrashAndRelease
        | BulkOperation::Delete
        | BulkOperation::Suspend
        | BulkOperation::Reactivate => tenancy.named_to_change(name).await?,
    };
    if operation.kind().takes_away() {
        tenancy.ensure_deletable(&org).await?;
    }
    if dry_run {
        tenancy.ensure_allowed(&operation.kind(), &org).await?;
        return Ok(org);
    }
    match operation {
        BulkOperation::Trash => tenancy.trash(&org).await,
        BulkOperation::TrashAndRelease => tenancy.trash_and_release(&org).await,
        BulkOperation::Restore => tenancy.restore(&org, None).await,
        BulkOperation::Suspend => tenancy.suspend(&org).await,
        BulkOperation::Reactivate => tenancy.reactivate(&org).await,
        BulkOperation::Delete => tenancy.delete(&org, &Confirmation::Given).await.map(|()| org),
        BulkOperation::Purge => {
            tenancy.purge(&org, &Confirmation::Given, "", &Secret::default(), None).await?;
            // It is nowhere any more.
            org.state = OrgState::Active;
            Ok(org)
        }
    }
}

/// What came of one.
enum Came {
    Done(Org),
    WouldBeDone(Org),
    Failed(Failure),
    /// The database was lost before.
    NotTried,
}

/// A name, and what came of it.
struct Line<'a> {
    name: &'a StoredText,
    operation: OperationKind,
    came: Came,
}

#[derive(Serialize)]
struct LineFields<'a> {
    name: &'a StoredText,
    operation: &'a str,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<OrgFields<'a>>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    error: Option<serde_json::Value>,
}

impl Line<'_> {
    fn render(&self, output: Output) -> Result<String, Failure> {
        match output {
            Output::Table => Ok(ascii::for_locale(self.text())),
            Output::Json
            | Output::Ndjson
            | Output::Csv
            | Output::Tsv
            | Output::Name
            | Output::Canonical
            | Output::Shell => self.json(),
        }
    }

    fn text(&self) -> String {
        let name = self.name;
        match &self.came {
            Came::Done(org) => format!("“{}” {}\n", org.name, self.operation.done()),
            Came::WouldBeDone(org) => {
                format!("“{}” would be {}\n", org.name, self.operation.done())
            }
            Came::Failed(failure) => {
                format!("✗ “{name}”: {failure}\n  → {}\n", failure.help())
            }
            Came::NotTried => format!("“{name}” was not tried\n"),
        }
    }

    fn json(&self) -> Result<String, Failure> {
        let (result, organization, error) = match &self.came {
            Came::Done(org) => ("done", Some(OrgFields::from_org(org)), None),
            Came::WouldBeDone(org) => ("would be done", Some(OrgFields::from_org(org)), None),
            Came::Failed(failure) => ("failed", None, Some(failure.fields())),
            Came::NotTried => ("not tried", None, None),
        };
        let operation = self.operation.code();
        let fields = LineFields { name: self.name, operation, result, organization, error };
        let text = json_text(&fields).map_err(|error| Failure::Io(error.to_string()))?;
        Ok(records::one_line(&text))
    }
}

/// Writes it at once. False once the reader has closed the pipe.
pub(super) fn say(text: &str) -> Result<bool, Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        written => {
            written.map(|()| true).map_err(|error| Failure::io("cannot write the output", &error))
        }
    }
}

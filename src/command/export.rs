//! `tenantry org export`: each organization to an archive of its own.

use std::{
    collections::HashSet,
    fmt::Write as _,
    fs::File,
    io::{self, IsTerminal, Write as _},
    os::fd::AsFd as _,
    path::Path,
    sync::Arc,
};

use serde::Serialize;

use super::{
    Answer, Failure, ascii,
    bulk::{STDIN, once_each, say},
    line::Export as Wanted,
    records,
    terminal::{Telling, names_of_stdin},
};
use crate::{
    archive::{Consistency, NoSnapshot},
    config::Output,
    org::{Org, StoredText, byte_size, counted, json_text},
    store::{ListScope, PageAt, PageQuery},
    tenancy::{self, Export, ExportTarget, Tenancy},
};

/// How many organizations are listed at once.
const AT_ONCE: u32 = 500;

/// Checks the command line before a database is opened.
pub(super) fn check(wanted: &Wanted) -> Result<(), Failure> {
    let several = wanted.all || wanted.names.len() > 1 || wanted.are_on_stdin();
    if wanted.are_on_stdin() && wanted.names.len() > 1 {
        let what = "names are either arguments or on standard input (-)";
        return Err(Failure::usage(what, "give one or the other"));
    }
    if wanted.to.as_deref() == Some(Path::new(STDIN)) {
        if several {
            let help = "name one organization, or a directory with --to DIR";
            return Err(Failure::usage("standard output takes one archive", help));
        }
        if wanted.jsonl {
            let help = "name a file or a directory with --to, or leave out --jsonl";
            let what = "--jsonl writes a file beside the archive, and standard output has none";
            return Err(Failure::usage(what, help));
        }
        if io::stdout().is_terminal() {
            let help = "pipe it to a program or to a file, or name one with --to FILE";
            return Err(Failure::usage("an archive is not written to a terminal", help));
        }
        return Ok(());
    }
    // What ends so is meant as a directory.
    if let Some(to) = &wanted.to
        && (several || to.as_os_str().as_encoded_bytes().ends_with(b"/"))
        && !to.is_dir()
    {
        let what = format!("{} is not an existing directory", to.display());
        return Err(Failure::usage(what, "create it first, or name another one"));
    }
    Ok(target(wanted)?.check()?)
}

/// Where an archive goes.
fn target(wanted: &Wanted) -> Result<ExportTarget, Failure> {
    let text = wanted.jsonl;
    Ok(match &wanted.to {
        Some(to) if to == Path::new(STDIN) => {
            let stdout = io::stdout().as_fd().try_clone_to_owned();
            let stdout = stdout.map_err(|error| Failure::io("cannot write the output", &error))?;
            ExportTarget::Stream(Box::new(File::from(stdout)))
        }
        Some(to) if !to.is_dir() => ExportTarget::File { path: to.clone(), text },
        directory => ExportTarget::Directory { path: directory.clone().unwrap_or_default(), text },
    })
}

/// Exports one organization, or one after the other: the exit code of the worst then, which is the highest.
pub(super) async fn answer(
    tenancy: &Tenancy,
    wanted: &Wanted,
    output: Output,
) -> Result<Answer, Failure> {
    if let [name] = &wanted.names[..]
        && !wanted.are_on_stdin()
    {
        let org = anywhere(tenancy, name).await?;
        let export = export(tenancy, &org, wanted).await?;
        let text = match output {
            Output::Table => ascii::for_locale(sentence(&export)),
            output => {
                let text = json_text(&Fields::new(&export));
                let text = text.map_err(|error| Failure::Io(error.to_string()))?;
                if output == Output::Json { text } else { records::one_line(&text) }
            }
        };
        match &export.file {
            Some(_) => drop(say(&text)?),
            // Standard output is the archive.
            None => drop(io::stderr().write_all(text.as_bytes())),
        }
        return Ok(Answer::Told(0));
    }
    let mut run = Run { output, worst: 0, counts: [0; 3], lost: false };
    if wanted.all {
        for org in all(tenancy).await? {
            let name = org.name.clone();
            if !run.one(&name, async { export(tenancy, &org, wanted).await }).await? {
                break;
            }
        }
        return run.end();
    }
    let names = if wanted.are_on_stdin() { names_of_stdin().await? } else { wanted.names.clone() };
    if names.is_empty() {
        return Err(Failure::usage("no names on standard input", "put each on a line of its own"));
    }
    let mut seen = HashSet::new();
    for name in once_each(names) {
        let shown = StoredText::from(name.as_str());
        let exporting = async {
            let org = anywhere(tenancy, &name).await?;
            // By its name and by its id it is the same.
            if seen.insert(org.id) { export(tenancy, &org, wanted).await } else { Err(twice()) }
        };
        if !run.one(&shown, exporting).await? {
            break;
        }
    }
    run.end()
}

fn twice() -> Failure {
    Failure::usage("it was named before", "name each once")
}

/// The organization with this name or id, also in the trash.
async fn anywhere(tenancy: &Tenancy, name: &str) -> tenancy::Result<Org> {
    match tenancy.named_to_change(name).await {
        Err(tenancy::Error::InTrash(_)) => tenancy.named_in_trash(name).await,
        found => found,
    }
}

/// All that are not in the trash, by name.
async fn all(tenancy: &Tenancy) -> tenancy::Result<Vec<Org>> {
    let mut query = PageQuery {
        scope: ListScope::Live,
        search: None,
        best_first: false,
        sort: crate::store::Sort::default(),
        at: PageAt::First,
        limit: AT_ONCE,
    };
    let mut all = Vec::new();
    loop {
        let mut page = tenancy.page(&query).await?;
        let next = page.next();
        all.append(&mut page.orgs);
        match next {
            Some(next) => query.at = next,
            None => return Ok(all),
        }
    }
}

/// Exports one.
async fn export(tenancy: &Tenancy, org: &Org, wanted: &Wanted) -> Result<Export, Failure> {
    let target = target(wanted)?;
    let telling = Telling::default();
    let watch = Arc::new(telling.archiving(&org.name));
    let export = tenancy.export(org, target, !wanted.without_admins, watch).await;
    drop(telling);
    Ok(export?)
}

/// What was exported, for people.
fn sentence(export: &Export) -> String {
    let contents = export.summary.contents;
    let mut text = format!(
        "exported “{}”: {}, {}",
        export.org.name,
        counted(contents.documents.count, "document"),
        byte_size(contents.documents.bytes),
    );
    // Writing to a string cannot fail.
    let _ = match contents.admins {
        Some(admins) => write!(text, ", {}", counted(admins.count, "admin")),
        None => write!(text, ", without admins"),
    };
    text.push('\n');
    if let Some(file) = &export.file {
        let file = crate::org::escaped(&file.to_string_lossy()).into_owned();
        let _ = writeln!(text, "  → {file} ({})", byte_size(export.summary.archive_bytes));
    }
    if let Some((text_file, lines)) = &export.text {
        let text_file = crate::org::escaped(&text_file.to_string_lossy()).into_owned();
        let (count, bytes) = (counted(lines.count.count, "line"), byte_size(lines.count.bytes));
        let _ = writeln!(text, "  → {text_file} ({count}, {bytes})");
        if lines.inexact > 0 {
            let lines = counted(lines.inexact, "line");
            let _ = writeln!(text, "  → {lines} cannot be read back exactly: keep the archive");
        }
    }
    if let Some(why) = not_of_one_time(export.manifest.consistency) {
        let _ = writeln!(text, "  → {why}");
    }
    text
}

/// Why an archive is not as of one time; none where it is.
pub(super) fn not_of_one_time(consistency: Consistency) -> Option<&'static str> {
    match consistency {
        Consistency::Snapshot { .. } | Consistency::Transaction => None,
        Consistency::None { reason: NoSnapshot::Standalone } => {
            Some("not as of one time: a standalone server has no snapshots")
        }
        Consistency::None { reason: NoSnapshot::Unsupported } => {
            Some("not as of one time: this version of the server has no snapshots")
        }
        Consistency::None { reason: NoSnapshot::Expired } => {
            Some("not as of one time: it took longer than the server keeps a snapshot")
        }
    }
}

#[derive(Serialize)]
struct Fields<'a> {
    organization_id: String,
    organization_name: &'a StoredText,
    /// Null for standard output.
    file: Option<String>,
    admins: Option<u64>,
    documents: u64,
    bytes: u64,
    documents_sha256: String,
    archive_bytes: u64,
    /// Null without `--jsonl`.
    jsonl_file: Option<String>,
    jsonl_bytes: Option<u64>,
    jsonl_inexact: Option<u64>,
    consistency: Consistency,
}

impl<'a> Fields<'a> {
    fn new(export: &'a Export) -> Self {
        let (summary, text) = (&export.summary, export.text.as_ref());
        Self {
            organization_id: export.org.id.to_hex(),
            organization_name: &export.org.name,
            file: export.file.as_ref().map(|file| file.to_string_lossy().into_owned()),
            admins: summary.contents.admins.map(|admins| admins.count),
            documents: summary.contents.documents.count,
            bytes: summary.contents.documents.bytes,
            documents_sha256: hex::encode(summary.documents_sha256),
            archive_bytes: summary.archive_bytes,
            jsonl_file: text.map(|(file, _)| file.to_string_lossy().into_owned()),
            jsonl_bytes: text.map(|(_, lines)| lines.count.bytes),
            jsonl_inexact: text.map(|(_, lines)| lines.inexact),
            consistency: export.manifest.consistency,
        }
    }
}

/// Several, and what came of them so far.
struct Run {
    output: Output,
    worst: u8,
    /// Done, failed, not tried.
    counts: [u64; 3],
    /// The database was lost: it would be the same for each of the others.
    lost: bool,
}

#[derive(Serialize)]
struct LineFields<'a> {
    name: &'a StoredText,
    operation: &'static str,
    result: &'static str,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    export: Option<Fields<'a>>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    error: Option<serde_json::Value>,
}

impl Run {
    /// One more, reported as soon as it is known. False once the reader has closed the pipe.
    async fn one(
        &mut self,
        name: &StoredText,
        exporting: impl Future<Output = Result<Export, Failure>>,
    ) -> Result<bool, Failure> {
        if self.lost {
            self.counts[2] += 1;
            return self.line(name, "not tried", None, &format!("“{name}” was not tried\n"));
        }
        match exporting.await {
            Ok(export) => {
                self.counts[0] += 1;
                let fields = Fields::new(&export);
                let text = sentence(&export);
                self.line(name, "done", Some(Ok(fields)), &text)
            }
            Err(failure) => {
                self.counts[1] += 1;
                self.worst = self.worst.max(failure.exit_code());
                self.lost = matches!(&failure, Failure::Tenancy(error) if error.is_of_database());
                let text = format!("✗ “{name}”: {failure}\n  → {}\n", failure.help());
                self.line(name, "failed", Some(Err(failure.fields())), &text)
            }
        }
    }

    fn line(
        &self,
        name: &StoredText,
        result: &'static str,
        came: Option<Result<Fields, serde_json::Value>>,
        text: &str,
    ) -> Result<bool, Failure> {
        if self.output == Output::Table {
            return say(&ascii::for_locale(text.to_owned()));
        }
        let (export, error) = match came {
            None => (None, None),
            Some(Ok(fields)) => (Some(fields), None),
            Some(Err(error)) => (None, Some(error)),
        };
        let fields = LineFields { name, operation: "export", result, export, error };
        let text = json_text(&fields).map_err(|error| Failure::Io(error.to_string()))?;
        say(&records::one_line(&text))
    }

    fn end(self) -> Result<Answer, Failure> {
        if self.output == Output::Table {
            let [done, failed, not_tried] = self.counts;
            let mut summary = format!("\n{done} exported");
            for (count, word) in [(failed, "failed"), (not_tried, "not tried")] {
                if count > 0 {
                    // Writing to a string cannot fail.
                    let _ = write!(summary, ", {count} {word}");
                }
            }
            summary.push('\n');
            say(&summary)?;
        }
        Ok(Answer::Told(self.worst))
    }
}

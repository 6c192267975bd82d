//! What is done to several organizations at once, while it is done and after: one after the other, each of them
//! whole or not at all, whatever else is looked at meanwhile.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use super::{Effect, Generation, Notice, OrgAction, Request, Session, cancel, org_action::Given};
use crate::{
    org::{Org, escaped, thousands},
    tenancy::ArchiveProgress,
};

/// Which job it is, of all in this session.
pub type JobNumber = u64;

/// A bulk operation that was begun.
#[derive(Debug)]
pub struct Job {
    /// Which one it is.
    pub number: JobNumber,
    /// What is done.
    pub action: OrgAction,
    /// Why; empty where that was not said.
    pub reason: String,
    /// Where to, where it is an export.
    pub to: Option<ExportTo>,
    /// The last archive that was written.
    pub file: Option<PathBuf>,
    /// How far the one is that is waited for, where that is known, and since when it is waited for.
    pub within: Option<(ArchiveProgress, SystemTime)>,
    /// To which it is still to be done. While one is waited for, it is the first.
    pub left: VecDeque<Org>,
    /// To which it was done, as they are now, until all of it is done.
    pub done: Vec<Org>,
    /// To how many it was done that are no longer kept here.
    settled: usize,
    /// To which it could not be.
    pub failed: Vec<Failure>,
    /// To which it was not to be done, and why.
    pub skipped: Vec<(Org, String)>,
    /// The answer that is waited for.
    pub waiting: Request,
    /// Whether it is to end with the one that is waited for.
    pub stopping: bool,
    /// Why it does not go on.
    pub problem: Option<Notice>,
    /// When it began or was continued, and how many were behind it then.
    since: (SystemTime, usize),
}

/// Where archives go, and what is in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportTo {
    /// The directory, as it was typed.
    pub directory: String,
    /// Whether the admins are in them, with their password hashes.
    pub admins: bool,
}

/// An organization that something could not be done to.
#[derive(Debug)]
pub struct Failure {
    /// As it was read last.
    pub org: Org,
    /// Why, in words that name it.
    pub why: Notice,
    /// Whether it is no longer where that can be done to it.
    pub gone: bool,
}

impl Job {
    /// One that is about to begin.
    pub(super) fn new(
        number: JobNumber,
        action: OrgAction,
        orgs: Vec<Org>,
        skipped: Vec<(Org, String)>,
    ) -> Self {
        Self {
            number,
            action,
            reason: String::new(),
            to: None,
            file: None,
            within: None,
            left: orgs.into(),
            done: Vec::new(),
            settled: 0,
            failed: Vec::new(),
            skipped,
            waiting: Request::default(),
            stopping: false,
            problem: None,
            since: (SystemTime::UNIX_EPOCH, 0),
        }
    }

    /// Begins it, or goes on with it; where none is left, with those that it could not be done to.
    pub(super) fn begin(
        &mut self,
        generation: Generation,
        now: SystemTime,
        session: Option<&Session>,
    ) -> Vec<Effect> {
        if self.left.is_empty() {
            let failed = std::mem::take(&mut self.failed);
            let (gone, again): (Vec<_>, Vec<_>) = failed.into_iter().partition(|one| one.gone);
            self.failed = gone;
            self.left.extend(again.into_iter().map(|failure| failure.org));
        }
        self.problem = None;
        self.since = (now, self.over());
        self.go_on(generation, now, session)
    }

    /// How many there are in all, without those that were skipped.
    #[must_use]
    pub fn count(&self) -> usize {
        self.left.len() + self.over()
    }

    /// How many are behind it, done or not.
    #[must_use]
    pub fn over(&self) -> usize {
        self.done_count() + self.failed.len()
    }

    /// To how many it was done.
    #[must_use]
    pub fn done_count(&self) -> usize {
        self.settled + self.done.len()
    }

    /// To which it was done. Where nothing is left to do they are not kept.
    pub(super) fn settle(&mut self) -> Vec<Org> {
        if self.not_done().next().is_some() {
            return self.done.clone();
        }
        self.settled += self.done.len();
        std::mem::take(&mut self.done)
    }

    /// Whether it goes on.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.waiting.is_waiting()
    }

    /// Those that it was to be done to and was not, and may still be.
    pub fn not_done(&self) -> impl Iterator<Item = &Org> {
        let failed = self.failed.iter().filter(|failure| !failure.gone);
        failed.map(|failure| &failure.org).chain(&self.left)
    }

    /// How many bytes a second, and how long the rest takes, of the one that is waited for; none where that cannot be
    /// said.
    #[must_use]
    pub fn pace_within(&self, now: SystemTime) -> Option<(u64, Duration)> {
        let (ArchiveProgress { bytes, of, .. }, since) = self.within?;
        let millis = u64::try_from(now.duration_since(since).ok()?.as_millis()).ok()?;
        let rate = bytes.saturating_mul(1000).checked_div(millis).filter(|_| millis >= 1000)?;
        let left = of.bytes.saturating_sub(bytes).checked_div(rate)?;
        Some((rate, Duration::from_secs(left)))
    }

    /// How many a second; none before that can be said.
    #[must_use]
    pub fn rate(&self, now: SystemTime) -> Option<f64> {
        let (since, before) = self.since;
        let took = now.duration_since(since).ok()?.as_secs_f64();
        let over = u32::try_from(self.over().saturating_sub(before)).unwrap_or(u32::MAX);
        (took >= 1.0 && over > 0).then(|| f64::from(over) / took)
    }

    /// How long the rest takes at that rate.
    #[must_use]
    pub fn time_left(&self, now: SystemTime) -> Option<Duration> {
        let left = u32::try_from(self.left.len()).unwrap_or(u32::MAX);
        Duration::try_from_secs_f64(f64::from(left) / self.rate(now)?).ok()
    }

    /// What it does and how far that is, in few words: “trashing 412/1,000”.
    #[must_use]
    pub fn progress(&self) -> String {
        let mut text = self.progress_of_all();
        if let Some((ArchiveProgress { documents, of, .. }, _)) = self.within {
            let (documents, of) = (thousands(documents), thousands(of.documents));
            // Writing to a string cannot fail.
            let _ = write!(text, " · {documents} of {of} documents");
        }
        text
    }

    /// The same without how far the one is that is waited for.
    #[must_use]
    pub fn progress_of_all(&self) -> String {
        let (over, count) = (self.over() as u64, self.count() as u64);
        format!("{} {}/{}", doing(self.action), thousands(over), thousands(count))
    }

    /// Where archives were written: the file where it was one, or else the directory; nothing where none was.
    pub(super) fn written_to(&self) -> Option<String> {
        let to = self.to.as_ref()?;
        let place = match (self.file.as_deref(), self.done_count()) {
            (Some(file), 1) => file.to_string_lossy(),
            (Some(file), _) => file.parent().unwrap_or(file).to_string_lossy(),
            (None, _) => to.directory.as_str().into(),
        };
        Some(escaped(&place).into_owned())
    }

    /// How it ended, or how far it is.
    #[must_use]
    pub fn outcome(&self) -> String {
        let many = |number: usize| thousands(number as u64);
        let (done, count) = (many(self.done_count()), many(self.count()));
        if self.is_running() {
            return self.progress();
        }
        let did = did(self.action);
        match (self.left.len(), self.failed.len()) {
            (0, 0) => format!("{did} {}", organizations(self.done_count())),
            (0, failed) => format!("{did} {done} of {count}; {} failed", many(failed)),
            (left, 0) => format!("{did} {done} of {count}; stopped, {} unchanged", many(left)),
            (left, failed) => format!(
                "{did} {done} of {count}; {} failed; stopped, {} unchanged",
                many(failed),
                many(left)
            ),
        }
    }

    /// All that was not done, and why: a line for each.
    #[must_use]
    pub fn report(&self) -> String {
        let mut out = format!("{}\n", self.outcome());
        let mut line = |org: &Org, why: &str| {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{}\t{}\t{why}", org.name, org.id.to_hex());
        };
        for failure in &self.failed {
            line(&failure.org, &failure.why.what);
        }
        for org in &self.left {
            line(org, "not begun");
        }
        for (org, why) in &self.skipped {
            line(org, &format!("skipped: {why}"));
        }
        out
    }

    /// Does it to the next one.
    pub(super) fn go_on(
        &mut self,
        generation: Generation,
        now: SystemTime,
        session: Option<&Session>,
    ) -> Vec<Effect> {
        let Some(org) = self.left.front().cloned() else { return Vec::new() };
        let mut effects = cancel(self.waiting.begin(generation, now));
        self.within = None;
        if let Some(to) = &self.to {
            let (org, session) = (Box::new(org), session.cloned());
            effects.push(Effect::Export(generation, self.action, org, to.clone(), session));
            return effects;
        }
        let (given, session) = (Given::of_bulk(self.action, &org, &self.reason), session.cloned());
        effects.push(Effect::Do(generation, self.action, Box::new(org), given, session));
        effects
    }
}

/// A number of organizations.
#[must_use]
pub fn organizations(number: usize) -> String {
    let noun = if number == 1 { "organization" } else { "organizations" };
    format!("{} {noun}", thousands(number as u64))
}

/// What an operation is called while it is done to several.
fn doing(action: OrgAction) -> &'static str {
    match action {
        OrgAction::Trash => "trashing",
        OrgAction::Delete | OrgAction::Purge => "purging",
        OrgAction::Suspend => "suspending",
        OrgAction::Reactivate => "reactivating",
        OrgAction::Export(_) => "exporting",
        OrgAction::Restore
        | OrgAction::Rename
        | OrgAction::RemoveAdmin(_)
        | OrgAction::IssueCode(_) => "restoring",
    }
}

/// The same when it is done.
pub(super) fn did(action: OrgAction) -> &'static str {
    match action {
        OrgAction::Trash => "trashed",
        OrgAction::Delete | OrgAction::Purge => "purged",
        OrgAction::Suspend => "suspended",
        OrgAction::Reactivate => "reactivated",
        OrgAction::Export(_) => "exported",
        OrgAction::Restore
        | OrgAction::Rename
        | OrgAction::RemoveAdmin(_)
        | OrgAction::IssueCode(_) => "restored",
    }
}

//! What is said to the person: once, until it was read, and kept.

use std::{collections::VecDeque, time::SystemTime};

use super::{App, Effect, Notice, connection::database_label};

/// How much of what was said is kept on the screen; the log file has all.
const KEPT: usize = 500;

/// How good what is said is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Done; gone at the next key.
    Success,
    /// Nothing was done, and nothing is wrong; gone at the next key.
    Warning,
    /// Not done; stays until esc, or until something else is said.
    Error,
    /// Came by itself, or matters whatever comes next: stays until esc.
    Alert,
}

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// When.
    pub at: SystemTime,
    /// The profile that was open, or where there was none, the database.
    pub of: String,
    /// How good it was.
    pub severity: Severity,
    /// What.
    pub said: Notice,
}

/// All that was said since the start.
#[derive(Debug, Default)]
pub struct MessageLog {
    kept: VecDeque<LogEntry>,
    /// How many there were in all.
    count: usize,
}

impl MessageLog {
    fn add(&mut self, entry: LogEntry) {
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(entry);
        self.count += 1;
    }

    /// Those that are kept, the newest last.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &LogEntry> {
        self.kept.iter()
    }

    /// How many there were in all.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Those that came after the first so many, as far as they are kept.
    pub fn after(&self, count: usize) -> impl Iterator<Item = &LogEntry> {
        let new = self.count.saturating_sub(count);
        self.kept.iter().skip(self.kept.len().saturating_sub(new))
    }
}

impl App {
    /// Says it in the log alone: it is on the screen already.
    pub(super) fn note(&mut self, severity: Severity, said: Notice) {
        let of = match &self.profile {
            Some(profile) => profile.name.clone(),
            None => database_label(&self.place),
        };
        self.messages.add(LogEntry { at: self.now, of, severity, said });
    }

    /// Says it, at the bottom of the screen and in the log.
    pub(super) fn say(&mut self, severity: Severity, said: Notice) {
        self.note(severity, said.clone());
        match severity {
            Severity::Success | Severity::Warning | Severity::Error => {
                self.armed = None;
                self.notice = Some((severity, said));
            }
            Severity::Alert => {
                // The same once more is no news, but it is the newest.
                self.unread.retain(|other| *other != said);
                self.unread.push(said);
            }
        }
    }

    /// Whether this shows at the bottom.
    pub(super) fn shows(&self, said: &Notice) -> bool {
        matches!(&self.notice, Some((_, shown)) if shown == said)
    }

    /// Says it in place of what was said `before` of the same; as long as that shows, it is no new message.
    pub(super) fn say_instead(&mut self, before: Option<&Notice>, said: Notice) {
        if before.is_some_and(|before| self.shows(before)) {
            self.notice = Some((Severity::Warning, said));
        } else {
            self.say(Severity::Warning, said);
        }
    }

    /// Messages cannot be kept in the log file any more.
    pub(super) fn unlogged(&mut self, why: &str) -> Vec<Effect> {
        let what = format!("cannot write the log file: {why}");
        let help = "messages are kept only until you quit".to_owned();
        self.say(Severity::Alert, Notice { what, help });
        Vec::new()
    }

    /// Takes away what is said at the bottom, now that it was read; whether there was any.
    pub(super) fn read(&mut self) -> bool {
        self.armed = None;
        let shown = self.unread.len().min(super::UNREAD_SHOWN);
        self.unread.drain(..shown);
        self.notice.take().is_some() || shown > 0
    }
}

//! The audit log on a screen of its own: read as one scrolls, filtered as one types, and an entry in full.

use bson::{DateTime, oid::ObjectId};

use super::{
    App, Effect, Extent, Generation, Layer, Notice, Severity,
    audit_window::{Arrival, Audit},
    cancel,
};
use crate::{
    keymap::{Command, Motion, Place},
    org::{rfc3339, timestamp},
    store::{AuditQuery, Head, parse_filter},
    tenancy::{AuditPage, Error, NumberedEntry, Result},
};

/// How many entries are read at once.
const PAGE: u32 = 100;

/// Everything that an entry says, each with what it is called.
#[must_use]
pub fn fields(
    NumberedEntry { number, hash, entry }: &NumberedEntry,
) -> Vec<(&'static str, String)> {
    let time = match entry.at {
        DateTime::MIN => "unknown".to_owned(),
        at => rfc3339(at).unwrap_or_else(|| timestamp(at)),
    };
    let id = entry.organization.map(ObjectId::to_hex).unwrap_or_default();
    let mut fields = vec![
        ("number", number.to_string()),
        ("time", time),
        ("account", entry.account.to_string()),
        ("key", entry.key.to_string()),
        ("user", entry.operator.to_string()),
        ("admin", entry.admin.to_string()),
        ("action", entry.action.to_string()),
        ("organization", entry.name.to_string()),
        ("id", id),
        ("result", entry.outcome.to_string()),
        ("reason", entry.reason.to_string()),
        ("reason given", entry.given_reason.to_string()),
    ];
    let label = |at: usize| if at == 0 { "changes" } else { "" };
    let changes = entry.changes.iter().enumerate();
    fields.extend(changes.map(|(at, change)| (label(at), change.to_string())));
    fields.push(("hash", hash.to_string()));
    fields.retain(|(_, value)| !value.is_empty());
    fields
}

impl App {
    /// The audit log, also below a login that it needs.
    fn audit(&mut self) -> Option<&mut Audit> {
        self.layers.iter_mut().find_map(|layer| match layer {
            Layer::Audit(audit) => Some(&mut **audit),
            Layer::Form(_)
            | Layer::Question(_)
            | Layer::Bulk(_)
            | Layer::Login(_)
            | Layer::Upgrade
            | Layer::Code(_)
            | Layer::Help(_)
            | Layer::Copy(_)
            | Layer::Jobs(_)
            | Layer::Job(_)
            | Layer::Manual(_)
            | Layer::Documents(_)
            | Layer::Edit(_)
            | Layer::Log(_)
            | Layer::Dashboard => None,
        })
    }

    /// How many entries show at once: the columns have names above them.
    fn audit_rows(&self) -> usize {
        self.areas().map_or(1, |areas| areas.help_rows().saturating_sub(1))
    }

    /// Shows the audit log from its end; or leaves it.
    pub(super) fn show_audit_log(&mut self) -> Vec<Effect> {
        if let Some(audit) = self.audit() {
            let waited = audit.loading.stop();
            self.layers.retain(|layer| !matches!(layer, Layer::Audit(_)));
            return cancel(waited);
        }
        self.layers.push(Layer::Audit(Box::default()));
        self.load_audit(Arrival::Newest)
    }

    fn load_audit(&mut self, arrival: Arrival) -> Vec<Effect> {
        let (generation, now) = (self.next(), self.now);
        let Some(audit) = self.audit() else { return Vec::new() };
        let mut effects = cancel(audit.loading.begin(generation, now));
        audit.arrival = arrival;
        let (filter, at) = (audit.wanted.clone(), arrival.at(&audit.rows));
        effects.push(Effect::LoadAudit(generation, AuditQuery { filter, at, limit: PAGE }));
        if audit.problem.take().is_some() {
            // What was said about the last attempt is no longer true.
            self.notice = None;
        }
        effects
    }

    /// Reads the audit log again where it stands. Ages in the filter are of now.
    pub(super) fn refresh_audit(&mut self) -> Vec<Effect> {
        let Some(audit) = self.audit() else { return Vec::new() };
        audit.followed = audit.newest;
        let arrival = audit.again();
        if self.understand_filter() { self.load_audit(arrival) } else { Vec::new() }
    }

    /// Another filter is typed.
    pub(super) fn refilter_audit(&mut self) -> Vec<Effect> {
        if self.understand_filter() {
            return self.load_audit(Arrival::Newest);
        }
        cancel(self.audit().and_then(|audit| audit.loading.stop()))
    }

    /// Reads what was typed; whether it can be understood.
    fn understand_filter(&mut self) -> bool {
        let now = DateTime::from_system_time(self.now);
        let Some(audit) = self.audit() else { return false };
        audit.fault = match parse_filter(audit.filter.text(), now) {
            Ok(filter) => {
                audit.stale |= audit.wanted != filter;
                audit.wanted = filter;
                None
            }
            Err(fault) => {
                audit.rows.clear();
                audit.stale = true;
                (audit.more_newer, audit.more_older) = (false, false);
                Some(fault)
            }
        };
        audit.fault.is_none()
    }

    /// Reads ahead, and keeps the selection in sight.
    pub(super) fn settle_audit(&mut self) -> Vec<Effect> {
        let (height, newest) = (self.audit_rows(), self.live.head());
        let on_top = matches!(self.layers.last(), Some(Layer::Audit(_)));
        let Some(audit) = self.audit() else { return Vec::new() };
        audit.newest = newest.unwrap_or(audit.newest);
        audit.scroll(height);
        if on_top && audit.follows() {
            return self.refresh_audit();
        }
        let ahead = audit.ahead(height);
        ahead.map(|arrival| self.load_audit(arrival)).unwrap_or_default()
    }

    /// What to press to read it once more: where text is typed, that is left first.
    #[must_use]
    pub fn how_to_retry_audit(&self) -> String {
        let refresh = self.keymap.how(Command::Refresh);
        if self.focus() == Place::AuditFilter {
            let keep = self.keymap.how_in(Place::AuditFilter, Command::Accept);
            return format!("press {keep}, then {refresh} to retry");
        }
        format!("press {refresh} to retry")
    }

    pub(super) fn audit_page(
        &mut self,
        generation: Generation,
        result: Result<(AuditPage, Option<Head>)>,
    ) -> Vec<Effect> {
        let Some(audit) = self.audit() else { return Vec::new() };
        if !audit.loading.answered(generation) {
            return Vec::new();
        }
        match result {
            Ok((page, head)) => audit.arrived(page, head),
            Err(error) => {
                audit.failed(Notice::from(&error));
                let shows = audit.rows.is_empty();
                if let Error::NotAllowed(refusal) = &error
                    && refusal.is_an_operators()
                {
                    return self.ask_operator_to_log_in(refusal);
                } else if !shows {
                    let retry = self.how_to_retry_audit();
                    let help = format!("{}; {retry}", error.help());
                    self.say(Severity::Error, Notice { what: error.to_string(), help });
                }
            }
        }
        Vec::new()
    }

    pub(super) fn audit_command(&mut self, command: Command) -> Vec<Effect> {
        if command == Command::Refresh {
            return self.refresh_audit();
        }
        if command == Command::AuditLog {
            return self.show_audit_log();
        }
        if let Command::Move(motion) = command {
            return self.move_in_audit(motion);
        }
        let Some(audit) = self.audit() else { return Vec::new() };
        if command == Command::Filter {
            audit.typing = true;
        } else if command == Command::Accept {
            audit.typing = false;
        } else if command == Command::Open {
            audit.open = audit.rows.get(audit.selected).map(|row| (row.clone(), 0));
        } else if command == Command::CopyEntry {
            let open = audit.open.as_ref().map(|(entry, _)| entry);
            let Some(entry) = open.or(audit.rows.get(audit.selected)) else { return Vec::new() };
            let lines =
                fields(entry).into_iter().map(|(label, value)| format!("{label:14}{value}"));
            let text = lines.collect::<Vec<_>>().join("\n");
            return vec![Effect::Copy("the entry", text.into())];
        }
        Vec::new()
    }

    fn move_in_audit(&mut self, motion: Motion) -> Vec<Effect> {
        let height = self.audit_rows();
        let Extent { rows, last, .. } = self.drawn.entry;
        let steps = (self.steps(motion, rows), self.steps(motion, height));
        let Some(audit) = self.audit() else { return Vec::new() };
        if let Some((_, top)) = &mut audit.open {
            *top = (*top).min(last).saturating_add_signed(steps.0).min(last);
        } else if motion == Motion::First && audit.more_newer {
            return self.load_audit(Arrival::Newest);
        } else if motion == Motion::Last && audit.more_older {
            return self.load_audit(Arrival::Oldest);
        } else {
            audit.move_by(steps.1);
        }
        Vec::new()
    }

    /// Selects the entry with this number; whether it is there.
    pub(super) fn select_entry(&mut self, number: i64) -> bool {
        let Some(audit) = self.audit() else { return false };
        let at = audit.rows.iter().position(|row| row.number == number);
        audit.selected = at.unwrap_or(audit.selected);
        audit.typing = false;
        at.is_some()
    }

    /// Closes the entry, stops waiting, or drops the filter; none where nothing of that is on top.
    pub(super) fn back_in_audit(&mut self) -> Option<Vec<Effect>> {
        let now = self.now;
        let Some(Layer::Audit(audit)) = self.layers.last_mut() else { return None };
        if audit.open.take().is_some() {
            return Some(Vec::new());
        }
        if audit.loading.shown_wait(now).is_some() {
            let stopped = cancel(audit.loading.stop());
            audit.failed(Notice::plain("cancelled"));
            if !audit.rows.is_empty() {
                let (what, help) = ("cancelled".to_owned(), self.how_to_retry_audit());
                self.say(Severity::Error, Notice { what, help });
            }
            return Some(stopped);
        }
        let typing = std::mem::take(&mut audit.typing);
        if !audit.is_filtered() {
            return typing.then(Vec::new);
        }
        // What is selected stays, with all that happened around it.
        let at =
            audit.rows.get(audit.selected).map(|row| row.number).filter(|_| audit.selected > 0);
        audit.filter.set("");
        self.understand_filter();
        Some(self.load_audit(at.map_or(Arrival::Newest, |number| Arrival::From(number, number))))
    }
}
